//! `sqlite::memory:` as one database for a whole pool.
//!
//! `SQLite`'s own in-memory databases are private to a connection, or shared with locks that make
//! readers and writers block each other. A temporary file in WAL mode has neither fault.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::{env, fs, io, process};

/// A private folder with one database file, removed when dropped.
#[derive(Debug)]
pub(super) struct MemoryFile {
    folder: PathBuf,
    file: PathBuf,
}

impl MemoryFile {
    /// Makes the folder under the system's temporary directory; the file comes with the first
    /// connection.
    pub(super) fn create() -> io::Result<Self> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        loop {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let folder =
                env::temp_dir().join(format!("twinbase-memory-{}-{number}", process::id()));
            let mut builder = fs::DirBuilder::new();
            #[cfg(unix)]
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            match builder.create(&folder) {
                Ok(()) => {
                    return Ok(Self {
                        file: folder.join("memory.db"),
                        folder,
                    });
                }
                // Left by a process of the same id that was killed.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn file(&self) -> &Path {
        &self.file
    }
}

impl Drop for MemoryFile {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(folder = %self.folder.display(), error = %error, "a temporary database was not removed");
        }
    }
}
