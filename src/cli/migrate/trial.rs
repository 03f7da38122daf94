//! `test`: every version up, down and up again, on databases that are made for it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::exit::done;
use super::scratch::on_postgres;
use super::{Context, Outcome};
use crate::config::{DatabaseUrl, Engine};
use crate::database::Database;
use crate::migration::rehearsal::Trial;

pub(super) async fn run(
    context: &Context,
    engine: Option<Engine>,
    scratch: Option<DatabaseUrl>,
) -> anyhow::Result<Outcome> {
    let (mut lines, mut engines) = (Vec::new(), serde_json::Map::new());
    for each in [Engine::Sqlite, Engine::Postgres] {
        if engine.is_some_and(|engine| engine != each) {
            continue;
        }
        let trials = match each {
            Engine::Sqlite => rehearse(context, "sqlite::memory:".parse()?).await?,
            Engine::Postgres => {
                let tried = async |url| rehearse(context, url).await;
                on_postgres(context, scratch.as_ref(), tried).await?
            }
        };
        for trial in &trials {
            lines.push(line(each, trial));
        }
        engines.insert(each.to_string(), trials.iter().map(object).collect());
    }
    Ok(done(json!({"outcome": "done", "engines": engines}), lines))
}

async fn rehearse(context: &Context, url: DatabaseUrl) -> anyhow::Result<Vec<Trial>> {
    // Never the configured database: only its settings.
    let configured = Database::new(&context.config.database)?;
    let migrator = configured.migrator(&context.migrations, &context.config.migrate)?;
    Ok(migrator.at(url)?.rehearse().await?)
}

fn line(engine: Engine, trial: &Trial) -> String {
    let Trial {
        version,
        description,
        ..
    } = trial;
    let way = if trial.reversed {
        "up, down, up"
    } else {
        "up; nothing undoes it"
    };
    let mut line = format!("{engine} {version} {description}: {way}");
    if !trial.with_rows.is_empty() {
        let _ = write!(line, "; rows in {}", trial.with_rows.join(", "));
    }
    for (table, why) in &trial.without_rows {
        let _ = write!(line, "; no rows in {table}: {why}");
    }
    line
}

fn object(trial: &Trial) -> Value {
    let without: Vec<_> = trial
        .without_rows
        .iter()
        .map(|(table, why)| json!({"table": table, "why": why}))
        .collect();
    json!({
        "version": trial.version,
        "description": trial.description,
        "reversed": trial.reversed,
        "tables_with_rows": trial.with_rows,
        "tables_without_rows": without,
    })
}
