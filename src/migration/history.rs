//! The history that a database keeps of its migrations: sqlx's table `_sqlx_migrations`.

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use super::{MigrationError, Step};
use crate::config::Engine;

/// A row of the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The version's number.
    pub version: i64,
    /// The version's description.
    pub description: String,
    /// False for a version that was left half applied (sqlx calls it dirty).
    pub success: bool,
    /// SHA-384 of the text that ran.
    pub checksum: Vec<u8>,
}

/// How one version stands in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The program has it and the database does not.
    Pending,
    /// Both have it, and the text is the same.
    Applied,
    /// Both have it, and the texts differ.
    Changed,
    /// The database has it and the program does not.
    Unknown,
    /// The database says that it failed half-way.
    Dirty,
}

impl Standing {
    /// The word that `twinbase migrate status` prints.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Applied => "applied",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
            Self::Dirty => "dirty",
        }
    }
}

/// One line of `twinbase migrate status`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Status {
    /// The version's number.
    pub version: i64,
    /// The version's description.
    pub description: String,
    /// How it stands.
    pub standing: Standing,
}

/// Whether the history's table is there. It is looked for rather than made, so that asking for the
/// status changes nothing.
pub(super) async fn exists(conn: &mut AnyConnection, engine: Engine) -> Result<bool, sqlx::Error> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = '_sqlx_migrations'"
        }
        Engine::Postgres => {
            "SELECT count(*) FROM pg_class WHERE oid = to_regclass('_sqlx_migrations')"
        }
    };
    let row = conn.fetch_one(sql).await?;
    Ok(row.try_get::<i64, _>(0)? > 0)
}

/// Makes the history's table where it is missing, with the columns and types that sqlx gives it.
///
/// `SQLite` takes the write lock before it looks, so that two starters can't both find it missing.
pub(super) async fn ensure(conn: &mut AnyConnection, engine: Engine) -> Result<(), MigrationError> {
    let (begin, sql) = match engine {
        Engine::Sqlite => (
            "BEGIN IMMEDIATE",
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP,
    success BOOLEAN NOT NULL,
    checksum BLOB NOT NULL,
    execution_time BIGINT NOT NULL
)",
        ),
        Engine::Postgres => (
            "BEGIN",
            "CREATE TABLE IF NOT EXISTS _sqlx_migrations (
    version BIGINT PRIMARY KEY,
    description TEXT NOT NULL,
    installed_on TIMESTAMPTZ NOT NULL DEFAULT now(),
    success BOOLEAN NOT NULL,
    checksum BYTEA NOT NULL,
    execution_time BIGINT NOT NULL
)",
        ),
    };
    let create = async {
        if exists(conn, engine).await? {
            return Ok(());
        }
        let mut transaction = conn.begin_with(begin).await?;
        transaction.execute(sql).await?;
        transaction.commit().await
    };
    create.await.map_err(|source| MigrationError::History {
        doing: "created",
        source,
    })
}

/// The rows, oldest version first; none where the table is missing.
pub(super) async fn read(
    conn: &mut AnyConnection,
    engine: Engine,
) -> Result<Vec<Applied>, MigrationError> {
    let rows = async {
        if !exists(conn, engine).await? {
            return Ok(Vec::new());
        }
        // `success` is cast because sqlx's own SQLite driver can't read a BOOLEAN through `Any`
        // (launchbadge/sqlx#2778).
        let rows = conn
            .fetch_all(
                "SELECT version, description, CAST(success AS INTEGER), checksum FROM _sqlx_migrations ORDER BY version",
            )
            .await?;
        rows.iter()
            .map(|row| {
                Ok(Applied {
                    version: row.try_get(0)?,
                    description: row.try_get(1)?,
                    success: row.try_get::<i64, _>(2)? != 0,
                    checksum: row.try_get(3)?,
                })
            })
            .collect::<Result<_, sqlx::Error>>()
    };
    rows.await.map_err(|source| MigrationError::History {
        doing: "read",
        source,
    })
}

/// Sets the plan beside the history, a line a version, oldest first.
pub(super) fn compare(plan: &[Step], history: &[Applied]) -> Vec<Status> {
    let mut lines: Vec<Status> = plan
        .iter()
        .map(|step| Status {
            version: step.version,
            description: step.description.clone(),
            standing: match history
                .iter()
                .find(|applied| applied.version == step.version)
            {
                None => Standing::Pending,
                Some(applied) if !applied.success => Standing::Dirty,
                Some(applied) if applied.checksum != step.checksum => Standing::Changed,
                Some(_) => Standing::Applied,
            },
        })
        .collect();
    lines.extend(
        history
            .iter()
            .filter(|applied| plan.iter().all(|step| step.version != applied.version))
            .map(|applied| Status {
                version: applied.version,
                description: applied.description.clone(),
                standing: if applied.success {
                    Standing::Unknown
                } else {
                    Standing::Dirty
                },
            }),
    );
    lines.sort_by_key(|line| line.version);
    lines
}
