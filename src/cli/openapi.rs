//! `twinbase openapi`

use std::process::ExitCode;

use super::output;

/// Prints the document as `openapi/openapi.json` keeps it.
pub(super) fn run() -> anyhow::Result<ExitCode> {
    let document = crate::api::document((), "Twinbase", env!("CARGO_PKG_VERSION"));
    output::line(document.pretty().trim_end())?;
    Ok(ExitCode::SUCCESS)
}
