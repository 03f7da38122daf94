//! The `twinbase` program.

use std::process::ExitCode;

fn main() -> ExitCode {
    twinbase::cli::run()
}
