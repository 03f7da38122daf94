//! Embeds the files under `migrations/` and refuses a folder that breaks its rules.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs};

// The rules are the library's own, so that the build and the program can't disagree.
#[expect(
    unreachable_pub,
    reason = "the library also has this module, in public"
)]
#[path = "src/migration/source.rs"]
mod source;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/migration/source.rs");
    // A folder is scanned whole: a new, changed or removed file makes the build run again.
    println!("cargo::rerun-if-changed=migrations");
    match embed() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            println!("cargo::error={problem}");
            ExitCode::FAILURE
        }
    }
}

/// Writes `migrations.rs` with one `(path, contents)` a file.
fn embed() -> Result<(), String> {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").map_err(|e| e.to_string())?);
    let folder = root.join("migrations");
    let mut files = Vec::new();
    refuse_other_folders(&folder)?;
    for side in ["", "postgres", "sqlite"] {
        collect(&folder.join(side), side, &mut files)?;
    }
    files.sort();
    source::parse(
        files
            .iter()
            .map(|(path, sql)| (path.as_str(), sql.as_str())),
    )
    .map_err(|error| format!("migrations: {error}"))?;
    let mut code = String::from("&[\n");
    for (path, _) in &files {
        // `include_str!` makes the compiler itself watch each file too.
        writeln!(
            code,
            "    ({path:?}, include_str!(concat!(env!(\"CARGO_MANIFEST_DIR\"), \"/migrations/\", {path:?}))),"
        )
        .map_err(|e| e.to_string())?;
    }
    code.push_str("]\n");
    let out = PathBuf::from(env::var("OUT_DIR").map_err(|e| e.to_string())?);
    fs::write(out.join("migrations.rs"), code).map_err(|e| e.to_string())
}

/// Adds the `.sql` files of one folder; a folder that is not there has none.
fn collect(folder: &Path, side: &str, files: &mut Vec<(String, String)>) -> Result<(), String> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for entry in entries {
        let path = entry.map_err(|e| e.to_string())?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            return Err(format!("{}: the name is not UTF-8", path.display()));
        };
        // What editors leave beside a file is not a migration.
        let is_editors = name.starts_with('.') || name.ends_with('~');
        if path.is_dir() && !side.is_empty() {
            return Err(format!(
                "migrations/{side}/{name}: folders inside {side}/ are not read; move its files up"
            ));
        }
        if path.is_dir() || is_editors || name == "README.md" {
            continue;
        }
        let name = if side.is_empty() {
            name.to_owned()
        } else {
            format!("{side}/{name}")
        };
        let sql = fs::read_to_string(&path)
            .map_err(|e| format!("migrations/{name}: {e}; save it as UTF-8"))?;
        files.push((name, sql));
    }
    Ok(())
}

/// A folder that is not read would be left out of the program in silence.
fn refuse_other_folders(folder: &Path) -> Result<(), String> {
    for entry in fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))? {
        let path = entry.map_err(|e| e.to_string())?.path();
        let known = ["postgres", "sqlite"]
            .iter()
            .any(|side| path.ends_with(side));
        if path.is_dir() && !known {
            return Err(format!(
                "{}: only postgres/ and sqlite/ are read; rename or move it",
                path.display()
            ));
        }
    }
    Ok(())
}
