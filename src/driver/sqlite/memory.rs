//! In-memory databases that several connections share: a private temporary file each.
//!
//! SQLite's own in-memory databases don't do: each connection gets one of its own, and where they
//! share one (a shared cache, the memdb VFS) readers and writers block each other.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// A database in a private temporary folder, which is removed with the last handle and connection.
///
/// A process that is killed leaves the folder behind, in the system's folder for temporary files.
#[derive(Clone, Debug)]
pub struct MemoryDatabase(Arc<Folder>);

#[derive(Debug)]
struct Folder {
    name: String,
    path: PathBuf,
}

/// The databases that are in use, by name.
static IN_USE: Mutex<Option<HashMap<String, Weak<Folder>>>> = Mutex::new(None);

impl MemoryDatabase {
    /// A new database under a name that no other has.
    ///
    /// # Errors
    /// Where the folder can't be made.
    pub fn new() -> std::io::Result<Self> {
        Self::named(&unique())
    }

    /// The database of that name in this process: the one that is in use, or else a new one.
    ///
    /// # Errors
    /// Where the folder can't be made.
    pub fn named(name: &str) -> std::io::Result<Self> {
        let mut in_use = IN_USE.lock().unwrap_or_else(PoisonError::into_inner);
        let in_use = in_use.get_or_insert_default();
        if let Some(folder) = in_use.get(name).and_then(Weak::upgrade) {
            return Ok(Self(folder));
        }
        in_use.retain(|_, folder| folder.strong_count() > 0);
        let path = std::env::temp_dir().join(format!("twinbase-memory-{}", unique()));
        private_folder(&path)?;
        let folder = Arc::new(Folder {
            name: name.to_owned(),
            path,
        });
        in_use.insert(name.to_owned(), Arc::downgrade(&folder));
        Ok(Self(folder))
    }

    /// The name under which this process finds it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The file that holds it.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.0.path.join("memory.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(
                folder = %self.path.display(),
                %error,
                "the folder of an in-memory database could not be removed; remove it by hand"
            );
        }
    }
}

/// A text that neither this process nor another one has had.
fn unique() -> String {
    let random = RandomState::new().hash_one(std::time::SystemTime::now());
    format!("{}-{random:016x}", std::process::id())
}

/// Makes a folder that nobody else may read; an existing one is an error.
fn private_folder(path: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_shared_while_it_is_in_use_and_its_folder_removed_after() {
        let first = MemoryDatabase::named("shared-while-in-use").unwrap();
        let second = MemoryDatabase::named("shared-while-in-use").unwrap();
        let path = first.path();
        assert_eq!(path, second.path());
        assert_ne!(path, MemoryDatabase::new().unwrap().path());
        drop(first);
        assert!(path.parent().unwrap().exists());
        drop(second);
        assert!(!path.parent().unwrap().exists());
        let third = MemoryDatabase::named("shared-while-in-use").unwrap();
        assert_ne!(path, third.path());
    }
}
