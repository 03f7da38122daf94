//! What commands print: results to standard output, problems to standard error.

use std::io::{self, Write as _};

/// Prints `text` and a line end. A reader that has gone away (`| head`) is no error.
pub(super) fn line(text: &str) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Prints one line that says what went wrong.
pub(super) fn error(text: &str) {
    let _ = writeln!(io::stderr().lock(), "error: {text}");
}

/// Prints what needs more than a line, below the line that says what went wrong.
pub(super) fn plain(text: &str) {
    let _ = writeln!(io::stderr().lock(), "{}", text.trim_end());
}

/// Prints one line that says what to look at.
pub(super) fn warning(text: &str) {
    let _ = writeln!(io::stderr().lock(), "warning: {text}");
}
