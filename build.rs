//! Embeds the files under `migrations/` and refuses a folder that breaks its rules.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;
use std::{env, fs};

// The rules are the library's own, so that the build and the program can't disagree.
#[expect(
    unreachable_pub,
    reason = "the library also has this module, in public"
)]
#[path = "src/migration/folder.rs"]
mod folder;
#[expect(
    unreachable_pub,
    reason = "the library also has this module, in public"
)]
#[path = "src/migration/source.rs"]
mod source;

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/migration/source.rs");
    println!("cargo::rerun-if-changed=src/migration/folder.rs");
    // A folder is scanned whole: a new, changed or removed file makes the build run again.
    println!("cargo::rerun-if-changed=migrations");
    println!("cargo::rerun-if-changed=examples/orders/migrations");
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
    let files = folder::read(&root.join("migrations"))?;
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
