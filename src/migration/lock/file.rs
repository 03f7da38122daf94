//! The lock of the operating system on a file beside a `SQLite` database. It ends with its process.
//!
//! `SQLite`'s own write lock ends with each transaction, and a migration is more than one: the backup,
//! foreign keys off, a statement that can't be in a transaction.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::{Lock, Look};
use crate::migration::MigrationError;
use crate::types::Timestamp;

/// A lock that is held. It ends with the value, and its file is removed.
#[derive(Debug)]
pub(in crate::migration) struct FileLock {
    path: PathBuf,
    _file: File,
}

impl Drop for FileLock {
    fn drop(&mut self) {
        // Whoever has opened the file by now finds that it is not the one of this name any more.
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(error = %error, path = %self.path.display(), "the migration lock's file stays");
        }
    }
}

/// The file of the lock for the database that the connection has open.
pub(super) async fn path(conn: &mut AnyConnection) -> Result<String, sqlx::Error> {
    let row = conn
        .fetch_one("SELECT file FROM pragma_database_list WHERE name = 'main'")
        .await?;
    Ok(format!("{}.migrate.lock", row.try_get::<String, _>(0)?))
}

/// Tries to take the lock.
pub(super) fn look(path: &str, application: &str) -> Result<Look, MigrationError> {
    let unfit = |source| MigrationError::LockFile {
        path: path.to_owned(),
        source,
    };
    let mut file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(unfit)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let holder = std::fs::read_to_string(path).unwrap_or_default();
            return Ok(Look::Held(Some(holder).filter(|text| !text.is_empty())));
        }
        Err(TryLockError::Error(error)) => return Err(unfit(error)),
    }
    if !is_at(&file, Path::new(path)).map_err(unfit)? {
        // Its holder was done between our opening and our locking it.
        return Ok(Look::Held(None));
    }
    let holder = format!(
        "pid {} ({application}) since {}",
        std::process::id(),
        Timestamp::now()
    );
    file.set_len(0).map_err(unfit)?;
    file.write_all(holder.as_bytes()).map_err(unfit)?;
    Ok(Look::Had(Lock::File(FileLock {
        path: PathBuf::from(path),
        _file: file,
    })))
}

/// Whether the open file is the one that has this name now.
#[cfg(unix)]
fn is_at(file: &File, path: &Path) -> std::io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let here = file.metadata()?;
    Ok(std::fs::metadata(path)
        .is_ok_and(|there| (there.dev(), there.ino()) == (here.dev(), here.ino())))
}

/// Elsewhere a file that is open can't be removed.
#[cfg(not(unix))]
fn is_at(_file: &File, _path: &Path) -> std::io::Result<bool> {
    Ok(true)
}
