//! `parity`: what the versions make of both engines, on databases that are made for it.

use serde_json::{Value, json};

use super::exit::Code;
use super::scratch::on_postgres;
use super::{Context, Outcome, version};
use crate::config::DatabaseUrl;
use crate::database::Database;
use crate::migration::parity::{Allowance, Compared, Difference, Parity};

pub(super) async fn run(
    context: &Context,
    scratch: Option<DatabaseUrl>,
) -> anyhow::Result<Outcome> {
    // Never the configured database: only its settings.
    let configured = Database::new(&context.config.database)?;
    let migrator = configured.migrator(&context.migrations, &context.config.migrate)?;
    let compare = async |url| Ok(migrator.at(url)?.parity().await?);
    let parity = on_postgres(context, scratch.as_ref(), compare).await?;
    let code = if parity.is_alike() {
        Code::Done
    } else {
        Code::Drift
    };
    Ok(Outcome {
        json: object(&parity),
        lines: lines(&parity),
        code,
    })
}

fn lines(parity: &Parity) -> Vec<String> {
    let versions = parity.versions.iter().flat_map(version_lines);
    versions.chain(parity.stale.iter().map(stale)).collect()
}

fn version_lines(compared: &Compared) -> Vec<String> {
    let Compared {
        version,
        description,
        tables,
        standing,
        differences,
        allowed,
    } = compared;
    let tables = match tables {
        1 => "1 table".to_owned(),
        many => format!("{many} tables"),
    };
    let standing = match (differences.len(), standing) {
        (_, 0) => format!("alike ({tables})"),
        (0, before) => format!("nothing new, {before} from before"),
        (1, _) => "1 difference begins".to_owned(),
        (many, _) => format!("{many} differences begin"),
    };
    let mut lines = vec![format!("{version} {description}: {standing}")];
    lines.extend(
        differences
            .iter()
            .map(|difference| format!("  {difference}")),
    );
    lines.extend(
        allowed
            .iter()
            .map(|(difference, reason)| format!("  meant: {difference}: {reason}")),
    );
    lines
}

fn stale(entry: &Allowance) -> String {
    format!(
        "parity.toml, line {}: stale: {} has no such difference ({}); remove the entry",
        entry.line,
        entry.object,
        entry.what.as_str()
    )
}

fn object(parity: &Parity) -> Value {
    let versions: Vec<_> = parity.versions.iter().map(version_object).collect();
    let stale: Vec<_> = parity
        .stale
        .iter()
        .map(|entry| json!({"line": entry.line, "object": entry.object, "what": entry.what.as_str()}))
        .collect();
    let outcome = if parity.is_alike() { "done" } else { "drift" };
    json!({"outcome": outcome, "versions": versions, "stale": stale})
}

fn version_object(compared: &Compared) -> Value {
    let mut object = version(compared.version, &compared.description);
    let differences = compared.differences.iter().map(difference_object);
    let allowed = compared.allowed.iter().map(|(difference, reason)| {
        let mut object = difference_object(difference);
        object["reason"] = reason.as_str().into();
        object
    });
    object["tables"] = compared.tables.into();
    object["standing"] = compared.standing.into();
    object["differences"] = differences.collect();
    object["allowed"] = allowed.collect();
    object
}

fn difference_object(difference: &Difference) -> Value {
    json!({
        "object": difference.object,
        "what": difference.what.as_str(),
        "postgres": difference.postgres,
        "sqlite": difference.sqlite,
        "certain": difference.is_certain,
    })
}
