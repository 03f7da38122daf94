//! `twinbase migrate`

mod change;
mod exit;
mod files;
mod lint;
mod look;
mod parity;
mod scratch;
mod trial;
mod wait;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::output;
use crate::config::{Config, DatabaseUrl, Engine, Loaded, parse_duration};
use crate::database::{Database, DatabaseError, Migrator};
use crate::migration::Migrations;
use exit::Code;

/// `migrate` with all its commands, for a program's command line: Twinbase's own has it, and an
/// application's takes it as a subcommand.
///
/// ```
/// use clap::Parser;
/// use twinbase::cli::Migrate;
///
/// #[derive(Parser)]
/// enum Command {
///     Serve,
///     Migrate(Migrate), // and then: migrate.run(loaded, migrations).await
/// }
///
/// let command = Command::parse_from(["orders", "migrate", "check", "--json"]);
/// assert!(matches!(command, Command::Migrate(_)));
/// ```
#[derive(Debug, Args)]
pub struct Migrate {
    /// Print one JSON object.
    #[arg(long, global = true)]
    json: bool,
    /// Wait for a database that is not up yet, at most this long: 30s, 5m.
    #[arg(long, global = true, value_name = "DURATION", value_parser = parse_duration)]
    wait: Option<Duration>,
    /// The folder of migrations, instead of those that are embedded in the program.
    #[arg(long, global = true, value_name = "DIR")]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Apply what is pending.
    Up {
        /// The last version to apply.
        #[arg(long, value_name = "VERSION")]
        to: Option<i64>,
        /// Print the SQL that would run, and change nothing.
        #[arg(long)]
        dry_run: bool,
        /// Also apply versions that are older than the newest applied one.
        #[arg(long)]
        allow_out_of_order: bool,
    },
    /// Undo versions, newest first.
    Down {
        /// How many; one if nothing is said.
        #[arg(long, conflicts_with = "to")]
        steps: Option<usize>,
        /// The version that stays, 0 for none.
        #[arg(long, value_name = "VERSION")]
        to: Option<i64>,
        /// Really undo them; without it they are only listed.
        #[arg(long)]
        yes: bool,
    },
    /// Show how each version stands; changes nothing.
    Status,
    /// Show what was applied, when, and how long it took; changes nothing.
    History,
    /// Say by the exit code whether the database is current; changes nothing.
    Check,
    /// Print the SQL with its bookkeeping, for psql and sqlite3; needs no database.
    Sql {
        /// The engine; that of the configured database if nothing is said.
        #[arg(long)]
        engine: Option<EngineName>,
        /// Leave out this version and those before it.
        #[arg(long, value_name = "VERSION")]
        from: Option<i64>,
        /// The last version.
        #[arg(long, value_name = "VERSION")]
        to: Option<i64>,
    },
    /// Adopt a database that has the schema and no history.
    Baseline {
        /// The version that the database has; the newest if nothing is said.
        #[arg(long, value_name = "VERSION", conflicts_with = "detect")]
        to: Option<i64>,
        /// Find the version whose schema the database has.
        #[arg(long)]
        detect: bool,
        /// A server on which an empty database is made, and dropped afterwards, to compare with.
        #[arg(long, value_name = "URL")]
        scratch: Option<DatabaseUrl>,
    },
    /// Set one version of the history right.
    Repair {
        /// The version.
        #[arg(long)]
        version: i64,
        /// What a version that is half applied shall count as.
        #[arg(long = "as", value_name = "STATE")]
        state: Option<RepairName>,
    },
    /// Make the files of a new migration, in ./migrations or --dir.
    New {
        /// What it does, in a few words.
        name: String,
        /// A text for each engine instead of a portable one.
        #[arg(long)]
        variants: bool,
    },
    /// Write the folder that sqlx's own tools read.
    Render {
        /// The engine.
        #[arg(long)]
        engine: EngineName,
        /// The folder, which is made.
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// Take the texts of applied versions from the configured database.
        #[arg(long)]
        applied: bool,
    },
    /// Try every version up, down and up again with rows in the tables, on temporary databases.
    Test {
        /// One engine alone.
        #[arg(long)]
        engine: Option<EngineName>,
        /// A PostgreSQL server on which a database is made, and dropped afterwards.
        #[arg(long, value_name = "URL")]
        scratch: Option<DatabaseUrl>,
    },
    /// Compare what the versions make of SQLite and of PostgreSQL, on temporary databases.
    Parity {
        /// A PostgreSQL server on which a database is made, and dropped afterwards.
        #[arg(long, value_name = "URL")]
        scratch: Option<DatabaseUrl>,
    },
    /// Look in the files for what goes wrong on the other engine, or on a PostgreSQL that is in use.
    Lint {
        /// Leave out this version and those before it.
        #[arg(long, value_name = "VERSION")]
        from: Option<i64>,
        /// Print the rules.
        #[arg(long)]
        rules: bool,
    },
    /// Copy a SQLite database, and check the copy.
    Backup {
        /// The copy; a name beside the database if nothing is said.
        #[arg(long, value_name = "FILE")]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum EngineName {
    Sqlite,
    Postgres,
}

impl From<EngineName> for Engine {
    fn from(name: EngineName) -> Self {
        match name {
            EngineName::Sqlite => Self::Sqlite,
            EngineName::Postgres => Self::Postgres,
        }
    }
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum RepairName {
    Applied,
    Pending,
}

/// What a command has to say: the object of `--json`, the lines otherwise, and the exit code.
struct Outcome {
    json: Value,
    lines: Vec<String>,
    code: Code,
}

/// What every command stands on.
struct Context {
    config: Config,
    migrations: Migrations,
    json: bool,
    wait: Option<Duration>,
    /// The versions that are done so far.
    done: Done,
}

type Done = Arc<Mutex<Vec<Value>>>;

impl Context {
    /// The migrator of the configured database, when that answers.
    async fn migrator(&self) -> Result<Migrator, DatabaseError> {
        let database = Database::new(&self.config.database)?;
        let migrator = database.migrator(&self.migrations, &self.config.migrate)?;
        if let Some(patience) = self.wait {
            wait::until_it_answers(&migrator, patience).await?;
        }
        Ok(migrator)
    }
}

impl Migrate {
    /// Does what the command says, with these migrations unless `--dir` names others. Errors are
    /// printed.
    pub async fn run(self, loaded: Loaded, migrations: Migrations) -> ExitCode {
        let json = self.json;
        let done = Done::default();
        let result = self
            .execute(loaded.config, migrations, Arc::clone(&done))
            .await;
        let outcome = result.unwrap_or_else(|error| {
            exit::failed(&error, &done.lock().unwrap_or_else(PoisonError::into_inner))
        });
        let printed = if json {
            output::line(&format!("{:#}", outcome.json))
        } else {
            outcome.lines.iter().try_for_each(|line| output::line(line))
        };
        match printed {
            Ok(()) => outcome.code.into(),
            Err(error) => {
                output::error(&error.to_string());
                ExitCode::FAILURE
            }
        }
    }

    async fn execute(
        self,
        config: Config,
        embedded: Migrations,
        done: Done,
    ) -> anyhow::Result<Outcome> {
        let Self {
            json,
            wait,
            dir,
            command,
        } = self;
        let migrations = match (&dir, &command) {
            // It makes the folder where there is none.
            (None, _) | (_, Command::New { .. }) => embedded,
            (Some(folder), _) => Migrations::from_folder(folder)?,
        };
        let context = Context {
            config,
            migrations,
            json,
            wait,
            done,
        };
        match command {
            Command::New { name, variants } => {
                let folder = dir.unwrap_or_else(|| PathBuf::from("migrations"));
                files::new(&folder, &name, variants)
            }
            Command::Up {
                to,
                dry_run,
                allow_out_of_order,
            } => change::up(&context, to, dry_run, allow_out_of_order).await,
            Command::Down { steps, to, yes } => change::down(&context, steps, to, yes).await,
            Command::Status => look::status(&context).await,
            Command::History => look::history(&context).await,
            Command::Check => look::check(&context).await,
            Command::Sql { engine, from, to } => look::sql(&context, engine, from, to),
            Command::Baseline {
                to,
                detect,
                scratch,
            } => change::baseline(&context, to, detect, scratch).await,
            Command::Repair { version, state } => change::repair(&context, version, state).await,
            Command::Render {
                engine,
                out,
                applied,
            } => files::render(&context, engine.into(), &out, applied).await,
            Command::Test { engine, scratch } => {
                trial::run(&context, engine.map(Engine::from), scratch).await
            }
            Command::Parity { scratch } => parity::run(&context, scratch).await,
            Command::Lint { rules: true, .. } => Ok(lint::list()),
            Command::Lint { from, .. } => {
                let folder = dir.unwrap_or_else(|| PathBuf::from("migrations"));
                Ok(lint::run(&context, &folder, from))
            }
            Command::Backup { out } => change::backup(&context, out.as_deref()).await,
        }
    }
}

/// A version as JSON.
fn version(number: i64, description: &str) -> Value {
    json!({"version": number, "description": description})
}
