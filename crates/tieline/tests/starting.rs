//! What `tieline serve` says as it starts, of settings that cannot be and of what it waits for.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// The hub, about to be started in a folder.
fn serve(folder: &Path) -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_tieline"));
    for name in ["TIELINE_DATABASE", "TIELINE_SOCKET", "TIELINE_PUBLIC_URL"] {
        program.env_remove(name);
    }
    program.current_dir(folder);
    program.args(["serve", "--listen", "127.0.0.1:0"]);
    program
}

/// What `serve` says when it cannot start with these settings.
fn refusal(folder: &Path, settings: &[&str]) -> String {
    let said = serve(folder).args(settings).output().unwrap();
    assert_eq!(said.status.code(), Some(1), "{said:?}");
    assert!(said.stdout.is_empty(), "{said:?}");
    String::from_utf8(said.stderr).unwrap()
}

#[test]
fn a_setting_that_cannot_be_is_named_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().unwrap().to_string();
    for (name, value, begins, fix) in [
        (
            "--metrics-listen",
            taken.as_str(),
            "metrics_listen: ",
            "--metrics-listen",
        ),
        (
            "--socket",
            "/proc/no/socket",
            "socket: /proc/no: ",
            "--socket",
        ),
        (
            "--administrator",
            "nobody",
            "administrator: ",
            "ann@example.com",
        ),
        (
            "--database",
            "postgres://no-such-host.invalid/x",
            "database: ",
            "--database",
        ),
    ] {
        let said = refusal(folder.path(), &[name, value]);
        let said = said.strip_prefix("error: ").unwrap_or(&said);
        assert!(
            said.starts_with(begins) && said.contains(fix),
            "{name}: {said}"
        );
    }
}

#[test]
fn a_database_that_does_not_answer_is_told_while_it_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = free.local_addr().unwrap();
    drop(free);
    let began = Instant::now();
    let mut hub = serve(folder.path())
        .arg("--database")
        .arg(format!("postgres://secret@{nobody}/x"))
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = String::new();
    let mut told = BufReader::new(hub.stderr.take().unwrap());
    told.read_line(&mut said).unwrap();
    let took = began.elapsed();
    hub.kill().unwrap();
    hub.wait().unwrap();
    let expected =
        format!("PostgreSQL at {nobody} does not answer yet; it is waited for, 30 seconds");
    assert!(
        said.contains(&expected) && !said.contains("secret"),
        "{said}"
    );
    assert!(took < Duration::from_secs(10), "{took:?}");
}
