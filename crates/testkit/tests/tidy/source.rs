//! The tree under test: every file of ours, read once, with tests cut off where a rule asks for it.

use std::fs;
use std::path::{Path, PathBuf};

/// One source file, by its path from the workspace's root.
pub struct Source {
    /// With forward slashes.
    pub path: String,
    /// The whole text.
    pub text: String,
}

impl Source {
    /// The text before the file's own tests.
    pub fn without_tests(&self) -> &str {
        let end = self
            .text
            .find("#[cfg(test)]\nmod tests")
            .unwrap_or(self.text.len());
        &self.text[..end]
    }

    /// Whether a tool wrote it; `./check` sees that it is what the tool writes today.
    pub fn is_generated(&self) -> bool {
        self.path == "crates/ui/app/api/types.d.ts"
    }

    /// The crate's folder name, for a file below `crates/`.
    pub fn in_crate(&self) -> Option<&str> {
        self.path.strip_prefix("crates/")?.split('/').next()
    }

    /// Whether the file is a test or a fixture as a whole.
    pub fn is_test(&self) -> bool {
        self.path.contains("/tests/")
            || self.path.starts_with("tests/")
            || self.path.contains(".test.")
    }
}

/// The workspace's root.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .canonicalize()
        .expect("the workspace's root exists")
}

/// Every file of ours with one of these endings, sorted by path.
pub fn sources(endings: &[&str]) -> Vec<Source> {
    let root = root();
    let mut found = Vec::new();
    for top in ["crates", "benches", "tests", "salesforce-app"] {
        walk(&root, &root.join(top), endings, &mut found);
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(
        !found.is_empty(),
        "no source file was found below {}",
        root.display()
    );
    found
}

fn walk(root: &Path, folder: &Path, endings: &[&str], found: &mut Vec<Source>) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let name = path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if path.is_dir() {
            if !matches!(name.as_str(), "node_modules" | "target" | "dist" | ".venv") {
                walk(root, &path, endings, found);
            }
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            let text = fs::read_to_string(&path).expect("a source file is text");
            let path = path
                .strip_prefix(root)
                .expect("below the root")
                .to_string_lossy()
                .replace('\\', "/");
            found.push(Source { path, text });
        }
    }
}

/// Fails with every complaint on a line of its own.
pub fn report(rule: &str, complaints: &[String]) {
    assert!(
        complaints.is_empty(),
        "{rule}\n  {}",
        complaints.join("\n  ")
    );
}
