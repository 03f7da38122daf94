//! The commands that only look: `status`, `history`, `check`, `sql`.

use anyhow::bail;
use serde_json::{Value, json};

use super::exit::{Code, done};
use super::{Context, EngineName, Outcome, version};
use crate::config::Engine;
use crate::migration::{Ledger, State, Status, Step, render};

struct Look {
    ledger: Ledger,
    lines: Vec<Status>,
    state: State,
}

async fn look(context: &Context) -> anyhow::Result<Look> {
    let migrator = context.migrator().await?;
    let plan = migrator.plan()?;
    let ledger = migrator.ledger().await?;
    Ok(Look {
        lines: ledger.compare(&plan),
        state: State::of(&ledger, &plan),
        ledger,
    })
}

impl Look {
    fn json(&self) -> Value {
        let versions: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                let mut object = version(line.version, &line.description);
                object["standing"] = line.standing.as_str().into();
                object
            })
            .collect();
        json!({
            "outcome": self.state.as_str(),
            "versions": versions,
            "tables_without_history": self.ledger.unmanaged,
        })
    }

    fn lines(&self) -> Vec<String> {
        let mut lines: Vec<_> = self
            .lines
            .iter()
            .map(|line| {
                let standing = line.standing.as_str();
                format!("{} {standing:11}{}", line.version, line.description)
            })
            .collect();
        if !self.ledger.unmanaged.is_empty() {
            lines.push(format!(
                "the database has tables ({}) and no history; `twinbase migrate baseline --detect` adopts them",
                self.ledger.unmanaged.join(", ")
            ));
        }
        lines
    }
}

pub(super) async fn status(context: &Context) -> anyhow::Result<Outcome> {
    let look = look(context).await?;
    Ok(done(look.json(), look.lines()))
}

pub(super) async fn check(context: &Context) -> anyhow::Result<Outcome> {
    let look = look(context).await?;
    let mut lines = look.lines();
    lines.push(match look.state {
        State::Current => "current".to_owned(),
        State::Pending => "pending: run `twinbase migrate up`".to_owned(),
        State::Newer => "newer: the database is ahead of this program".to_owned(),
        State::Drift => "drift: `twinbase migrate up --dry-run` says why".to_owned(),
        State::Dirty => "dirty: `twinbase migrate up --dry-run` says which statement".to_owned(),
    });
    Ok(Outcome {
        json: look.json(),
        lines,
        code: Code::from(look.state),
    })
}

pub(super) async fn history(context: &Context) -> anyhow::Result<Outcome> {
    let ledger = look(context).await?.ledger;
    let mut lines = Vec::new();
    let mut rows = Vec::new();
    for row in &ledger.applied {
        let record = ledger.record(row);
        let took = match row.execution_time {
            -1 => "time not known".to_owned(),
            nanoseconds => format!("{} ms", nanoseconds / 1_000_000),
        };
        let state = if row.success { "" } else { ", half applied" };
        lines.push(format!(
            "{} {} at {}, {took}{state}",
            row.version, row.description, row.installed_on
        ));
        let mut object = version(row.version, &row.description);
        object["installed_on"] = row.installed_on.as_str().into();
        object["took_ms"] = match row.execution_time {
            -1 => Value::Null,
            nanoseconds => (nanoseconds / 1_000_000).into(),
        };
        object["success"] = row.success.into();
        object["translator"] = record.map(|record| record.translator).into();
        object["compatible"] = record.and_then(|record| record.compatible.clone()).into();
        object["statement"] = record.and_then(|record| record.statement.clone()).into();
        rows.push(object);
    }
    if rows.is_empty() {
        lines.push("nothing was applied yet".to_owned());
    }
    Ok(done(json!({"outcome": "done", "applied": rows}), lines))
}

pub(super) fn sql(
    context: &Context,
    engine: Option<EngineName>,
    from: Option<i64>,
    to: Option<i64>,
) -> anyhow::Result<Outcome> {
    let engine = match engine {
        Some(name) => Engine::from(name),
        None => context.config.database.target().engine(),
    };
    let plan = context.migrations.plan(engine)?;
    let missing = |version: &i64| plan.iter().all(|step: &Step| step.version != *version);
    if let Some(version) = from.iter().chain(&to).find(|version| missing(version)) {
        bail!("there is no migration {version}; the folder has other versions");
    }
    let sql = render::sql(&plan, engine, from, to);
    let ours: Vec<_> = plan
        .iter()
        .filter(|step| engine == Engine::Sqlite && render::needs_collation(step))
        .map(|step| step.version)
        .collect();
    if !ours.is_empty() {
        tracing::warn!(versions = ?ours, "these have a NUMERIC column, and sqlite3 has no collation for it");
    }
    Ok(done(
        json!({"outcome": "done", "engine": engine.to_string(), "sql": sql, "not_for_sqlite3": ours}),
        vec![sql.trim_end().to_owned()],
    ))
}
