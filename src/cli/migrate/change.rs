//! The commands that change a database: `up`, `down`, `baseline`, `repair`, `backup`.

use std::path::Path;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use anyhow::bail;
use serde_json::{Value, json};

use super::exit::{Code, done};
use super::scratch::Scratch;
use super::{Context, Outcome, RepairName, version};
use crate::config::{DatabaseUrl, Engine};
use crate::migration::baseline::Target;
use crate::migration::{DownOptions, Repair, Report, Step, UpOptions};

/// Prints each version when it is done, unless there is one object to print in the end, and keeps it
/// for the case that a later one fails.
fn progress(context: &Context, verb: &'static str) -> crate::migration::runner::Progress {
    let quiet = context.json;
    let kept = Arc::clone(&context.done);
    Box::new(move |number, description, took| {
        kept.lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(version(number, description));
        if !quiet {
            let line = format!("{verb} {number} {description} ({} ms)", took.as_millis());
            if let Err(error) = super::output::line(&line) {
                tracing::debug!(error = %error, "a line could not be printed");
            }
        }
    })
}

pub(super) async fn up(
    context: &Context,
    to: Option<i64>,
    dry_run: bool,
    allow_out_of_order: bool,
) -> anyhow::Result<Outcome> {
    let migrator = context.migrator().await?;
    let options = UpOptions {
        to,
        allow_out_of_order,
        progress: Some(progress(context, "applied")),
    };
    if dry_run {
        let steps = migrator.pending(&options).await?;
        return Ok(dry(&steps));
    }
    let report = migrator.up(&options).await?;
    let mut lines = backup_line(&report);
    if report.applied.is_empty() {
        lines.push(match to {
            None => "nothing to apply: the schema is current".to_owned(),
            Some(to) => format!("nothing to apply up to {to}"),
        });
    }
    Ok(done(told("applied", &report), lines))
}

fn dry(steps: &[Step]) -> Outcome {
    let mut lines = Vec::new();
    for step in steps {
        let alone = if step.transactional {
            ""
        } else {
            ", without a transaction"
        };
        lines.push(format!(
            "-- {} {} ({}{alone})",
            step.version, step.description, step.path
        ));
        lines.push(step.up.trim_end().to_owned());
        lines.push(String::new());
    }
    if steps.is_empty() {
        lines.push("-- nothing to apply: the schema is current".to_owned());
    }
    let pending: Vec<_> = steps
        .iter()
        .map(|step| {
            json!({
                "version": step.version,
                "description": step.description,
                "file": step.path,
                "transaction": step.transactional,
                "sql": step.up,
            })
        })
        .collect();
    done(json!({"outcome": "dry_run", "pending": pending}), lines)
}

fn told(verb: &str, report: &Report) -> Value {
    let took_ms = |took: &Duration| u64::try_from(took.as_millis()).unwrap_or(u64::MAX);
    let versions: Vec<_> = report
        .applied
        .iter()
        .map(|(number, description, took)| {
            let mut object = version(*number, description);
            object["took_ms"] = took_ms(took).into();
            object
        })
        .collect();
    let current = report.current.as_ref();
    json!({
        "outcome": "done",
        verb: versions,
        "current": current.map(|(number, description)| version(*number, description)),
        "backup": report.backup.as_ref().map(|file| file.display().to_string()),
    })
}

fn backup_line(report: &Report) -> Vec<String> {
    let line =
        |file: &std::path::PathBuf| format!("the database as it was is in {}", file.display());
    report.backup.iter().map(line).collect()
}

pub(super) async fn down(
    context: &Context,
    steps: Option<usize>,
    to: Option<i64>,
    yes: bool,
) -> anyhow::Result<Outcome> {
    let migrator = context.migrator().await?;
    let options = DownOptions {
        to,
        steps,
        progress: Some(progress(context, "undid")),
    };
    if !yes {
        let chosen = migrator.to_undo(&options).await?;
        let mut lines: Vec<_> = chosen
            .iter()
            .map(|step| format!("would undo {} {}", step.version, step.description))
            .collect();
        lines.push("nothing was undone: say so with --yes".to_owned());
        let versions: Vec<_> = chosen
            .iter()
            .map(|step| version(step.version, &step.description))
            .collect();
        return Ok(Outcome {
            json: json!({"outcome": "not_confirmed", "would_undo": versions}),
            lines,
            code: Code::Failed,
        });
    }
    let report = migrator.down(&options).await?;
    let mut lines = backup_line(&report);
    if report.applied.is_empty() {
        lines.push("nothing to undo".to_owned());
    }
    Ok(done(told("undone", &report), lines))
}

pub(super) async fn baseline(
    context: &Context,
    to: Option<i64>,
    detect: bool,
    scratch: Option<DatabaseUrl>,
) -> anyhow::Result<Outcome> {
    let migrator = context.migrator().await?;
    let target = match to.or_else(|| context.migrations.newest()) {
        _ if detect => Target::Detect,
        Some(version) => Target::Version(version),
        None => bail!("there are no migrations to mark"),
    };
    let scratch = match &scratch {
        Some(url) => Some(Scratch::create(url, &context.config).await?),
        None => None,
    };
    let url = scratch.as_ref().map(|scratch| scratch.url().clone());
    let result = migrator.baseline(target, url).await;
    if let Some(scratch) = scratch {
        scratch.drop().await?;
    }
    let baseline = result?;
    let mut lines: Vec<_> = baseline
        .marked
        .iter()
        .map(|(number, description)| format!("marked {number} {description} as applied"))
        .collect();
    lines.extend(baseline.unsure.iter().map(|(number, description)| {
        format!("look whether {number} {description} took effect: it changes rows, and the schema does not tell")
    }));
    if let Some(revision) = &baseline.alembic {
        lines.push(format!(
            "Alembic left revision {revision}; its table alembic_version stays, and can be dropped"
        ));
    }
    let objects = |versions: &[(i64, String)]| -> Vec<Value> {
        let object = |(number, description): &(i64, String)| version(*number, description);
        versions.iter().map(object).collect()
    };
    Ok(done(
        json!({
            "outcome": "done",
            "marked": objects(&baseline.marked),
            "unsure": objects(&baseline.unsure),
            "alembic_revision": baseline.alembic,
        }),
        lines,
    ))
}

pub(super) async fn repair(
    context: &Context,
    version: i64,
    state: Option<RepairName>,
) -> anyhow::Result<Outcome> {
    let repair = state.map(|state| match state {
        RepairName::Applied => Repair::Applied,
        RepairName::Pending => Repair::Pending,
    });
    let migrator = context.migrator().await?;
    let counts_as = match migrator.repair(version, repair).await? {
        Repair::Applied => "applied",
        Repair::Pending => "pending",
    };
    Ok(done(
        json!({"outcome": "done", "version": version, "counts_as": counts_as}),
        vec![format!("{version} counts as {counts_as}")],
    ))
}

pub(super) async fn backup(context: &Context, out: Option<&Path>) -> anyhow::Result<Outcome> {
    let migrator = context.migrator().await?;
    if migrator.engine() == Engine::Postgres {
        bail!("backup copies a SQLite file; for PostgreSQL use pg_dump or pg_basebackup");
    }
    let made = migrator.back_up(out).await?.display().to_string();
    Ok(done(
        json!({"outcome": "done", "backup": made}),
        vec![format!("copied to {made}, and checked")],
    ))
}
