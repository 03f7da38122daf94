//! Reads a folder of migration files.
//!
//! Like `source`, it stands on the standard library alone: the build script and the macro that embeds
//! an application's folder read it too.

use std::fs;
use std::path::Path;

/// The folders that are read, beside the migrations folder itself.
const SIDES: [&str; 2] = ["postgres", "sqlite"];

/// The files of a migrations folder, sorted: the path below the folder, and the contents. `parity.toml` is
/// one of them; README.md and what editors leave behind are passed over.
///
/// # Errors
/// One line that names the file or the folder that can't be read, or would be left out in silence.
pub fn read(folder: &Path) -> Result<Vec<(String, String)>, String> {
    let mut files = Vec::new();
    for entry in entries(folder)? {
        let (name, is_folder) = entry?;
        if is_folder && !SIDES.contains(&name.as_str()) && !is_editors(&name) {
            return Err(format!(
                "{}: only postgres/ and sqlite/ are read; rename or move it",
                folder.join(name).display()
            ));
        }
        if !is_folder {
            collect(folder, &name, &mut files)?;
        }
    }
    for side in SIDES {
        let beside = folder.join(side);
        if !beside.is_dir() {
            continue;
        }
        for entry in entries(&beside)? {
            let (name, is_folder) = entry?;
            if is_folder {
                return Err(format!(
                    "{}: folders inside {side}/ are not read; move its files up",
                    beside.join(name).display()
                ));
            }
            collect(folder, &format!("{side}/{name}"), &mut files)?;
        }
    }
    files.sort();
    Ok(files)
}

/// What editors leave beside a file is not a migration.
fn is_editors(name: &str) -> bool {
    name.starts_with('.') || name.ends_with('~')
}

type Entry = Result<(String, bool), String>;

/// The names in a folder, and whether each is a folder.
fn entries(folder: &Path) -> Result<impl Iterator<Item = Entry>, String> {
    let shown = folder.display().to_string();
    let read = fs::read_dir(folder).map_err(|error| format!("{shown}: {error}"))?;
    Ok(read.map(move |entry| {
        let path = entry.map_err(|error| format!("{shown}: {error}"))?.path();
        match path.file_name().and_then(|name| name.to_str()) {
            Some(name) => Ok((name.to_owned(), path.is_dir())),
            None => Err(format!("{}: the name is not UTF-8", path.display())),
        }
    }))
}

fn collect(folder: &Path, name: &str, files: &mut Vec<(String, String)>) -> Result<(), String> {
    let plain = name.rsplit('/').next().unwrap_or(name);
    if is_editors(plain) || plain == "README.md" {
        return Ok(());
    }
    let path = folder.join(name);
    let sql = fs::read_to_string(&path)
        .map_err(|error| format!("{}: {error}; save it as UTF-8", path.display()))?;
    files.push((name.to_owned(), sql));
    Ok(())
}
