//! Public items say what they are for. Methods, fields and variants may: a doc that only repeats the name is
//! worse than none. The crates that stand alone ask for all by the compiler's own lint.

use super::source::{report, sources};

const ITEMS: &[&str] = &[
    "fn ",
    "async fn ",
    "struct ",
    "enum ",
    "trait ",
    "mod ",
    "const ",
    "type ",
];

#[test]
fn every_public_item_says_what_it_is_for() {
    let mut complaints = Vec::new();
    for file in sources(&[".rs"])
        .iter()
        .filter(|file| file.path.contains("/src/") && !file.is_test())
    {
        let lines: Vec<&str> = file.without_tests().lines().collect();
        for (number, line) in lines.iter().enumerate() {
            if is_item(line) && !has_doc(&lines[..number], line) {
                complaints.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    report("These public items have no doc comment:", &complaints);
}

/// Docs that say nothing of what they stand on.
const FILLER: &[&str] = &["When", "Which", "Who", "What", "Where", "How", "Why"];

#[test]
fn no_doc_is_a_word_that_fills_a_line() {
    let mut complaints = Vec::new();
    for file in sources(&[".rs"]) {
        for (number, line) in file.text.lines().enumerate() {
            if is_filler(line) {
                complaints.push(format!("{}:{}: {line}", file.path, number + 1));
            }
        }
    }
    report(
        "Delete these docs, or say what is not in the name:",
        &complaints,
    );
}

fn is_filler(line: &str) -> bool {
    line.trim()
        .strip_prefix("/// ")
        .and_then(|words| words.strip_suffix('.'))
        .is_some_and(|words| FILLER.contains(&words))
}

#[test]
fn a_filler_is_seen_and_a_sentence_is_not() {
    assert!(is_filler("    /// Which."));
    assert!(!is_filler("/// Which inbox it is in.") && !is_filler("let which = 1."));
}

fn is_item(line: &str) -> bool {
    line.strip_prefix("pub ")
        .is_some_and(|rest| ITEMS.iter().any(|item| rest.starts_with(item)))
}

/// Whether a doc comment stands above, attributes between. A module in a file of its own opens there.
fn has_doc(above: &[&str], line: &str) -> bool {
    if line.starts_with("pub mod ") && line.ends_with(';') {
        return true;
    }
    above
        .iter()
        .rev()
        .take_while(|it| !it.is_empty() && **it != "}" && **it != "{")
        .any(|it| it.starts_with("///") || it.starts_with("$(#["))
}

#[test]
fn an_item_without_a_doc_is_seen_and_a_field_is_not() {
    assert!(is_item("pub async fn get(a: u8) {") && !is_item("pub id: u8,"));
    assert!(has_doc(&["/// Adds.", "#[must_use]"], "pub fn add() {"));
    assert!(!has_doc(&["/// Adds.", "}", ""], "pub fn take() {"));
}
