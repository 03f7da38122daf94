//! The schemes that are understood, SQLAlchemy's among them.

use super::error::{FORMS, UrlError};
use crate::config::nearest::nearest;

/// What a scheme means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scheme {
    /// `asyncpg` has parameters of its own.
    Postgres { asyncpg: bool },
    /// sqlx's meaning of the slashes.
    Sqlite,
    /// SQLAlchemy's meaning of the slashes.
    SqlAlchemySqlite,
}

/// SQLAlchemy's names for its PostgreSQL drivers stand beside the two of PostgreSQL itself, see
/// <https://docs.sqlalchemy.org/en/20/dialects/postgresql.html>.
const SCHEMES: [(&str, Scheme); 11] = [
    ("postgres", Scheme::Postgres { asyncpg: false }),
    ("postgresql", Scheme::Postgres { asyncpg: false }),
    ("postgresql+psycopg", Scheme::Postgres { asyncpg: false }),
    (
        "postgresql+psycopg_async",
        Scheme::Postgres { asyncpg: false },
    ),
    ("postgresql+psycopg2", Scheme::Postgres { asyncpg: false }),
    (
        "postgresql+psycopg2cffi",
        Scheme::Postgres { asyncpg: false },
    ),
    ("postgresql+pg8000", Scheme::Postgres { asyncpg: false }),
    ("postgresql+asyncpg", Scheme::Postgres { asyncpg: true }),
    ("sqlite", Scheme::Sqlite),
    ("sqlite+aiosqlite", Scheme::SqlAlchemySqlite),
    ("sqlite+pysqlite", Scheme::SqlAlchemySqlite),
];

/// What other tools call the two engines.
const SYNONYMS: [(&str, &str); 8] = [
    ("pg", "postgres"),
    ("pgsql", "postgres"),
    ("psql", "postgres"),
    ("psycopg", "postgres"),
    ("psycopg2", "postgres"),
    ("asyncpg", "postgres"),
    ("sqlite3", "sqlite"),
    ("file", "sqlite"),
];

impl Scheme {
    /// Splits the scheme and its colon from the rest.
    pub(super) fn split(text: &str) -> Result<(Self, &str), UrlError> {
        let name = |c: char| c.is_ascii_alphanumeric() || "+-._".contains(c);
        let Some((scheme, rest)) = text
            .split_once(':')
            .filter(|(scheme, _)| scheme.chars().all(name))
        else {
            let key_value = text.split_whitespace().all(|word| word.contains('='));
            return Err(if key_value {
                UrlError::KeyValue
            } else {
                UrlError::NoScheme
            });
        };
        let lower = scheme.to_ascii_lowercase();
        if let Some((_, known)) = SCHEMES.iter().find(|(name, _)| *name == lower) {
            return Ok((*known, rest));
        }
        let near = SYNONYMS
            .iter()
            .find(|(name, _)| *name == lower)
            .map(|(_, meant)| *meant)
            .or_else(|| nearest(&lower, SCHEMES.iter().map(|(name, _)| *name)));
        let hint = match near {
            Some(near) => format!("did you mean \"{near}\"?"),
            None if lower == "jdbc" => "remove \"jdbc:\"".to_owned(),
            // Without slashes the first word may be a user, a drive or a host, and no scheme at all.
            None if !rest.starts_with("//") => return Err(UrlError::NoScheme),
            None => format!("PostgreSQL and SQLite are supported, written like {FORMS}"),
        };
        // Nothing longer is a scheme that someone meant.
        let scheme = lower.chars().take(30).collect();
        Err(UrlError::UnknownScheme { scheme, hint })
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::Scheme;
    use crate::config::url::UrlError;

    #[test]
    fn a_wrong_scheme_is_refused_with_a_suggestion() {
        for (text, near) in [
            ("postgers://me@db/app", "postgres"),
            ("postgresq://me@db/app", "postgres"),
            ("postgressql://me@db/app", "postgresql"),
            ("postgresql+pyscopg://me@db/app", "postgresql+psycopg"),
            ("pgsql://me@db/app", "postgres"),
            ("sqllite://x.db", "sqlite"),
            ("sqlite3:///x.db", "sqlite"),
            ("sqlite+aoisqlite:///x.db", "sqlite+aiosqlite"),
        ] {
            let message = Scheme::split(text).unwrap_err().to_string();
            assert!(
                message.contains(&format!("did you mean \"{near}\"?")),
                "{text}: {message}"
            );
        }
    }

    #[test]
    fn an_engine_that_is_not_supported_is_told_which_are() {
        for text in [
            "mysql://me:secret@db/app",
            "mongodb://db/app",
            "https://db/app",
        ] {
            let message = Scheme::split(text).unwrap_err().to_string();
            assert!(
                message.contains("PostgreSQL and SQLite are supported"),
                "{message}"
            );
            assert!(!message.contains("secret"));
        }
    }

    #[test]
    fn a_text_without_a_scheme_is_refused() {
        for text in [
            "app.db",
            "/srv/app.db",
            "C:\\app.db",
            "me:secret@db/app",
            "db:5432/app",
            "./a:b",
        ] {
            assert_eq!(
                Scheme::split(text).unwrap_err(),
                UrlError::NoScheme,
                "{text}"
            );
        }
        let key_value = Scheme::split("host=db user=me password=secret").unwrap_err();
        assert_eq!(key_value, UrlError::KeyValue);
    }

    #[test]
    fn a_scheme_is_read_in_any_case() {
        let (scheme, rest) = Scheme::split("PostgreSQL+AsyncPG://db/app").unwrap();
        assert_eq!(scheme, Scheme::Postgres { asyncpg: true });
        assert_eq!(rest, "//db/app");
    }
}
