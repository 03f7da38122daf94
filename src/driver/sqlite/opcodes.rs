//! What a statement is made of: the instructions of SQLite's machine.

use rusqlite::Connection;

/// The instructions of a reading statement that may take any time by themselves
/// (<https://sqlite.org/opcode.html>): `Count` walks a whole table, `IntegrityCk` the whole file, and
/// a virtual table does what it likes.
const UNBOUNDED: [&str; 4] = ["Count", "IntegrityCk", "VOpen", "VFilter"];

/// Whether the statement can be stopped soon at any time.
///
/// SQLite asks whether to go on between its instructions only. `None` where it can't be told now.
pub(super) fn can_be_stopped(connection: &Connection, sql: &str) -> Option<bool> {
    let all_bounded = || -> rusqlite::Result<bool> {
        let mut explained = connection.prepare(&format!("EXPLAIN {sql}"))?;
        let mut instructions = explained.raw_query();
        while let Some(instruction) = instructions.next()? {
            if UNBOUNDED.contains(&instruction.get_ref(1)?.as_str()?) {
                return Ok(false);
            }
        }
        Ok(true)
    };
    let bounded = all_bounded();
    if let Err(error) = &bounded {
        tracing::debug!(%error, "a statement could not be explained, it stays on its own thread");
    }
    bounded.ok()
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
            ("SELECT b FROM t WHERE a = ?1", Some(true)),
            ("SELECT count(*) FROM t WHERE b > ?1", Some(true)),
            (
                "WITH x AS (SELECT 1) SELECT b FROM t ORDER BY b",
                Some(true),
            ),
            ("SELECT count(*) FROM t", Some(false)),
            (
                "SELECT a FROM t WHERE a < (SELECT count(*) FROM t)",
                Some(false),
            ),
            ("SELECT value FROM json_each(?1)", Some(false)),
            (
                "SELECT integrity_check FROM pragma_integrity_check",
                Some(false),
            ),
            ("SELECT nothing FROM t", None),
        ] {
            assert_eq!(can_be_stopped(&connection, sql), expected, "{sql}");
        }
    }
}
