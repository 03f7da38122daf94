//! When a mark may be held, by how much of the log it would hold back.

use std::time::Duration;

use rusqlite::Connection;

/// How long the mark is held before a new one is taken.
pub(super) const HOLD: Duration = Duration::from_millis(5);
/// The frames of a log that may be held back from the file: half of what SQLite copies after
/// (<https://sqlite.org/c3ref/wal_autocheckpoint.html>).
const FRAMES: i64 = 500;
/// Where frames are held back, there is a gap in each period, as the system's clock has it: a checkpoint may
/// wait for the very mark that is taken again and again, by the holders of several processes, while it lets
/// nobody write. It looks again after up to 10 ms, in this driver, or 100 ms, which is no multiple of the period.
const PERIOD: Duration = Duration::from_millis(130);
/// The length of the gap.
const GAP: Duration = Duration::from_millis(12);

/// What is to be done next.
#[derive(Debug, Eq, PartialEq)]
pub(super) enum Step {
    /// Hold the mark so long.
    Hold(Duration),
    /// Hold none, and look again so long after.
    Wait(Duration),
}

/// How much of the log is in the file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Log {
    frames: i64,
    copied: i64,
}

impl Log {
    /// Asks SQLite, which copies nothing then. "NOOP" is known from 3.51 on.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Self> {
        connection
            .prepare_cached("PRAGMA wal_checkpoint(NOOP)")?
            .query_row([], |row| {
                Ok(Self {
                    frames: row.get(1)?,
                    copied: row.get(2)?,
                })
            })
    }

    /// What to do where the mark is wanted, at this time since any epoch that the processes share.
    pub(super) fn step(self, now: Duration) -> Step {
        if self.frames == self.copied {
            // What is held then is the mark of those who read the file alone: who has copied more waits
            // for it once.
            return Step::Hold(HOLD);
        }
        if self.frames >= FRAMES {
            return Step::Wait(HOLD);
        }
        let period = PERIOD.as_nanos();
        let Ok(since) = u64::try_from(now.as_nanos() % period).map(Duration::from_nanos) else {
            return Step::Wait(HOLD);
        };
        match since.checked_sub(GAP) {
            Some(_) => Step::Hold(HOLD.min(PERIOD.saturating_sub(since))),
            None => Step::Wait(GAP.saturating_sub(since)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_is_not_copied_has_gaps_that_all_processes_share() {
        let ms = Duration::from_millis;
        let small = Log {
            frames: 2,
            copied: 1,
        };
        let at = |now: u64| small.step(ms(130 * 1_000_000 + now));
        assert_eq!(at(0), Step::Wait(ms(12)));
        assert_eq!(at(11), Step::Wait(ms(1)));
        assert_eq!(at(12), Step::Hold(ms(5)));
        assert_eq!(at(125), Step::Hold(ms(5)));
        assert_eq!(at(128), Step::Hold(ms(2)), "it ends when the gap begins");
        assert_eq!(at(130), Step::Wait(ms(12)));
        let all_copied = Log {
            frames: 2,
            copied: 2,
        };
        assert_eq!(all_copied.step(Duration::ZERO), Step::Hold(ms(5)));
    }
}
