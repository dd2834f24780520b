//! Files and functions that outgrew one screen or two.

use super::source::{report, sources};

const FILE_LINES_MAX: usize = 600;
const FUNCTION_LINES_MAX: usize = 70;

#[test]
fn no_file_is_longer_than_600_lines_without_its_tests() {
    let complaints: Vec<String> = sources(&[".rs", ".ts", ".tsx", ".css", ".py", ".mjs"])
        .iter()
        .filter(|file| !file.is_test() && !file.is_generated())
        .filter_map(|file| {
            let lines = file.without_tests().lines().count();
            (lines > FILE_LINES_MAX).then(|| format!("{}: {lines} lines", file.path))
        })
        .collect();
    report(
        "Cut these by role (a file holds 400 lines, at most 600):",
        &complaints,
    );
}

#[test]
fn no_function_is_longer_than_70_lines() {
    let mut complaints = Vec::new();
    for file in sources(&[".rs"]).iter().filter(|file| !file.is_test()) {
        for (name, line, length) in functions(file.without_tests()) {
            if length > FUNCTION_LINES_MAX {
                complaints.push(format!("{}:{line} fn {name}: {length} lines", file.path));
            }
        }
    }
    report("Cut these functions (70 lines at most):", &complaints);
}

/// Name, first line and number of lines of each function in rustfmt's layout, where a function ends
/// with a brace in the column where it began.
fn functions(text: &str) -> Vec<(String, usize, usize)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    for (start, line) in lines.iter().enumerate() {
        let Some(name) = function_name(line) else {
            continue;
        };
        let indent = line.len() - line.trim_start().len();
        let close = format!("{}}}", " ".repeat(indent));
        let one_liner = line.trim_end().ends_with([';', '}']);
        if one_liner {
            continue;
        }
        if let Some(length) = lines[start..].iter().position(|l| *l == close) {
            found.push((name, start + 1, length + 1));
        }
    }
    found
}

fn function_name(line: &str) -> Option<String> {
    let mut words = line.split_whitespace();
    loop {
        match words.next()? {
            "pub" | "async" | "const" => {}
            word if word.starts_with("pub(") => {}
            "fn" => return Some(words.next()?.split(['(', '<']).next()?.to_owned()),
            _ => return None,
        }
    }
}

#[test]
fn a_function_is_measured_from_its_head_to_its_brace() {
    let text = "pub(crate) async fn read<T>(\n    a: u8,\n) -> T {\n    a\n}\n";
    assert_eq!(functions(text), [("read".to_owned(), 1, 5)]);
}
