//! `twinbase config`

use std::process::ExitCode;

use clap::Subcommand;

use super::output;
use crate::config::{Loaded, show_json, show_toml};

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Print the effective configuration and where each value came from, secrets redacted.
    Show {
        /// As JSON instead of TOML.
        #[arg(long)]
        json: bool,
    },
}

pub(super) fn run(command: &Command, loaded: &Loaded) -> anyhow::Result<ExitCode> {
    for warning in &loaded.warnings {
        output::warning(warning);
    }
    let Command::Show { json } = command;
    if *json {
        output::line(&format!("{:#}", show_json(loaded)))?;
    } else {
        output::line(show_toml(loaded).trim_end())?;
    }
    Ok(ExitCode::SUCCESS)
}
