//! Log lines, to standard error.

use std::error::Error;
use std::fmt::Write as _;
use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

use crate::config::{LogConfig, LogFormat};

/// Starts logging for the whole process: readable lines, or a JSON object a line.
///
/// A panic becomes a log line too. Called again, it changes nothing.
///
/// # Errors
/// When `log.level` is no filter; the configuration has checked that at load.
pub fn init(config: &LogConfig) -> Result<(), ParseError> {
    // poem tells of its start and stop too, and each is told once.
    let filter = EnvFilter::builder().parse(format!("poem::server=warn,{}", config.level))?;
    let lines = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    let started = match config.format {
        LogFormat::Pretty => lines
            .with_ansi(std::io::stderr().is_terminal())
            .with_target(false)
            .try_init(),
        LogFormat::Json => lines.json().flatten_event(true).try_init(),
    };
    if started.is_ok() {
        std::panic::set_hook(Box::new(|panic| {
            let payload = panic.payload();
            let message = payload
                .downcast_ref::<&str>()
                .copied()
                .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
                .unwrap_or("no message");
            let place = panic
                .location()
                .map(ToString::to_string)
                .unwrap_or_default();
            tracing::error!(panic = message, place, "a task panicked");
        }));
    }
    Ok(())
}

/// An error and its causes as one line: `outer: inner: innermost`.
///
/// ```
/// let inner = std::io::Error::other("the plug was pulled");
/// let outer = sqlx::Error::Io(inner);
/// assert!(twinbase::telemetry::chain(&outer).ends_with("the plug was pulled"));
/// ```
#[must_use]
pub fn chain(error: &(dyn Error + 'static)) -> String {
    let mut line = describe(error);
    let mut source = error.source();
    while let Some(cause) = source {
        let text = describe(cause);
        // Some errors already quote their cause.
        if !line.ends_with(&text) {
            let _ = write!(line, ": {text}");
        }
        source = if server_error(cause).is_some() {
            None
        } else {
            cause.source()
        };
    }
    line.replace(['\n', '\r'], " ")
}

/// One error's own words. A server's error is told by its message and code: sqlx adds the line of the
/// server's source code, which reads as if it were a line of the statement.
fn describe(error: &(dyn Error + 'static)) -> String {
    match server_error(error) {
        Some(server) => match server.code() {
            Some(code) => format!("{} ({code})", server.message()),
            None => server.message().to_owned(),
        },
        None => error.to_string(),
    }
}

fn server_error<'a>(
    error: &'a (dyn Error + 'static),
) -> Option<&'a dyn sqlx::error::DatabaseError> {
    error
        .downcast_ref::<sqlx::Error>()
        .and_then(sqlx::Error::as_database_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn a_chain_is_one_line_that_repeats_nothing() {
        let error = Outer(std::io::Error::other("first\nsecond"));
        assert_eq!(chain(&error), "outer: first second");
        let quoting = sqlx::Error::Io(std::io::Error::other("cause"));
        assert_eq!(chain(&quoting).matches("cause").count(), 1);
    }
}
