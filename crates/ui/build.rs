//! Builds the staff app with Vite inside of OUT_DIR and lists its files for embedding.
//!
//! A packaged `app/dist` is used as it is. `TIELINE_UI=none` builds without the app, for those who
//! only want the API.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Write as _;
use std::hash::{Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, io};

const SOURCES: &[&str] = &[
    "package.json",
    "package-lock.json",
    "index.html",
    "vite.config.ts",
    "tsconfig.json",
    "src",
];

fn main() {
    println!("cargo::rerun-if-env-changed=TIELINE_UI");
    println!("cargo::rerun-if-changed=app/dist");
    for source in SOURCES {
        println!("cargo::rerun-if-changed=app/{source}");
    }
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets OUT_DIR"));
    let dist = if env::var("TIELINE_UI").is_ok_and(|value| value == "none") {
        None
    } else if Path::new("app/dist/index.html").exists() {
        Some(
            PathBuf::from("app/dist")
                .canonicalize()
                .expect("the folder was just seen"),
        )
    } else {
        Some(
            build(&out.join("app"))
                .unwrap_or_else(|why| panic!("the staff app was not built: {why}")),
        )
    };
    fs::write(out.join("assets.rs"), listing(dist.as_deref())).expect("OUT_DIR can be written");
}

fn build(app: &Path) -> Result<PathBuf, String> {
    let said = |error: io::Error| error.to_string();
    fs::create_dir_all(app).map_err(said)?;
    let before = fs::read(app.join("package-lock.json")).unwrap_or_default();
    let _ = fs::remove_dir_all(app.join("src"));
    for source in SOURCES {
        copy(&Path::new("app").join(source), &app.join(source)).map_err(said)?;
    }
    let lock = fs::read(app.join("package-lock.json")).map_err(said)?;
    if lock != before || !app.join("node_modules/.bin/vite").exists() {
        run(
            app,
            &[
                "ci",
                "--omit=dev",
                "--ignore-scripts",
                "--no-audit",
                "--no-fund",
            ],
        )?;
    }
    run(app, &["run", "build"])?;
    Ok(app.join("dist"))
}

fn run(folder: &Path, args: &[&str]) -> Result<(), String> {
    let output = Command::new("npm").args(args).current_dir(folder).output().map_err(|_| {
        "npm is not installed; install Node.js 20 with npm, or set TIELINE_UI=none to build without the app".to_owned()
    })?;
    if output.status.success() {
        return Ok(());
    }
    let told = String::from_utf8_lossy(&output.stderr);
    Err(format!(
        "npm {} failed:\n{}\n{told}",
        args.join(" "),
        String::from_utf8_lossy(&output.stdout)
    ))
}

fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if !from.is_dir() {
        return fs::copy(from, to).map(|_| ());
    }
    fs::create_dir_all(to)?;
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        copy(&entry.path(), &to.join(entry.file_name()))?;
    }
    Ok(())
}

/// Rust source: path, bytes and a hash of each file.
fn listing(dist: Option<&Path>) -> String {
    let mut files = Vec::new();
    if let Some(dist) = dist {
        collect(dist, dist, &mut files);
    }
    files.sort();
    let mut text = String::from("&[\n");
    for (name, path) in files {
        let mut hasher = DefaultHasher::new();
        fs::read(&path)
            .expect("a file of the app is readable")
            .hash(&mut hasher);
        writeln!(
            text,
            "    ({name:?}, include_bytes!({:?}).as_slice(), \"{:016x}\"),",
            path,
            hasher.finish()
        )
        .expect("writing to a string cannot fail");
    }
    text.push(']');
    text
}

fn collect(root: &Path, folder: &Path, files: &mut Vec<(String, PathBuf)>) {
    for entry in fs::read_dir(folder).expect("the app was built").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(root, &path, files);
        } else {
            let name = path
                .strip_prefix(root)
                .expect("below the root")
                .to_string_lossy()
                .replace('\\', "/");
            files.push((name, path));
        }
    }
}
