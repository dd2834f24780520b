//! Every public function of the storage is called by its contract, which runs on both databases.

use super::source::{report, sources};

#[test]
fn every_public_storage_function_is_called_by_the_contract() {
    let (mut code, mut tests) = (Vec::new(), String::new());
    for file in sources(&[".rs"]) {
        if file.path.starts_with("crates/storage/src/") {
            code.push(file);
        } else if file.path.starts_with("crates/storage/tests/") {
            tests.push_str(&file.text);
        }
    }
    let mut complaints = Vec::new();
    for file in &code {
        let module = file.path.trim_start_matches("crates/storage/src/");
        let module = module.split(['/', '.']).next().unwrap_or_default();
        for (name, is_method) in functions(file.without_tests()) {
            if !is_called(&tests, module, name, is_method) {
                complaints.push(format!("{}: {module}::{name}", file.path));
            }
        }
    }
    report(
        "The contract calls none of these (crates/storage/tests/contract):",
        &complaints,
    );
}

/// Names of public async functions, and whether each is a method.
fn functions(text: &str) -> Vec<(&str, bool)> {
    let heads = text.lines().filter_map(|line| {
        let rest = line.trim_start().strip_prefix("pub async fn ")?;
        let name = rest.split(['(', '<']).next()?;
        Some((name, line.starts_with(' ')))
    });
    heads.collect()
}

/// Whether a function is called by its module's name, by another name that the module was given, or after
/// it was imported; a method by its own name.
fn is_called(tests: &str, module: &str, name: &str, is_method: bool) -> bool {
    if is_method {
        let calls = [format!(".{name}("), format!("Store::{name}(")];
        return calls.iter().any(|call| tests.contains(call));
    }
    let given = format!("{module} as ");
    let aliases = tests.split(&given).skip(1).map(first_word);
    let mut names = std::iter::once(module).chain(aliases);
    let called = names.any(|by| {
        let by = format!("{by}::{name}(");
        tests.match_indices(&by).any(|(at, _)| {
            let before = tests[..at].chars().next_back();
            !before.is_some_and(|it| it.is_alphanumeric() || it == '_')
        })
    });
    let imports = tests.split("use tieline_storage::").skip(1);
    let mut imports = imports.map(|it| it.split(';').next().unwrap_or_default());
    called
        || imports.any(|it| {
            it.split(|c: char| !(c.is_alphanumeric() || c == '_'))
                .any(|word| word == name)
        })
}

fn first_word(text: &str) -> &str {
    let end = text.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    &text[..end.unwrap_or(text.len())]
}

#[test]
fn a_call_counts_for_its_own_module_alone() {
    let tests = "use tieline_storage::{contact as people, key::{take}}; people::get(1); subject::all(); x.run(2);";
    for (module, name, is_method, called) in [
        ("contact", "get", false, true),
        ("message", "get", false, false),
        ("ject", "all", false, false),
        ("key", "take", false, true),
        ("db", "run", true, true),
        ("db", "opt", true, false),
    ] {
        assert_eq!(
            is_called(tests, module, name, is_method),
            called,
            "{module}::{name}"
        );
    }
}
