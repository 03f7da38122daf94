//! A macro sees the files that are there when it runs, and no stable Rust lets it tell cargo to run it
//! again when another comes. A build script does, so the macro asks for one: with it, a new file is
//! never missed; without it, the program does not compile and says what to write.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Refuses a package whose build script does not have cargo watch the folder.
pub(crate) fn require(package: &Path, folder: &Path, name: &str) -> Result<(), String> {
    let advice = format!(
        "cargo would not see a new file in {name}: write a build.rs beside Cargo.toml with \
         `fn main() {{ println!(\"cargo::rerun-if-changed={name}\"); }}`"
    );
    // Cargo sets it for packages that have a build script. One of another package may be in the
    // environment that cargo itself was started in.
    let out = env::var_os("OUT_DIR").map(PathBuf::from);
    let Some(out) = out.filter(|out| is_own(out)) else {
        return Err(advice);
    };
    // What the script printed, where cargo keeps it there.
    let Some(printed) = out
        .parent()
        .and_then(|build| fs::read_to_string(build.join("output")).ok())
    else {
        return Ok(());
    };
    let watched: Vec<&str> = printed.lines().filter_map(instruction).collect();
    let is_narrowed = printed
        .lines()
        .any(|line| line.starts_with("cargo:") && line.contains("rerun-if-"));
    // A script that names nothing to watch is run again for every file of the package.
    let covers = |path: &&str| folder.starts_with(package.join(path));
    if !is_narrowed || watched.iter().any(covers) {
        Ok(())
    } else {
        Err(advice)
    }
}

/// Whether the folder is of a build script of this package: `build/<name>-<hash>/out`, or
/// `build/<name>/<hash>/out`.
fn is_own(out: &Path) -> bool {
    let name = env::var("CARGO_PKG_NAME").unwrap_or_default();
    let is_named = |part: &str| {
        let rest = part.strip_prefix(&name);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    };
    out.iter()
        .rev()
        .skip(1)
        .take(2)
        .any(|part| part.to_str().is_some_and(is_named))
}

fn instruction(line: &str) -> Option<&str> {
    line.strip_prefix("cargo::rerun-if-changed=")
        .or_else(|| line.strip_prefix("cargo:rerun-if-changed="))
}
