//! What a statement is made of: the instructions of SQLite's machine.

use rusqlite::Connection;

/// The instructions of a reading statement that may take any time by themselves
/// (<https://sqlite.org/opcode.html>): `Count` walks a whole table, `IntegrityCk` the whole file, and
/// a virtual table does what it likes. Neither does `like()` look at the clock, whose time is the product
/// of the lengths of pattern and text.
const UNBOUNDED: [&str; 4] = ["Count", "IntegrityCk", "VOpen", "VFilter"];

/// The functions that tell what their connection wrote last: one that reads for others
/// ([`warm`](super::warm)) must not be asked.
const OF_CONNECTION: [&str; 3] = ["changes(", "last_insert_rowid(", "total_changes("];

/// The instruction that sorts all that was gathered before it.
const SORT: &str = "SorterSort";

/// How soon a statement can be stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stops {
    /// Soon at any time.
    AtOnce,
    /// Soon, except while it sorts what it has gathered.
    AfterSorting,
    /// It may go on for any time, or has to run on its own connection.
    Late,
}

/// How soon the statement can be stopped.
///
/// SQLite asks whether to go on between its instructions only. `None` where it can't be told now.
pub(super) fn stops(connection: &Connection, sql: &str) -> Option<Stops> {
    let slowest = || -> rusqlite::Result<Stops> {
        let mut explained = connection.prepare(&format!("EXPLAIN {sql}"))?;
        let mut instructions = explained.raw_query();
        let mut stops = Stops::AtOnce;
        while let Some(instruction) = instructions.next()? {
            let name = instruction.get_ref(1)?.as_str()?;
            let keeps = name.ends_with("unc") || name == "Function";
            let keeps = keeps
                && instruction.get_ref(5)?.as_str().is_ok_and(|function| {
                    function.starts_with("like(")
                        || OF_CONNECTION.iter().any(|own| function.starts_with(own))
                });
            if UNBOUNDED.contains(&name) || keeps {
                return Ok(Stops::Late);
            }
            if name == SORT {
                stops = Stops::AfterSorting;
            }
        }
        Ok(stops)
    };
    let stops = slowest();
    if let Err(error) = &stops {
        tracing::debug!(%error, "a statement could not be explained, it stays on its own thread");
    }
    stops.ok()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_in_one_instruction_is_told_apart() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (a INTEGER PRIMARY KEY, b TEXT)")
            .unwrap();
        for (sql, expected) in [
            ("SELECT b FROM t WHERE a = ?1", Some(Stops::AtOnce)),
            ("SELECT count(*) FROM t WHERE b > ?1", Some(Stops::AtOnce)),
            (
                "WITH x AS (SELECT 1) SELECT b FROM t ORDER BY b",
                Some(Stops::AfterSorting),
            ),
            ("SELECT count(*) FROM t", Some(Stops::Late)),
            (
                "SELECT a FROM t WHERE a < (SELECT count(*) FROM t)",
                Some(Stops::Late),
            ),
            ("SELECT value FROM json_each(?1)", Some(Stops::Late)),
            (
                "SELECT integrity_check FROM pragma_integrity_check",
                Some(Stops::Late),
            ),
            ("SELECT last_insert_rowid()", Some(Stops::Late)),
            ("SELECT b FROM t WHERE a = changes()", Some(Stops::Late)),
            ("SELECT b FROM t LIMIT total_changes()", Some(Stops::Late)),
            ("SELECT nothing FROM t", None),
        ] {
            assert_eq!(stops(&connection, sql), expected, "{sql}");
        }
    }
}
