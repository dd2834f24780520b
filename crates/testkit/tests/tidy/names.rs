//! Names that say nothing, and modules that do not say why they are there.

use super::source::{report, sources};

const BANNED: &[&str] = &[
    "util", "utils", "common", "helper", "helpers", "misc", "manager", "core", "base", "mod",
];

#[test]
fn no_file_or_folder_has_a_name_that_says_nothing() {
    let complaints: Vec<String> = sources(&[".rs", ".ts", ".tsx", ".css", ".py", ".mjs"])
        .iter()
        .filter(|file| {
            file.path
                .split('/')
                .any(|part| BANNED.contains(&part.split('.').next().unwrap_or_default()))
        })
        .map(|file| file.path.clone())
        .collect();
    report("Name these after what they hold or do:", &complaints);
}

#[test]
fn every_module_opens_with_why_it_is_there() {
    let complaints: Vec<String> = sources(&[".rs"])
        .iter()
        .filter(|file| !file.text.starts_with("//!"))
        .map(|file| file.path.clone())
        .collect();
    report("These lack the opening //! lines:", &complaints);
}
