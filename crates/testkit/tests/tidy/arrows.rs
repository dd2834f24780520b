//! Which crate may use which: the table of ARCHITECTURE.md, read from the manifests.

use super::source::{report, root};

const ARROWS: &[(&str, &[&str])] = &[
    ("domain", &[]),
    ("salesforce", &[]),
    ("simulator", &[]),
    ("ui", &[]),
    ("edge", &[]),
    ("storage", &["domain"]),
    ("channels", &["domain"]),
    ("access", &["storage", "domain"]),
    ("org", &["storage", "salesforce", "domain"]),
    ("sync", &["org", "storage", "salesforce", "domain"]),
    ("messaging", &["storage", "channels", "domain"]),
    (
        "web",
        &[
            "access",
            "channels",
            "messaging",
            "sync",
            "org",
            "storage",
            "domain",
            "edge",
            "ui",
        ],
    ),
];

/// Only for tests and for the binary, which wire everything.
const UNRESTRICTED: &[&str] = &["tieline", "testkit"];

#[test]
fn every_crate_depends_only_on_crates_below_it() {
    let mut complaints = Vec::new();
    for entry in std::fs::read_dir(root().join("crates"))
        .expect("crates/ exists")
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if UNRESTRICTED.contains(&name.as_str()) {
            continue;
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            complaints.push(format!("crates/{name} has no row in the table of arrows: add one here and in ARCHITECTURE.md"));
            continue;
        };
        let manifest = std::fs::read_to_string(entry.path().join("Cargo.toml"))
            .expect("a crate has a manifest");
        for used in production_dependencies(&manifest) {
            if !allowed.contains(&used.as_str()) {
                complaints.push(format!(
                    "crates/{name} uses tieline-{used}, which does not lie below it"
                ));
            }
        }
    }
    report("Arrows between crates point down only:", &complaints);
}

fn production_dependencies(manifest: &str) -> Vec<String> {
    let mut inside = false;
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            inside = line == "[dependencies]" || line == "[build-dependencies]";
        } else if inside && let Some(rest) = line.strip_prefix("tieline-") {
            found.push(
                rest.split(['.', ' ', '='])
                    .next()
                    .unwrap_or_default()
                    .to_owned(),
            );
        }
    }
    found
}

#[test]
fn a_test_dependency_is_not_an_arrow() {
    let manifest = "[dependencies]\ntieline-domain.workspace = true\n[dev-dependencies]\ntieline-web.workspace = true\n";
    assert_eq!(production_dependencies(manifest), ["domain"]);
}
