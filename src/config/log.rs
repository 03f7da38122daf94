//! `[log]`: what is logged, and in which form.

use tracing_subscriber::EnvFilter;

use super::kind::{Choice, Text, one_of, quoted};
use super::nearest::nearest;
use super::section::section;

section! {
    /// What is logged, and in which form.
    pub struct LogConfig in log {
        /// The form of a line: "pretty" for a terminal, "json" for machines.
        pub format: LogFormat = LogFormat::Pretty, one_of();

        /// What is logged: error, warn, info, debug, trace or off, or directives by target.
        ///
        /// The syntax is that of tracing-subscriber's `EnvFilter`: `info,sqlx=warn`.
        pub level: String = "info".to_owned(), Text(level);
    }
}

/// The form of a log line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// For a person at a terminal; `"pretty"`.
    #[default]
    Pretty,
    /// One JSON object a line; `"json"`.
    Json,
}

impl Choice for LogFormat {
    const NAMES: &'static [(&'static str, Self)] =
        &[("pretty", Self::Pretty), ("json", Self::Json)];
}

/// Checks the directives. A word alone that is no level is a target for `EnvFilter`, which turns
/// `debgu` into silence; one that is nearly a level is refused for that reason.
fn level(text: &str) -> Result<(), String> {
    const LEVELS: [&str; 6] = ["error", "warn", "info", "debug", "trace", "off"];
    if text.trim().is_empty() {
        return Err("is empty; write info, or off to log nothing".to_owned());
    }
    for directive in text.split(',').map(str::trim) {
        let word = directive.rsplit('=').next().unwrap_or(directive);
        let known = LEVELS.iter().any(|level| level.eq_ignore_ascii_case(word));
        if let Some(near) = nearest(word, LEVELS.into_iter()).filter(|_| !known) {
            return Err(format!(
                "{} is not a level; did you mean {near}?",
                quoted(word)
            ));
        }
    }
    let example = "write it like info or info,sqlx=warn";
    EnvFilter::builder().parse(text).map(|_| ()).map_err(|_| {
        format!(
            "{} is not a list of log directives; {example}",
            quoted(text)
        )
    })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::level;

    #[test]
    fn levels_and_directives_are_accepted() {
        for text in [
            "info",
            "WARN",
            "off",
            "info,sqlx=warn",
            "twinbase::config=trace",
            "sqlx",
        ] {
            level(text).unwrap();
        }
    }

    #[test]
    fn a_mistyped_level_is_refused_with_a_suggestion() {
        assert!(level("debgu").unwrap_err().contains("did you mean debug?"));
        assert!(
            level("info,sqlx=wran")
                .unwrap_err()
                .contains("did you mean warn?")
        );
        assert!(
            level("sqlx=loud")
                .unwrap_err()
                .contains("not a list of log directives")
        );
        assert!(level("").unwrap_err().contains("is empty"));
    }
}
