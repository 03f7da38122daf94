//! Whether both engines have the same schema after every version.
//!
//! Both are migrated from nothing, version by version, and what each has then is read into one `model`: by
//! `postgres` from the catalog, by `sqlite` from the pragmas and the stored texts. Two expressions are the same
//! where PostgreSQL writes them alike once it has read both (`judge`). `compare` tells the differences, and
//! `allow` takes out those that are meant.

mod allow;
mod compare;
mod difference;
mod judge;
mod model;
mod postgres;
mod sqlite;

use super::{MigrationError, Migrations, Runner, Step, history};
use crate::config::Engine;
use judge::Judge;
use sqlite::Tried;

pub use allow::Allowance;
pub use difference::{Aspect, Difference};

/// How both engines compare, version by version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parity {
    /// Every version, oldest first.
    pub versions: Vec<Compared>,
    /// The entries of `parity.toml` that permit nothing: what they were for is gone.
    pub stale: Vec<Allowance>,
}

/// How both engines compare after a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Compared {
    /// The version's number.
    pub version: i64,
    /// The version's description.
    pub description: String,
    /// How many tables there are, on the engine that has more.
    pub tables: usize,
    /// How many differences that are not meant there are after it, those from before included.
    pub standing: usize,
    /// The differences that begin with this version and are not meant.
    pub differences: Vec<Difference>,
    /// The differences that begin with it and are meant, with the reason.
    pub allowed: Vec<(Difference, String)>,
}

impl Parity {
    /// Whether no version differs in what is not meant, and no entry is stale.
    #[must_use]
    pub fn is_alike(&self) -> bool {
        self.stale.is_empty() && self.versions.iter().all(|version| version.standing == 0)
    }
}

/// Applies each version to two empty databases, and compares the two after each. What may differ stands in
/// the `parity.toml` of the migrations.
///
/// Only for databases that are thrown away afterwards.
///
/// # Errors
/// The first version that fails on an engine; [`MigrationError::Allowances`] for a `parity.toml` that
/// breaks a rule; [`MigrationError::Unmanaged`] where a database is not empty.
pub async fn compare(
    mut postgres: Runner,
    mut sqlite: Runner,
    migrations: &Migrations,
) -> Result<Parity, MigrationError> {
    let result = run(&mut postgres, &mut sqlite, migrations).await;
    postgres.close().await;
    sqlite.close().await;
    result
}

async fn run(
    postgres: &mut Runner,
    sqlite: &mut Runner,
    migrations: &Migrations,
) -> Result<Parity, MigrationError> {
    let allowances = allow::read(migrations.parity_file())?;
    let (theirs, ours) = (
        migrations.plan(Engine::Postgres)?,
        migrations.plan(Engine::Sqlite)?,
    );
    for runner in [&mut *postgres, &mut *sqlite] {
        begin(runner).await?;
    }
    let mut judge = Judge::default();
    let mut tried = Tried::default();
    let mut standing = Standing::default();
    let mut used = vec![false; allowances.len()];
    let mut versions = Vec::with_capacity(theirs.len());
    for (step, twin) in theirs.iter().zip(&ours) {
        apply(postgres, step).await?;
        apply(sqlite, twin).await?;
        let (tables, differences) =
            look(postgres, sqlite, &mut judge, &mut tried, step.version).await?;
        let (mut begun, mut allowed) = (Vec::new(), Vec::new());
        for difference in differences {
            let mut reasons = Vec::new();
            for (entry, used) in allowances.iter().zip(&mut used) {
                if entry.permits(step.version, &difference) {
                    *used = true;
                    reasons.push(entry.reason.clone());
                }
            }
            match reasons.into_iter().next() {
                None => begun.push(difference),
                Some(reason) => allowed.push((difference, reason)),
            }
        }
        versions.push(standing.after(step, tables, begun, allowed));
    }
    let stale = allowances.into_iter().zip(used);
    Ok(Parity {
        versions,
        stale: stale
            .filter(|(_, used)| !used)
            .map(|(entry, _)| entry)
            .collect(),
    })
}

/// The differences that stood after the version before.
#[derive(Default)]
struct Standing {
    differences: Vec<Difference>,
    allowed: Vec<(Difference, String)>,
}

impl Standing {
    /// What a version begins.
    fn after(
        &mut self,
        step: &Step,
        tables: usize,
        differences: Vec<Difference>,
        allowed: Vec<(Difference, String)>,
    ) -> Compared {
        let before = std::mem::replace(
            self,
            Self {
                differences,
                allowed,
            },
        );
        let differences = self.differences.iter();
        let allowed = self.allowed.iter();
        Compared {
            version: step.version,
            description: step.description.clone(),
            tables,
            standing: self.differences.len(),
            differences: differences
                .filter(|difference| !before.differences.contains(difference))
                .cloned()
                .collect(),
            allowed: allowed
                .filter(|pair| !before.allowed.contains(pair))
                .cloned()
                .collect(),
        }
    }
}

fn unread(source: sqlx::Error) -> MigrationError {
    MigrationError::History {
        doing: "read",
        source,
    }
}

/// Makes the history of a database that has to be empty.
async fn begin(runner: &mut Runner) -> Result<(), MigrationError> {
    let tables = history::tables(&mut runner.conn, runner.engine)
        .await
        .map_err(unread)?;
    if !tables.is_empty() {
        return Err(MigrationError::Unmanaged { tables });
    }
    history::ensure(&mut runner.conn, runner.engine).await
}

async fn apply(runner: &mut Runner, step: &Step) -> Result<(), MigrationError> {
    let applied = runner.apply(step).await;
    if applied.is_err() {
        // The error names the file, which may be the same for both.
        tracing::warn!(engine = %runner.engine, version = step.version, "a migration fails on this engine");
    }
    applied.map(|_| ())
}

/// How many tables there are now, and how the two schemas differ.
async fn look(
    postgres: &mut Runner,
    sqlite: &mut Runner,
    judge: &mut Judge,
    tried: &mut Tried,
    version: i64,
) -> Result<(usize, Vec<Difference>), MigrationError> {
    let unread = |engine: Engine| {
        move |source| MigrationError::SchemaUnread {
            version,
            engine: engine.name(),
            source,
        }
    };
    let theirs = postgres::read(&mut postgres.conn, judge).await;
    let mut theirs = theirs.map_err(unread(Engine::Postgres))?;
    let ours = sqlite::read(&mut sqlite.conn, tried).await;
    let mut ours = ours.map_err(unread(Engine::Sqlite))?;
    let settled = judge::settle(judge, &mut postgres.conn, &mut theirs, &mut ours).await;
    settled.map_err(unread(Engine::Postgres))?;
    let tables = theirs.tables.len().max(ours.tables.len());
    Ok((tables, compare::differences(&theirs, &ours)))
}
