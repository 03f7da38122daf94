//! Signals to processes of the test's own.

use std::fs;
use std::process::{Command, Stdio};

/// Sends a signal, by the shell's own `kill`: it is there wherever the harness runs.
///
/// # Panics
/// When there is no such process, or it is somebody else's.
pub(super) fn signal(name: &str, process: u32) {
    assert!(
        try_signal(name, process),
        "{process} can't be sent SIG{name}"
    );
}

/// Sends a signal; false where there is no such process any more.
pub(super) fn try_signal(name: &str, process: u32) -> bool {
    let status = Command::new("sh")
        .args(["-c", r#"kill -s "$1" "$2""#, "kill", name])
        .arg(process.to_string())
        .stderr(Stdio::null())
        .status()
        .expect("there is a shell");
    status.success()
}

/// The processes that this one has started and that still run.
pub(super) fn children(parent: u32) -> Vec<u32> {
    let entries = fs::read_dir("/proc").expect("Linux, or a system with its /proc");
    let processes = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    processes
        .filter(|process| parent_of(*process) == Some(parent))
        .collect()
}

fn parent_of(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // `12 (a name) with) S 1 …`: the name may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    rest.split_whitespace().nth(1)?.parse().ok()
}
