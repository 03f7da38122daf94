//! `twinbase migrate`

use std::process::ExitCode;

use clap::Subcommand;

use super::output;
use crate::config::Loaded;
use crate::database::Database;
use crate::migration::Migrations;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Apply every pending migration.
    Up,
    /// Show each migration and whether it is applied; changes nothing.
    Status,
}

pub(super) async fn run(command: &Command, loaded: Loaded) -> anyhow::Result<ExitCode> {
    let migrations = Migrations::embedded();
    let database = Database::new(&loaded.config.database)?;
    match command {
        Command::Up => {
            let report = database.migrate(&migrations).await?;
            for (version, description, took) in &report.applied {
                output::line(&format!(
                    "applied {version} {description} ({} ms)",
                    took.as_millis()
                ))?;
            }
            if report.applied.is_empty() {
                output::line("nothing to apply: the schema is current")?;
            }
        }
        Command::Status => {
            for line in database.migration_status(&migrations).await? {
                output::line(&format!(
                    "{} {:9}{}",
                    line.version,
                    line.standing.as_str(),
                    line.description
                ))?;
            }
        }
    }
    database.close().await;
    Ok(ExitCode::SUCCESS)
}
