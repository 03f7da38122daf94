//! A program's migrations, and what of them runs on an engine.

use std::path::Path;

use super::directive::Directives;
use super::source::{self, Script, Text, Version};
use super::statement::{self, Statement};
use super::{MigrationError, checksum, folder, translate};
use crate::config::Engine;

/// The migrations of a program, oldest first.
///
/// ```
/// use twinbase::config::Engine;
/// use twinbase::migration::Migrations;
///
/// let migrations = Migrations::from_files([
///     ("20260101000000_baseline.sql", "-- the start\n"),
///     ("20260210120000_add_signals.up.sql", "CREATE TABLE signals (id BIGINT NOT NULL PRIMARY KEY);\n"),
///     ("20260210120000_add_signals.down.sql", "DROP TABLE signals;\n"),
/// ])?;
/// let steps = migrations.plan(Engine::Sqlite)?;
/// assert_eq!(steps[1].version, 20260210120000);
/// assert_eq!(steps[1].description, "add signals");
/// # Ok::<(), twinbase::migration::MigrationError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Migrations {
    versions: Vec<Version>,
    /// The text of `parity.toml`.
    parity: String,
}

/// One version as it runs on one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// The version's number.
    pub version: i64,
    /// The version's description.
    pub description: String,
    /// The source file below the migrations folder, for messages.
    pub path: String,
    /// The text of the source file.
    pub source: String,
    /// SHA-384 of `source` with LF line ends, in hexadecimal digits.
    pub source_checksum: String,
    /// The translator's version; 0 for a variant, which runs as it stands.
    pub translator: u32,
    /// The SQL that applies it on this engine.
    pub up: String,
    /// What undoes it on this engine, where there is anything.
    pub down: Option<Down>,
    /// SHA-384 of `up`, as sqlx computes it and `_sqlx_migrations` keeps it.
    pub checksum: Vec<u8>,
    /// False for a file that opens with `-- no-transaction`.
    pub transactional: bool,
    /// Why programs that do not know this version may go on with it: `-- compatible: <why>`.
    pub compatible: Option<String>,
}

/// What undoes a version on one engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Down {
    /// The source file below the migrations folder.
    pub path: String,
    /// The SQL.
    pub sql: String,
    /// False for a file that opens with `-- no-transaction`.
    pub transactional: bool,
}

/// The files under `migrations/`.
static EMBEDDED: &[(&str, &str)] = twinbase_macros::files!("migrations");

/// The migrations of a folder of the package, embedded in the program: `migrations!("migrations")`,
/// or `migrations!()` for that folder.
///
/// The build fails, naming the file, where the folder breaks a rule. It also fails where cargo would
/// not see a new file, and says which line of a `build.rs` makes it see one.
///
/// ```
/// let migrations = twinbase::migrations!("migrations");
/// assert_eq!(migrations.newest(), Some(20260101000000));
/// ```
#[macro_export]
macro_rules! migrations {
    () => {
        $crate::migrations!("migrations")
    };
    ($folder:literal) => {
        $crate::migration::Migrations::from_embedded($crate::migration::plan::__files!($folder))
    };
}

#[doc(hidden)]
pub use twinbase_macros::files as __files;

impl Migrations {
    /// Twinbase's own migrations, which the build embedded in the program: the baseline.
    ///
    /// # Panics
    /// Never: the build has already refused a folder that breaks the rules.
    #[must_use]
    pub fn embedded() -> Self {
        Self::from_embedded(EMBEDDED)
    }

    /// What [`migrations!`](crate::migrations!) makes of the files.
    ///
    /// # Panics
    /// Never for files of the macro, which has refused what breaks a rule.
    #[doc(hidden)]
    #[must_use]
    pub fn from_embedded(files: &[(&str, &str)]) -> Self {
        Self::from_files(files.iter().copied()).expect("the macro has checked these files")
    }

    /// Migrations from pairs of a path below a migrations folder and the file's contents.
    ///
    /// A program embeds a folder with [`migrations!`](crate::migrations!); this is for files that come
    /// from elsewhere. A variant for one engine has the path `sqlite/20260301090000_orders.sql` or `postgres/…`.
    /// The path `parity.toml` is the file of [`parity`](super::parity).
    ///
    /// # Errors
    /// [`MigrationError::Source`] for the first rule that is broken.
    pub fn from_files<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
    ) -> Result<Self, MigrationError> {
        let files: Vec<_> = files.into_iter().collect();
        let parity = files.iter().find(|(path, _)| *path == source::PARITY);
        Ok(Self {
            parity: parity.map_or_else(String::new, |(_, text)| (*text).to_owned()),
            versions: source::parse(files)?,
        })
    }

    /// The text of `parity.toml`; empty where there is none.
    pub(super) fn parity_file(&self) -> &str {
        &self.parity
    }

    /// What runs on `engine`, oldest first: the variant where there is one, the translated portable
    /// text otherwise.
    ///
    /// # Errors
    /// [`MigrationError::Translate`] for a portable file that can't be said on that engine.
    pub fn plan(&self, engine: Engine) -> Result<Vec<Step>, MigrationError> {
        self.versions
            .iter()
            .map(|version| step(version, engine))
            .collect()
    }

    /// The versions as their files say them, oldest first.
    #[must_use]
    pub fn versions(&self) -> &[Version] {
        &self.versions
    }

    /// The migrations of a folder that is read now, for tools and tests.
    ///
    /// # Errors
    /// [`MigrationError::Folder`] where it can't be read or breaks a rule, naming the file.
    pub fn from_folder(folder: &Path) -> Result<Self, MigrationError> {
        let files = folder::read(folder).map_err(MigrationError::Folder)?;
        Self::from_files(
            files
                .iter()
                .map(|(path, sql)| (path.as_str(), sql.as_str())),
        )
    }

    /// The newest version's number; `None` where there are no migrations at all.
    #[must_use]
    pub fn newest(&self) -> Option<i64> {
        self.versions.last().map(|version| version.number)
    }
}

fn step(version: &Version, engine: Engine) -> Result<Step, MigrationError> {
    let (text, up) = render(&version.up, engine)?;
    let directives = check(text, &up, engine)?;
    let down = version.down.as_ref().map(|script| {
        let (text, sql) = render(script, engine)?;
        let transactional = check(text, &sql, engine)?.transactional;
        Ok::<_, MigrationError>(Down {
            path: text.path.clone(),
            sql,
            transactional,
        })
    });
    Ok(Step {
        version: version.number,
        description: version.description.clone(),
        path: text.path.clone(),
        source: text.sql.clone(),
        source_checksum: checksum::of_source(&text.sql),
        translator: match &version.up {
            Script::Portable(_) => translate::VERSION,
            Script::Variants { .. } => 0,
        },
        checksum: checksum::of(&up),
        up,
        down: down.transpose()?,
        transactional: directives.transactional,
        compatible: directives.compatible,
    })
}

/// Reads what the file says of itself, and refuses what the runner can't carry out.
pub(super) fn check(text: &Text, sql: &str, engine: Engine) -> Result<Directives, MigrationError> {
    let refused = |line, what, advice| MigrationError::Rule {
        path: text.path.clone(),
        line,
        what,
        advice,
    };
    let directives =
        Directives::read(&text.sql).map_err(|(line, what, advice)| refused(line, what, advice))?;
    let statements = statement::split(sql, engine);
    if directives.transactional {
        if let Some(found) = statements.iter().find(|s| s.controls_transaction()) {
            return Err(refused(
                found.line,
                "begins or ends a transaction",
                "leave it out: each file runs in one transaction, or without any where it opens with `-- no-transaction`",
            ));
        }
    } else if statements.len() != 1 {
        return Err(refused(
            statements.get(1).map_or(1, |second| second.line),
            "has `-- no-transaction` and not exactly one statement",
            "write a version for each statement, so that what fails half-way can be told",
        ));
    }
    Ok(directives)
}

fn render(script: &Script, engine: Engine) -> Result<(&Text, String), MigrationError> {
    match (script, engine) {
        (Script::Portable(text), _) => {
            let sql = translate::translate(&text.sql, engine).map_err(|source| {
                MigrationError::Translate {
                    path: text.path.clone(),
                    engine: engine.name(),
                    source: Box::new(source),
                }
            })?;
            Ok((text, sql))
        }
        (Script::Variants { postgres: text, .. }, Engine::Postgres)
        | (Script::Variants { sqlite: text, .. }, Engine::Sqlite) => Ok((text, text.sql.clone())),
    }
}

impl Step {
    /// What sqlx would have recorded for a check-out with CR LF line ends.
    pub(super) fn checksum_with_crlf(&self) -> Vec<u8> {
        checksum::of(&self.up.replace('\n', "\r\n"))
    }

    /// The statements that apply it.
    #[must_use]
    pub fn statements(&self, engine: Engine) -> Vec<Statement> {
        statement::split(&self.up, engine)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn the_baseline_is_embedded_and_makes_nothing() {
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let steps = Migrations::embedded().plan(engine).unwrap();
            assert_eq!(steps[0].version, 20_260_101_000_000);
            assert_eq!(steps[0].description, "baseline");
            assert!(
                steps[0].up.lines().all(|line| line.starts_with("--")),
                "{}",
                steps[0].up
            );
        }
    }

    #[test]
    fn what_is_embedded_is_what_the_folder_holds() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
        for (path, sql) in EMBEDDED {
            assert_eq!(
                *sql,
                std::fs::read_to_string(folder.join(path)).unwrap(),
                "{path}"
            );
        }
        let on_disk = ["", "postgres", "sqlite"]
            .iter()
            .filter_map(|side| std::fs::read_dir(folder.join(side)).ok())
            .flatten()
            .filter(|entry| {
                entry
                    .as_ref()
                    .unwrap()
                    .path()
                    .extension()
                    .is_some_and(|e| e == "sql" || e == "toml")
            })
            .count();
        assert_eq!(on_disk, EMBEDDED.len());
    }

    #[test]
    fn a_variant_is_what_runs_on_its_engine() {
        let migrations = Migrations::from_files([
            ("postgres/20260301090000_search.sql", "SELECT 'p'"),
            ("sqlite/20260301090000_search.sql", "SELECT 's'"),
        ])
        .unwrap();
        let step = |engine| migrations.plan(engine).unwrap().remove(0);
        assert_eq!(step(Engine::Postgres).up, "SELECT 'p'");
        assert_eq!(step(Engine::Sqlite).up, "SELECT 's'");
        assert_eq!(
            step(Engine::Sqlite).path,
            "sqlite/20260301090000_search.sql"
        );
        assert_ne!(
            step(Engine::Postgres).checksum,
            step(Engine::Sqlite).checksum
        );
    }
}
