//! Adopts a database that has the schema and no history: the migrations are marked as applied, if
//! what they make is what is there.

use sqlx::any::AnyConnectOptions;
use sqlx::{AnyConnection, ConnectOptions as _, Connection as _, Executor as _, Row as _};

use super::apply::run;
use super::schema::{ALEMBIC, Schema};
use super::statement::Statement;
use super::{MigrationError, Runner, Step, difference, history, index, record};
use crate::config::Engine;
use crate::driver::sqlite::{Location, MemoryDatabase, Options};

/// What [`Runner::baseline`] found and marked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Baseline {
    /// The versions that were marked as applied, oldest first.
    pub marked: Vec<(i64, String)>,
    /// Those of them that change no table: whether they took effect the schema does not tell.
    pub unsure: Vec<(i64, String)>,
    /// The revision that Alembic left in `alembic_version`, which stays there.
    pub alembic: Option<String>,
}

/// Which version a database is taken to have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Target {
    /// This one.
    Version(i64),
    /// The newest whose schema is the database's.
    Detect,
}

impl Runner {
    /// Marks the versions up to `target` as applied without running them, if the schema is what they
    /// make.
    ///
    /// What they make is found out in a scratch place: a temporary file for `SQLite`, a schema in a
    /// transaction that is rolled back for `PostgreSQL`, or the empty database of `scratch`.
    ///
    /// # Errors
    /// [`MigrationError::Managed`], [`MigrationError::Differs`] with the difference,
    /// [`MigrationError::Scratch`] for a migration that needs a database of its own.
    pub async fn baseline(
        mut self,
        plan: &[Step],
        target: Target,
        scratch: Option<AnyConnection>,
    ) -> Result<Baseline, MigrationError> {
        let result = self.run_baseline(plan, target, scratch).await;
        self.close().await;
        result
    }

    async fn run_baseline(
        &mut self,
        plan: &[Step],
        target: Target,
        scratch: Option<AnyConnection>,
    ) -> Result<Baseline, MigrationError> {
        self.take_lock().await?;
        if !self.read().await?.applied.is_empty() {
            return Err(MigrationError::Managed);
        }
        let unread = |source| MigrationError::History {
            doing: "read",
            source,
        };
        let actual = Schema::read(&mut self.conn, self.engine)
            .await
            .map_err(unread)?;
        let alembic = alembic_revision(&mut self.conn, self.engine)
            .await
            .map_err(unread)?;
        let plan = match target {
            Target::Detect => plan,
            Target::Version(version) => {
                let at = plan.iter().position(|step| step.version == version);
                &plan[..=at.ok_or(MigrationError::NoSuchVersion(version))?]
            }
        };
        let made = self.made_by(plan, scratch).await?;
        let equal = match target {
            Target::Detect => made.iter().rposition(|schema| *schema == actual),
            Target::Version(_) => made
                .len()
                .checked_sub(1)
                .filter(|last| made[*last] == actual),
        };
        let Some(equal) = equal else {
            return Err(differs(plan, &made, &actual, target));
        };
        let marked = &plan[..=equal];
        self.mark_all(marked)
            .await
            .map_err(|source| MigrationError::History {
                doing: "written",
                source,
            })?;
        let named = |step: &Step| (step.version, step.description.clone());
        let changes_nothing = |at: usize| match at.checked_sub(1) {
            Some(before) => made[before] == made[at],
            None => made[at].is_empty(),
        };
        let unsure = marked
            .iter()
            .enumerate()
            .filter(|(at, step)| changes_nothing(*at) && !step.statements(self.engine).is_empty());
        Ok(Baseline {
            marked: marked.iter().map(named).collect(),
            unsure: unsure.map(|(_, step)| named(step)).collect(),
            alembic,
        })
    }

    /// The schema after each step.
    async fn made_by(
        &mut self,
        plan: &[Step],
        scratch: Option<AnyConnection>,
    ) -> Result<Vec<Schema>, MigrationError> {
        let engine = self.engine;
        let failed = |source| MigrationError::History {
            doing: "compared in a scratch schema",
            source,
        };
        if let Some(mut conn) = scratch {
            let made = run_all(&mut conn, plan, engine, true).await;
            let _ = conn.close().await;
            return made;
        }
        if engine == Engine::Sqlite {
            let memory = MemoryDatabase::new().map_err(|error| failed(sqlx::Error::Io(error)))?;
            let url = Options::new(Location::Memory(memory.clone())).to_url();
            let url = url::Url::parse(&url)
                .map_err(|error| failed(sqlx::Error::Configuration(Box::new(error))))?;
            let options = AnyConnectOptions::from_url(&url).map_err(failed)?;
            let mut conn = options.connect().await.map_err(failed)?;
            let made = run_all(&mut conn, plan, engine, true).await;
            let _ = conn.close().await;
            return made;
        }
        let mut transaction = self.conn.begin_with("BEGIN").await.map_err(failed)?;
        for sql in [
            "CREATE SCHEMA _twinbase_scratch",
            // What extensions brought stays within reach.
            "SELECT set_config('search_path', '_twinbase_scratch' || coalesce((SELECT string_agg(DISTINCT \
             ', ' || quote_ident(nspname), '') FROM pg_extension JOIN pg_namespace n ON n.oid = extnamespace \
             WHERE nspname <> 'pg_catalog'), ''), true)",
        ] {
            transaction.execute(sql).await.map_err(failed)?;
        }
        let made = run_all(&mut transaction, plan, engine, false).await;
        transaction.rollback().await.map_err(failed)?;
        made
    }

    async fn mark_all(&mut self, steps: &[Step]) -> Result<(), sqlx::Error> {
        let mut transaction = self.conn.begin_with(history::begin(self.engine)).await?;
        transaction.execute(history::create(self.engine)).await?;
        transaction.execute(record::CREATE).await?;
        for step in steps {
            history::insert(&mut transaction, step, true, -1).await?;
            record::write(&mut transaction, step, None).await?;
        }
        transaction.commit().await
    }
}

/// Runs the steps, and reads the schema after each.
async fn run_all(
    conn: &mut AnyConnection,
    plan: &[Step],
    engine: Engine,
    own: bool,
) -> Result<Vec<Schema>, MigrationError> {
    let mut made = Vec::new();
    for step in plan {
        let failed = |source| MigrationError::Scratch {
            path: step.path.clone(),
            source,
        };
        for statement in step.statements(engine) {
            let statement = if own {
                statement
            } else {
                in_transaction(statement)
            };
            run(conn, &statement).await.map_err(failed)?;
        }
        made.push(Schema::read(conn, engine).await.map_err(failed)?);
    }
    Ok(made)
}

/// An index on empty tables is made at once; the word alone keeps it out of a transaction.
fn in_transaction(mut statement: Statement) -> Statement {
    if index::Concurrent::of(&statement).is_some()
        && let Some(at) = statement.sql.to_ascii_uppercase().find("CONCURRENTLY")
    {
        statement
            .sql
            .replace_range(at..at + "CONCURRENTLY".len(), "");
    }
    statement
}

fn differs(plan: &[Step], made: &[Schema], actual: &Schema, target: Target) -> MigrationError {
    let nearest = match target {
        Target::Version(_) => made.len().saturating_sub(1),
        Target::Detect => {
            let distances = made
                .iter()
                .map(|schema| schema.distance(actual))
                .enumerate();
            let nearest = distances.rev().min_by_key(|(_, distance)| *distance);
            nearest.map_or(0, |(at, _)| at)
        }
    };
    let (version, description, expected) = match (plan.get(nearest), made.get(nearest)) {
        (Some(step), Some(schema)) => (step.version, step.description.clone(), schema.text()),
        _ => (0, "no migrations".to_owned(), String::new()),
    };
    MigrationError::Differs {
        version,
        description,
        difference: difference::difference(
            "what the migrations make",
            &expected,
            "what the database has",
            &actual.text(),
        ),
    }
}

async fn alembic_revision(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<Option<String>, sqlx::Error> {
    if !history::has_table(conn, engine, ALEMBIC).await? {
        return Ok(None);
    }
    let row = conn
        .fetch_optional("SELECT version_num FROM alembic_version")
        .await?;
    row.map(|row| row.try_get(0)).transpose()
}
