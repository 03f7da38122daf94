//! The size of SQLite's write-ahead log: watched, told, and kept from growing for ever.
//!
//! SQLite copies the log into the file as it goes, and begins it anew when no reader is in it. Where
//! readers never pause, that moment never comes. So where the log has grown beyond
//! `database.sqlite_wal_warning`, the writer waits once for the readers of that moment, whose snapshots
//! have a limit (`database.sqlite_snapshot_limit`), and new ones read from the file meanwhile.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sqlx::Row as _;

use super::pool::{Holder, Pool};
use super::{DatabaseError, Mode};

/// The pause between two looks.
const PAUSE: Duration = Duration::from_secs(1);

/// The pause after a try to begin the log anew, lest writers wait all the time.
const PAUSE_AFTER_TRY: Duration = Duration::from_secs(10);

/// Watches the log of a database: its size from the making of the [`Database`](super::Database) on, or from
/// the first use of its writer where there was no runtime before. Only a process that writes begins the log
/// anew: one that looks changes nothing.
#[derive(Debug, Clone)]
pub(super) struct Wal(Arc<Watch>);

#[derive(Debug)]
struct Watch {
    file: PathBuf,
    warning: u64,
    is_watched: AtomicBool,
    is_written: AtomicBool,
}

impl Wal {
    /// For the database in this file.
    pub(super) fn new(database: &std::path::Path, warning: u64) -> Self {
        let mut file = database.as_os_str().to_owned();
        file.push("-wal");
        Self(Arc::new(Watch {
            file: file.into(),
            warning,
            is_watched: AtomicBool::new(false),
            is_written: AtomicBool::new(false),
        }))
    }

    /// The writer's lane is used.
    pub(super) fn written(&self, writer: &Pool, readers: &Pool) {
        if !self.0.is_written.load(Ordering::Relaxed) {
            self.0.is_written.store(true, Ordering::Relaxed);
        }
        self.watch(writer, readers);
    }

    /// Begins to watch, once, while there is a runtime.
    pub(super) fn watch(&self, writer: &Pool, readers: &Pool) {
        if self.0.is_watched.load(Ordering::Relaxed)
            || self.0.is_watched.swap(true, Ordering::Relaxed)
        {
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else {
            self.0.is_watched.store(false, Ordering::Relaxed);
            return;
        };
        runtime.spawn(run(
            Watching(Arc::clone(&self.0)),
            writer.downgrade(),
            readers.downgrade(),
        ));
    }
}

/// Lets another watch begin when this one ends, with its runtime say.
struct Watching(Arc<Watch>);

impl Drop for Watching {
    fn drop(&mut self) {
        self.0.is_watched.store(false, Ordering::Relaxed);
    }
}

async fn run(watch: Watching, writer: super::pool::WeakPool, readers: super::pool::WeakPool) {
    let watch = &watch.0;
    loop {
        let (Some(writer), Some(readers)) = (writer.upgrade(), readers.upgrade()) else {
            return;
        };
        // A file that is not there is an empty log.
        let bytes = tokio::fs::metadata(&watch.file)
            .await
            .map_or(0, |metadata| metadata.len());
        #[expect(clippy::cast_precision_loss, reason = "no file has 2^53 bytes")]
        metrics::gauge!("twinbase_sqlite_wal_bytes").set(bytes as f64);
        if bytes < watch.warning || !watch.is_written.load(Ordering::Relaxed) {
            drop((writer, readers));
            tokio::time::sleep(PAUSE).await;
            continue;
        }
        let longest = readers.status().longest_held;
        let (holder, held) = longest.unwrap_or_default();
        tracing::warn!(
            bytes,
            reader = holder,
            reader_held_seconds = held.as_secs_f64(),
            "the write-ahead log has grown large: it is begun anew as soon as the readers of now are done"
        );
        metrics::counter!("twinbase_sqlite_wal_restarts_total").increment(1);
        match restart(&writer).await {
            Ok(true) => tracing::info!("the write-ahead log begins anew"),
            Ok(false) => {
                tracing::warn!(
                    "readers kept the write-ahead log from beginning anew; it is tried again"
                );
            }
            Err(error) => {
                tracing::warn!(
                    error = crate::telemetry::chain(&error),
                    "the write-ahead log could not be begun anew; it is tried again"
                );
            }
        }
        drop((writer, readers));
        tokio::time::sleep(PAUSE_AFTER_TRY).await;
    }
}

/// Copies the log into the file and cuts it, waiting for readers up to `sqlite_busy_timeout`; false
/// where they did not leave it in time.
async fn restart(writer: &Pool) -> Result<bool, DatabaseError> {
    let holder = Holder::Name("the write-ahead log's checkpoint".into());
    let mut lease = writer.acquire(Some(Mode::ReadWrite), &holder).await?;
    let sql = "PRAGMA wal_checkpoint(TRUNCATE)";
    let row = sqlx::query(sql).fetch_one(&mut *lease).await?;
    // It sets nothing that the next user would see.
    if let Some(link) = lease.link() {
        link.forget_session_change();
    }
    let busy: i64 = row.try_get(0)?;
    Ok(busy == 0)
}
