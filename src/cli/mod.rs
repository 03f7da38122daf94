//! The command line.

mod config;
mod migrate;
mod openapi;
mod output;
mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

pub use migrate::Migrate;

use crate::config::{Environment, LoadOptions, Loaded};
use crate::migration::Migrations;
use crate::telemetry;

/// The database foundation of a service: the same code on an embedded `SQLite` file and on `PostgreSQL`.
#[derive(Debug, Parser)]
#[command(name = "twinbase", version, about)]
pub struct Arguments {
    /// The configuration file; without it `twinbase.toml` in this folder, where there is one.
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve until stopped (the default).
    Serve,
    /// Bring the schema up to date, show where it stands, and more.
    Migrate(Migrate),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(config::Command),
    /// Print the `OpenAPI` document.
    Openapi,
}

/// Parses the process's arguments and does what they say.
#[must_use]
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    match execute(arguments) {
        Ok(code) => code,
        Err(error) => {
            output::error(&telemetry::chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}

fn execute(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let Arguments { config, command } = arguments;
    match command.unwrap_or(Command::Serve) {
        Command::Openapi => openapi::run(),
        Command::Config(command) => config::run(&command, &load(config)?),
        Command::Serve => finish(serve::run(start(config)?)),
        Command::Migrate(command) => {
            let loaded = start(config)?;
            finish(async { Ok(command.run(loaded, Migrations::embedded()).await) })
        }
    }
}

fn load(file: Option<PathBuf>) -> anyhow::Result<Loaded> {
    let options = LoadOptions {
        file,
        directory: PathBuf::from("."),
        environment: Environment::from_process(),
    };
    Ok(crate::config::load(&options)?)
}

/// Loads the configuration and starts logging by it; what the load warned of is logged then.
fn start(file: Option<PathBuf>) -> anyhow::Result<Loaded> {
    let loaded = load(file)?;
    telemetry::init(&loaded.config.log)?;
    for warning in &loaded.warnings {
        tracing::warn!("{warning}");
    }
    Ok(loaded)
}

/// Runs a command to its end, and does not wait for what it left behind: a look-up of a host's name
/// that gets no answer would hold the process up for a minute.
fn finish(command: impl Future<Output = anyhow::Result<ExitCode>>) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(command);
    runtime.shutdown_background();
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_is_well_formed() {
        Arguments::command().debug_assert();
    }
}
