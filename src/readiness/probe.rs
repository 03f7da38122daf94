//! One look at the database: is it there, and does it answer?

use std::path::Path;
use std::time::Duration;

use sqlx::{AnyConnection, Connection as _, Executor as _};
use tokio::time::timeout;

use crate::database::{Database, DatabaseError};

/// Asks the database through a connection of its own, never through the pool: a busy pool is not a
/// dead database.
#[derive(Debug)]
pub(super) struct Probe {
    database: Database,
    deadline: Duration,
    held: Option<Held>,
    /// Whether the database has answered before: from then on a file that is missing was removed.
    seen: bool,
}

/// The connection that is asked, and the file that it has open.
#[derive(Debug)]
struct Held {
    conn: AnyConnection,
    file: Option<FileId>,
}

/// What an answer tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// The same database as before.
    Same,
    /// A database on a connection that is new: the first one, or one that may have another schema.
    New,
}

impl Probe {
    /// `deadline` is for one look, a new connection included.
    pub(super) fn new(database: Database, deadline: Duration) -> Self {
        Self {
            database,
            deadline,
            held: None,
            seen: false,
        }
    }

    /// Asks once.
    pub(super) async fn ask(&mut self) -> Result<Answer, DatabaseError> {
        let database = self.database.clone();
        let answer = timeout(self.deadline, self.ask_held_or_new()).await;
        answer.unwrap_or_else(|_| Err(database.unanswered()))
    }

    /// Closes the probe's connection.
    pub(super) async fn close(self) {
        if let Some(held) = self.held
            && let Err(error) = held.conn.close().await
        {
            tracing::debug!(error = %error, "the probe's connection did not close in good order");
        }
    }

    async fn ask_held_or_new(&mut self) -> Result<Answer, DatabaseError> {
        // Taken out: where the deadline cuts this off, the connection goes with it.
        if let Some(mut held) = self.held.take() {
            match ask_held(&self.database, &mut held).await {
                Ok(()) => {
                    self.held = Some(held);
                    return Ok(Answer::Same);
                }
                Err(error) => {
                    tracing::info!(
                        error = crate::telemetry::chain(&error),
                        "the probe's connection failed; pooled connections of its age are replaced"
                    );
                    metrics::counter!("twinbase_readiness_reconnects_total").increment(1);
                    self.database.retire_connections();
                }
            }
        }
        let mut conn = self.database.connect_for_probe(self.seen).await?;
        question(&mut conn)
            .await
            .map_err(|error| self.database.explain(error))?;
        let file = file_id(&self.database).await?;
        self.held = Some(Held { conn, file });
        self.seen = true;
        Ok(Answer::New)
    }
}

async fn ask_held(database: &Database, held: &mut Held) -> Result<(), DatabaseError> {
    // An open SQLite file answers even after it was removed or replaced, and then serves what no one
    // else can see.
    if file_id(database).await? != held.file {
        tracing::warn!(
            database = database.target().location(),
            "the database's file was replaced while the service ran"
        );
        let gone = std::io::Error::other("the file was replaced");
        return Err(database.explain(sqlx::Error::Io(gone)));
    }
    let answer = question(&mut held.conn).await;
    answer.map_err(|error| database.explain(error))
}

async fn file_id(database: &Database) -> Result<Option<FileId>, DatabaseError> {
    let Some(file) = database.target().sqlite_file() else {
        return Ok(None);
    };
    match FileId::of(file).await {
        Ok(id) => Ok(Some(id)),
        Err(error) => Err(database.explain(sqlx::Error::Io(error))),
    }
}

/// Something that can't be answered without the server, or without reading the file.
async fn question(conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
    let sql = match conn.backend_name() {
        "PostgreSQL" => "SELECT 1",
        _ => "SELECT count(*) FROM sqlite_master",
    };
    conn.execute(sql).await?;
    Ok(())
}

/// Which file it is, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileId(u64, u64);

impl FileId {
    #[cfg(unix)]
    async fn of(file: &Path) -> std::io::Result<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let metadata = tokio::fs::metadata(file).await?;
        Ok(Self(metadata.dev(), metadata.ino()))
    }

    /// Elsewhere an open file can't be replaced.
    #[cfg(not(unix))]
    async fn of(file: &Path) -> std::io::Result<Self> {
        tokio::fs::metadata(file).await.map(|_| Self(0, 0))
    }
}
