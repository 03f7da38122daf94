//! The commands that write files: `new`, `render`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::json;

use super::exit::done;
use super::{Context, Outcome};
use crate::config::Engine;
use crate::migration::{Migrations, render as rendering};
use crate::types::Timestamp;

pub(super) fn new(folder: &Path, name: &str, variants: bool) -> anyhow::Result<Outcome> {
    let slug = slug(name)?;
    fs::create_dir_all(folder).with_context(|| format!("{} can't be made", folder.display()))?;
    let newest = Migrations::from_folder(folder)?.newest();
    let stem = format!("{}_{slug}", number(newest)?);
    let sides: &[&str] = if variants {
        &["postgres", "sqlite"]
    } else {
        &[""]
    };
    let mut made = Vec::new();
    for side in sides {
        let place = folder.join(side);
        fs::create_dir_all(&place).with_context(|| format!("{} can't be made", place.display()))?;
        for (direction, text) in [
            ("up", "-- What it does, and why.\n"),
            (
                "down",
                "-- What undoes it. Remove this file if nothing can.\n",
            ),
        ] {
            let path = place.join(format!("{stem}.{direction}.sql"));
            let shown = path.display().to_string();
            fs::write(&path, text).with_context(|| format!("{shown} can't be written"))?;
            made.push(shown);
        }
    }
    let lines = made.iter().map(|path| format!("made {path}")).collect();
    Ok(done(json!({"outcome": "done", "made": made}), lines))
}

/// The words of a name as a slug.
fn slug(name: &str) -> anyhow::Result<String> {
    let words: Vec<_> = name
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_ascii_lowercase)
        .collect();
    if words.is_empty() || !name.is_ascii() {
        bail!(
            "\"{}\" is no name: use letters and digits of ASCII",
            name.escape_debug()
        );
    }
    Ok(words.join("_"))
}

/// The present moment as a version, and above every version that is there.
fn number(newest: Option<i64>) -> anyhow::Result<i64> {
    let digits: String = Timestamp::now()
        .to_string()
        .chars()
        .filter(char::is_ascii_digit)
        .take(14)
        .collect();
    let now: i64 = digits.parse()?;
    Ok(newest.map_or(now, |newest| now.max(newest + 1)))
}

pub(super) async fn render(
    context: &Context,
    engine: Engine,
    out: &Path,
    applied: bool,
) -> anyhow::Result<Outcome> {
    let plan = context.migrations.plan(engine)?;
    let ledger = if applied {
        let migrator = context.migrator().await?;
        if migrator.engine() != engine {
            bail!(
                "--applied reads the configured database, which is {}",
                migrator.engine().name()
            );
        }
        Some(migrator.ledger().await?)
    } else {
        None
    };
    fs::create_dir_all(out).with_context(|| format!("{} can't be made", out.display()))?;
    let files = rendering::folder(&plan, ledger.as_ref());
    // What an earlier run left would be a version twice.
    for entry in fs::read_dir(out)? {
        let path = entry?.path();
        let is_sql = path.extension().is_some_and(|extension| extension == "sql");
        if is_sql && files.iter().all(|(file, _)| !path.ends_with(file)) {
            bail!(
                "{} is none of the files to write; empty the folder or name another",
                path.display()
            );
        }
    }
    for (name, text) in &files {
        let path = out.join(name);
        fs::write(&path, text).with_context(|| format!("{} can't be written", path.display()))?;
    }
    let names: Vec<_> = files.iter().map(|(name, _)| name.clone()).collect();
    Ok(done(
        json!({"outcome": "done", "engine": engine.to_string(), "files": names}),
        vec![format!("wrote {} files to {}", names.len(), out.display())],
    ))
}
