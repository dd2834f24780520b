//! The story holds; and when a step is spoilt, the story notices.

use std::process::{Command, Output};
use tieline_testkit::postgres::Database;

fn story(more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tieline"));
    command.args(["demo", "--story", "--contacts", "10", "--leads", "5"]);
    command.args(more).output().expect("the program starts")
}

#[test]
fn the_story_holds_from_the_first_sync_to_the_task() {
    let output = story(&[]);
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(
        told.lines()
            .filter(|line| line.trim_start().starts_with("ok "))
            .count(),
        tieline::story::step_names().len()
    );
}

#[tokio::test]
async fn the_story_holds_on_postgresql() {
    let database = Database::create().await;
    let output = story(&["--database", &database.url]);
    database.remove().await;
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{told}");
}

#[test]
fn every_spoilt_step_is_noticed_at_that_step() {
    for step in tieline::story::step_names() {
        let output = story(&["--break", step]);
        let told = String::from_utf8_lossy(&output.stdout);
        assert!(
            !output.status.success(),
            "--break {step} went unnoticed:\n{told}"
        );
        let failed = told
            .lines()
            .find(|line| line.trim_start().starts_with("FAIL"));
        assert!(
            failed.is_some_and(|line| line.contains(step)),
            "--break {step} was noticed elsewhere:\n{told}"
        );
    }
}

#[test]
fn an_unknown_step_is_refused_with_the_list() {
    let output = story(&["--break", "nonsense"]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("first-sync"));
}
