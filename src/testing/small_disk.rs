//! A disk that is soon full.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::postgres::unprivileged;

/// The variable that leaves these tests out by name.
const LEAVE_OUT: &str = "TWINBASE_TEST_LEAVE_OUT";

/// A file system in memory of a few MiB, which is unmounted when it is dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: PathBuf,
}

impl SmallDisk {
    /// Mounts one of so many MiB, which the test's `PostgreSQL` server may write to as well. Mounting
    /// takes root, or `sudo` that asks for no password.
    ///
    /// `None` where someone has left it out by name: `TWINBASE_TEST_LEAVE_OUT=small-disk`.
    ///
    /// # Panics
    /// When it can't be mounted; the message says what to do.
    #[must_use]
    pub fn mount(mebibytes: u32) -> Option<Self> {
        if std::env::var(LEAVE_OUT)
            .is_ok_and(|names| names.split(',').any(|name| name == "small-disk"))
        {
            let _ = writeln!(
                std::io::stderr().lock(),
                "\nLEFT OUT: {LEAVE_OUT}=small-disk, so nothing is claimed of a disk that is full\n"
            );
            return None;
        }
        let folder = tempfile::Builder::new()
            .prefix("twinbase-small-disk-")
            .tempdir()
            .expect("a temporary folder")
            .keep();
        let owner = unprivileged().map_or_else(String::new, |(user, group)| {
            format!(",uid={user},gid={group}")
        });
        let options = format!("size={mebibytes}m,mode=0777{owner}");
        let mounted = as_root(&["mount", "-t", "tmpfs", "-o", &options, "tmpfs"], &folder);
        assert!(
            mounted,
            "no small disk can be mounted: run the tests as root or with a sudo that asks for no \
             password, or leave this out by name with {LEAVE_OUT}=small-disk"
        );
        Some(Self { folder })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.folder
    }

    /// Fills what room is left with a file that [`SmallDisk::make_room`] removes.
    ///
    /// # Panics
    /// When the file can't be made.
    pub fn fill(&self) {
        let mut file = std::fs::File::create(self.ballast()).expect("a file on the small disk");
        for size in [1 << 16, 1 << 9, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    /// Removes what [`SmallDisk::fill`] has put there.
    ///
    /// # Panics
    /// When it is not there.
    pub fn make_room(&self) {
        std::fs::remove_file(self.ballast()).expect("the disk was filled");
    }

    fn ballast(&self) -> PathBuf {
        self.folder.join("ballast")
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server may have files open until it has ended.
        if as_root(&["umount", "-l"], &self.folder) {
            let _ = std::fs::remove_dir(&self.folder);
        }
    }
}

/// Runs a command on a folder as root: as we are, or with sudo.
fn as_root(command: &[&str], folder: &Path) -> bool {
    let run = |words: &[&str]| {
        let ran = Command::new(words[0])
            .args(&words[1..])
            .arg(folder)
            .output();
        ran.is_ok_and(|output| output.status.success())
    };
    run(command) || run(&[&["sudo", "-n"], command].concat())
}
