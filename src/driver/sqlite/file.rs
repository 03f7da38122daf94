//! Which file it is that has a name: another may take the name.

use std::path::{Path, PathBuf};

/// A file and the name that it had.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct NamedFile {
    name: PathBuf,
    id: FileId,
}

impl NamedFile {
    /// The file that has this name now; `None` where it can't be told.
    pub(super) fn of(name: &Path) -> Option<Self> {
        let name = std::path::absolute(name).ok()?;
        let id = FileId::of(&name)?;
        Some(Self { name, id })
    }

    /// An absolute path.
    pub(super) fn name(&self) -> &Path {
        &self.name
    }

    /// Whether it still has its name.
    pub(super) fn has_its_name(&self) -> bool {
        FileId::of(&self.name).as_ref() == Some(&self.id)
    }

    /// Whether both are the same file, whatever their names.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

/// A file, whatever its name.
#[cfg(unix)]
#[derive(Clone, Debug, Eq, PartialEq)]
struct FileId(u64, u64);

/// Elsewhere a file that is open keeps its name.
#[cfg(not(unix))]
#[derive(Clone, Debug, Eq, PartialEq)]
struct FileId(PathBuf);

impl FileId {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt as _;
        let file = std::fs::metadata(path).ok()?;
        Some(Self(file.dev(), file.ino()))
    }

    #[cfg(not(unix))]
    fn of(path: &Path) -> Option<Self> {
        std::fs::canonicalize(path).ok().map(Self)
    }
}
