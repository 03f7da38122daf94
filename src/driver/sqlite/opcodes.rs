//! What a statement is made of: the instructions of SQLite's machine.

use rusqlite::Connection;

/// The instructions of a reading statement that may take any time by themselves
/// (<https://sqlite.org/opcode.html>): `Count` walks a whole table, `IntegrityCk` the whole file, and
/// a virtual table does what it likes.
const UNBOUNDED: [&str; 4] = ["Count", "IntegrityCk", "VOpen", "VFilter"];

/// The instruction that sorts all that was gathered before it.
const SORT: &str = "SorterSort";

/// How soon a statement can be stopped.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Stops {
    /// Soon at any time.
    AtOnce,
    /// Soon, except while it sorts what it has gathered.
    AfterSorting,
    /// It may go on for any time.
    Late,
}

/// The instructions of a writing statement that go around in a loop, run another program, or take any
/// time by themselves. What has none of them is over after as many instructions as it has, but for
/// the rows of a RETURNING, which are no more than those written.
const LOOPING: [&str; 23] = [
    "Prev",
    "VNext",
    "VFilter",
    "VOpen",
    "VUpdate",
    "SorterOpen",
    "SorterSort",
    "SorterNext",
    "Sort",
    "Gosub",
    "Return",
    "Yield",
    "InitCoroutine",
    "Program",
    "RowSetRead",
    "RowSetTest",
    "DecrJumpZero",
    "Count",
    "Clear",
    "Destroy",
    "IntegrityCk",
    "Savepoint",
    "AutoCommit",
];

/// Whether the statement writes a bounded number of rows, one mostly, without a loop: an INSERT of one
/// row, an UPDATE or DELETE by a unique key. `gives_rows` is whether it may give any. `None` where it
/// can't be told now.
pub(super) fn is_straight(connection: &Connection, sql: &str, gives_rows: bool) -> Option<bool> {
    let look = || -> rusqlite::Result<bool> {
        let mut explained = connection.prepare(&format!("EXPLAIN {sql}"))?;
        let mut rows = explained.raw_query();
        let mut instructions: Vec<(i64, String, i64, i64)> = Vec::new();
        while let Some(row) = rows.next()? {
            instructions.push((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
        }
        let own_tables: Vec<i64> = instructions
            .iter()
            .filter(|(_, name, ..)| name == "OpenEphemeral")
            .map(|(_, _, table, _)| *table)
            .collect();
        let loops = |(address, name, first, target): &(i64, String, i64, i64)| match name.as_str() {
            // The rows of RETURNING.
            "Next" => !own_tables.contains(first),
            // Each program ends with a jump to its beginning, once.
            "Goto" => target <= address && *target != 1,
            "ResultRow" => !gives_rows,
            name => LOOPING.contains(&name),
        };
        Ok(!instructions.iter().any(loops))
    };
    let straight = look();
    if let Err(error) = &straight {
        tracing::debug!(%error, "a statement could not be explained, it stays on its own thread");
    }
    straight.ok()
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
            if UNBOUNDED.contains(&name) {
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
    fn what_gives_rows_is_straight_where_it_may() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch("CREATE TABLE t (id BIGINT PRIMARY KEY)")
            .unwrap();
        for (sql, expected) in [
            ("UPDATE t SET id = 2 WHERE id = 1", true),
            ("UPDATE t SET id = 2 WHERE id = 1 RETURNING id", false),
        ] {
            assert_eq!(
                is_straight(&connection, sql, false),
                Some(expected),
                "{sql}"
            );
        }
    }

    #[test]
    fn only_what_writes_by_a_unique_key_is_straight() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL CHECK (n BETWEEN -5 AND 5), u TEXT UNIQUE);
                 CREATE INDEX i ON t (n);
                 CREATE TABLE parent (id BIGINT PRIMARY KEY);
                 CREATE TABLE child (id BIGINT PRIMARY KEY, p BIGINT REFERENCES parent (id));
                 CREATE TABLE logged (id BIGINT PRIMARY KEY);
                 CREATE TRIGGER log AFTER INSERT ON logged BEGIN UPDATE t SET n = 0; END;
                 PRAGMA foreign_keys = ON",
            )
            .unwrap();
        for (sql, expected) in [
            ("INSERT INTO t VALUES (?1, ?2, ?3)", true),
            ("INSERT INTO t VALUES (?1, ?2, ?3) RETURNING id, n", true),
            (
                "INSERT INTO t VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET n = excluded.n",
                true,
            ),
            ("INSERT INTO child VALUES (?1, ?2)", true),
            ("UPDATE t SET n = n + ?1 WHERE id = ?2", true),
            ("UPDATE t SET n = ?1 WHERE u = ?2", true),
            ("DELETE FROM t WHERE id = ?1", true),
            ("INSERT INTO t VALUES (1, 2, 3), (2, 3, 4)", false),
            ("INSERT INTO t SELECT * FROM t", false),
            ("UPDATE t SET n = 0", false),
            ("UPDATE t SET n = 0 WHERE n > 1", false),
            ("UPDATE t SET n = 0 WHERE id IN (1, 2, 3)", false),
            (
                "UPDATE t SET n = (SELECT max(n) FROM t) WHERE id = 1",
                false,
            ),
            ("DELETE FROM t", false),
            ("DELETE FROM t WHERE id = 1 OR u = 'a'", false),
            ("DELETE FROM parent WHERE id = ?1", false),
            ("INSERT INTO logged VALUES (?1)", false),
        ] {
            assert_eq!(is_straight(&connection, sql, true), Some(expected), "{sql}");
        }
    }

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
            ("SELECT nothing FROM t", None),
        ] {
            assert_eq!(stops(&connection, sql), expected, "{sql}");
        }
    }
}
