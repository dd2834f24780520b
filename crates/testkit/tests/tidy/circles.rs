//! No circle between the modules of a crate. A file and the folder of its name are one thing and may use each
//! other; beside that, the modules of one folder use each other in one direction only. What is re-exported is
//! followed to where it is written.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::source::{Source, report, sources};

/// A module by its path from the crate's root, which is empty for `lib.rs`.
type Module = Vec<String>;

/// In words: `web::guard`.
fn words(crate_name: &str, module: &[String]) -> String {
    let mut all = vec![crate_name.to_owned()];
    all.extend(module.iter().cloned());
    all.join("::")
}

#[test]
fn no_modules_of_a_crate_form_a_circle() {
    report(
        "These modules use each other in a circle; move what both need to where it belongs:",
        &all_circles(),
    );
}

fn all_circles() -> Vec<String> {
    let mut crates: BTreeMap<String, Vec<(Module, String)>> = BTreeMap::new();
    for file in &sources(&[".rs"]) {
        let (Some(name), Some(module)) = (file.in_crate(), module_of(file)) else {
            continue;
        };
        let text = code_of(file.without_tests());
        crates
            .entry(name.to_owned())
            .or_default()
            .push((module, text));
    }
    let each = crates.iter();
    each.flat_map(|(name, files)| circles(name, files))
        .collect()
}

/// The module that a file below `src` holds; none for tests, examples and programs of their own.
fn module_of(file: &Source) -> Option<Module> {
    let (_, below) = file.path.split_once("/src/")?;
    let name = below.strip_suffix(".rs")?;
    match name {
        "lib" => Some(Vec::new()),
        "main" => None,
        _ if name.starts_with("bin/") => None,
        _ => Some(name.split('/').map(str::to_owned).collect()),
    }
}

/// Every circle of one crate, each told once and by its shortest way round.
fn circles(crate_name: &str, files: &[(Module, String)]) -> Vec<String> {
    let tree = Tree::new(files);
    let mut found = Vec::new();
    for arrows in tree.arrows_by_folder().values() {
        let mut told = BTreeSet::new();
        for start in arrows.keys() {
            if told.contains(start) {
                continue;
            }
            let Some(round) = way_round(arrows, start) else {
                continue;
            };
            told.extend(round.iter().cloned());
            let steps: Vec<String> = (0..round.len())
                .map(|at| {
                    let (from, to) = (&round[at], &round[(at + 1) % round.len()]);
                    format!("{} uses {}", words(crate_name, from), arrows[from][to])
                })
                .collect();
            found.push(steps.join(", "));
        }
    }
    found
}

/// What a module's siblings it uses, each with the path by which it does.
type Arrows = BTreeMap<Module, BTreeMap<Module, String>>;

/// The shortest way from a module back to itself.
fn way_round(arrows: &Arrows, start: &Module) -> Option<Vec<Module>> {
    let mut came_from: BTreeMap<Module, Module> = BTreeMap::new();
    let mut open = VecDeque::from([start.clone()]);
    while let Some(at) = open.pop_front() {
        for next in arrows.get(&at).into_iter().flat_map(BTreeMap::keys) {
            if next == start {
                let mut round = vec![at.clone()];
                while let Some(before) = came_from.get(&round[round.len() - 1]) {
                    round.push(before.clone());
                }
                round.reverse();
                return Some(round);
            }
            if !came_from.contains_key(next) {
                came_from.insert(next.clone(), at.clone());
                open.push_back(next.clone());
            }
        }
    }
    None
}

/// The modules of a crate, what each brings into its own scope, and every path that each names.
struct Tree {
    /// By module: a name in its scope, and the path from the root that the name stands for.
    names: BTreeMap<Module, BTreeMap<String, Module>>,
    used: Vec<(Module, Module)>,
}

impl Tree {
    fn new(files: &[(Module, String)]) -> Self {
        let mut names: BTreeMap<Module, BTreeMap<String, Module>> = files
            .iter()
            .map(|(module, _)| (module.clone(), BTreeMap::new()))
            .collect();
        let mut used = Vec::new();
        for (module, text) in files {
            let tokens = tokens(text);
            for (at, token) in tokens.iter().enumerate() {
                let brings = at > 0 && tokens[at - 1] == "use";
                let rooted = ["crate", "super", "self"].contains(token);
                let child = brings && names.contains_key(&below(module, token));
                let continues = tokens.get(at + 1) == Some(&"::");
                let inside = at > 0 && ["::", "$"].contains(&tokens[at - 1]);
                if !(rooted || child) || !continues || inside {
                    continue;
                }
                for (path, name) in paths(&tokens, at) {
                    let path = from_root(module, &path);
                    if brings {
                        let scope = names.entry(module.clone()).or_default();
                        scope.insert(name, path.clone());
                    }
                    used.push((module.clone(), path));
                }
            }
        }
        Self { names, used }
    }

    /// The module in which a path from the root ends, re-exports followed.
    fn home(&self, path: &[String], steps_left: u8) -> Module {
        let mut at = Module::new();
        for (index, segment) in path.iter().enumerate() {
            let next = below(&at, segment);
            if self.names.contains_key(&next) {
                at = next;
                continue;
            }
            let stands_for = self.names.get(&at).and_then(|scope| scope.get(segment));
            if let (Some(target), true) = (stands_for, steps_left > 0) {
                let mut onward = target.clone();
                onward.extend_from_slice(&path[index + 1..]);
                return self.home(&onward, steps_left - 1);
            }
            break;
        }
        at
    }

    /// By folder, who of its modules uses whom.
    fn arrows_by_folder(&self) -> BTreeMap<Module, Arrows> {
        let mut folders: BTreeMap<Module, Arrows> = BTreeMap::new();
        for (from, path) in &self.used {
            let to = self.home(path, 8);
            let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
            if shared == from.len() || shared == to.len() {
                continue;
            }
            folders
                .entry(from[..shared].to_vec())
                .or_default()
                .entry(from[..=shared].to_vec())
                .or_default()
                .entry(to[..=shared].to_vec())
                .or_insert_with(|| format!("{} (in {})", path.join("::"), from.join("/")));
        }
        folders
    }
}

fn below(module: &[String], name: &str) -> Module {
    let mut path = module.to_vec();
    path.push(name.to_owned());
    path
}

/// A path as written in a module, from the crate's root.
fn from_root(module: &[String], path: &[&str]) -> Module {
    let mut at = match path[0] {
        "crate" => Module::new(),
        _ => module.to_vec(),
    };
    for segment in path {
        match *segment {
            "crate" | "self" => {}
            "super" => {
                at.pop();
            }
            _ => at.push((*segment).to_owned()),
        }
    }
    at
}

/// Every path of a use tree that begins at a token, with the name that it is known by.
fn paths<'a>(tokens: &[&'a str], start: usize) -> Vec<(Vec<&'a str>, String)> {
    let mut open: Vec<Vec<&str>> = Vec::new();
    let mut path = vec![tokens[start]];
    let mut found = Vec::new();
    let mut at = start + 1;
    let mut fresh = true;
    loop {
        let token = tokens.get(at).copied().unwrap_or(";");
        match token {
            "::" => {}
            "{" if tokens[at - 1] == "::" => {
                open.push(path.clone());
                fresh = false;
            }
            "," | "}" if !open.is_empty() => {
                if fresh {
                    found.push(named(&path, &tokens[..at]));
                }
                fresh = false;
                path.clone_from(&open[open.len() - 1]);
                if token == "}" {
                    open.pop();
                    if open.is_empty() {
                        return found;
                    }
                }
            }
            "as" => at += 1,
            _ if at > start && (tokens[at - 1] == "::" || !open.is_empty()) && is_name(token) => {
                path.push(token);
                fresh = true;
            }
            _ => {
                if fresh {
                    found.push(named(&path, &tokens[..at]));
                }
                return found;
            }
        }
        at += 1;
    }
}

/// A path with the name that it brings: its last segment, or what follows `as`.
fn named<'a>(path: &[&'a str], read: &[&str]) -> (Vec<&'a str>, String) {
    let renamed = read.len() > 1 && read[read.len() - 2] == "as";
    let name = if renamed {
        read[read.len() - 1]
    } else {
        path[path.len() - 1]
    };
    (path.to_vec(), name.to_owned())
}

fn is_name(token: &str) -> bool {
    token == "*" || token.starts_with(|c: char| c.is_alphabetic() || c == '_')
}

/// The text without comments and strings.
fn code_of(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        let line = line.split("//").next().unwrap_or_default();
        for (index, part) in line.split('"').enumerate() {
            if index % 2 == 0 {
                code.push_str(part);
            }
        }
        code.push('\n');
    }
    code
}

fn tokens(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if rest.starts_with("::") {
            2
        } else if first.is_alphanumeric() || first == '_' {
            rest.find(|c: char| !c.is_alphanumeric() && c != '_')
                .unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        found.push(&rest[..length]);
        rest = rest[length..].trim_start();
    }
    found
}

/// A crate of these files, each by its path below `src` without the ending.
fn circles_of(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<(Module, String)> = files
        .iter()
        .map(|(path, text)| {
            let module = path.split('/').filter(|it| !it.is_empty());
            (module.map(str::to_owned).collect(), (*text).to_owned())
        })
        .collect();
    circles("x", &files)
}

#[test]
fn a_circle_is_told_in_words_also_through_a_re_export_and_a_folder() {
    let root = ("", "mod a; mod b; pub use b::Thing;");
    assert_eq!(
        circles_of(&[root, ("a", "use crate::Thing;"), ("b", "use super::a::f;")]),
        ["x::a uses b::Thing (in a), x::b uses a::f (in b)"]
            .map(|told| told.replace("b::Thing", "Thing"))
    );
    let folder = [
        ("a", "mod c; mod d;"),
        ("a/c", "use super::{d::{f, g}};"),
        ("a/d", "fn f() { crate::a::c::h() }"),
    ];
    assert_eq!(circles_of(&folder).len(), 1);
    let far = [
        ("a", "mod c;"),
        ("a/c", "use crate::{b, z};"),
        ("b", "use crate::a as y;"),
    ];
    assert_eq!(circles_of(&far).len(), 1);
}

#[test]
fn a_file_and_its_own_folder_are_no_circle_and_neither_is_one_way() {
    let folder = [
        ("a", "mod c; use c::D; fn f() { self::c::g() }"),
        ("a/c", "use super::f;"),
    ];
    assert_eq!(circles_of(&folder), [""; 0]);
    let one_way = [
        ("a", "use crate::b::{self, f};"),
        ("b", "pub(crate) fn f() {}"),
    ];
    assert_eq!(circles_of(&one_way), [""; 0]);
}
