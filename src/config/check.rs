//! Values that are right by themselves and impossible together.

use std::collections::BTreeMap;
use std::path::Path;

use super::error::Problem;
use super::kind::Choice as _;
use super::source::Source;
use super::url::{DatabaseUrl, Engine, Mode};
use super::{Config, DatabaseConfig, Requirement};

/// What is impossible in `config`.
pub(super) fn check(config: &Config, sources: &BTreeMap<String, Source>) -> Vec<Problem> {
    let database = &config.database;
    let check = Check { database, sources };
    [
        check.requirement(),
        check.create(),
        check.application_name(),
        check.folder(),
        check.migration_url(),
    ]
    .into_iter()
    .flatten()
    .collect()
}

struct Check<'a> {
    database: &'a DatabaseConfig,
    sources: &'a BTreeMap<String, Source>,
}

impl Check<'_> {
    fn source(&self, path: &str) -> Source {
        self.sources.get(path).cloned().unwrap_or(Source::Default)
    }

    /// A problem of the URL, which is always where one of these shows.
    fn with_url(&self, message: String) -> Problem {
        Problem::with("database.url", self.source("database.url"), message)
    }

    fn requirement(&self) -> Option<Problem> {
        let require = self.database.require;
        let engine = self.database.target().engine();
        let fits = match require {
            Requirement::Any => true,
            Requirement::Sqlite => engine == Engine::Sqlite,
            Requirement::Postgres => engine == Engine::Postgres,
        };
        if fits {
            return None;
        }
        let required = format!(
            "database.require is \"{}\" (from {})",
            require.choice_name(),
            self.source("database.require")
        );
        if self.database.url.is_none() {
            let file = DatabaseConfig::DEFAULT_FILE;
            return Some(self.with_url(format!(
                "it is not set (default), which means the SQLite file {file}, but {required}; set DATABASE_URL"
            )));
        }
        Some(self.with_url(format!(
            "it names {}, but {required}; change one of them",
            engine.name()
        )))
    }

    /// `mode` of the URL against `sqlite_create`, where that was written too.
    fn create(&self) -> Option<Problem> {
        let create = self.database.sqlite_create;
        let source = self.source("database.sqlite_create");
        let contradiction = match self.database.url.as_ref().and_then(DatabaseUrl::mode)? {
            Mode::Create => !create,
            Mode::ReadOnly | Mode::Existing => create && source != Source::Default,
        };
        let message = format!(
            "its mode contradicts database.sqlite_create = {create} (from {source}); remove one of them"
        );
        contradiction.then(|| self.with_url(message))
    }

    fn application_name(&self) -> Option<Problem> {
        let named = self
            .database
            .url
            .as_ref()
            .and_then(DatabaseUrl::application_name)?;
        if named == self.database.application_name {
            return None;
        }
        let source = self.source("database.application_name");
        Some(self.with_url(format!(
            "its application_name differs from database.application_name (from {source}); remove one of them"
        )))
    }

    /// Migrations for another engine would be another database.
    fn migration_url(&self) -> Option<Problem> {
        let other = self.database.migration_url.as_ref()?.engine();
        let engine = self.database.target().engine();
        let source = self.source("database.migration_url");
        (other != engine).then(|| {
            let (other, engine) = (other.name(), engine.name());
            let message =
                format!("it names {other}, and database.url {engine}; change one of them");
            Problem::with("database.migration_url", source, message)
        })
    }

    /// SQLite creates a file, never its folder. Only an absolute one is looked for: the folder of a
    /// relative one depends on where the service is started, and opening it tells.
    fn folder(&self) -> Option<Problem> {
        let url = self.database.url.as_ref()?;
        let file = url.sqlite_file()?;
        let folder = file.parent().filter(|_| file.is_absolute())?;
        if folder.is_dir() {
            return None;
        }
        let show = |path: &Path| path.to_string_lossy().escape_debug().to_string();
        let missing = format!("the folder {} does not exist", show(folder));
        if !url.has_three_slashes() {
            return Some(self.with_url(format!("{missing}; create it")));
        }
        let absolute = show(file);
        let relative = absolute.trim_start_matches('/');
        Some(self.with_url(format!(
            "{missing}; for the absolute file create it and keep sqlite://{absolute}, for a file relative to the current directory write sqlite://{relative}"
        )))
    }
}
