//! Which writes may run on the caller's thread: those of one row, by a unique key, that is never large.
//!
//! Such a write can't be stopped without cost to its transaction, so what it may take is told from its
//! program (`EXPLAIN`) and its table. An INSERT has no values but those that are bound, within a limit
//! that SQLite holds before it writes. An UPDATE or DELETE frees what the row had, however large, in one
//! instruction: it is for tables alone whose columns are all small by their type.

use super::declared::Declared;
use rusqlite::{Connection, OptionalExtension as _};

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

/// The longest `VARCHAR(n)` of a table whose rows are small.
const SMALL_TEXT: u32 = 255;

/// An instruction: its address, name, and first two operands.
type Instruction = (i64, String, i64, i64);

/// What a write is, as far as that matters here.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Write {
    /// An INSERT that replaces nothing.
    Insert,
    /// Any other.
    Change,
}

/// Whether the write is over soon, whatever its arguments are. `None` where it can't be told now.
pub(super) fn is_straight(connection: &Connection, sql: &str, write: Write) -> Option<bool> {
    let look = || -> rusqlite::Result<bool> {
        let instructions = explain(connection, sql)?;
        let has = |wanted: &str| instructions.iter().any(|(_, name, ..)| name == wanted);
        let own_tables: Vec<i64> = instructions
            .iter()
            .filter(|(_, name, ..)| name == "OpenEphemeral")
            .map(|(_, _, table, _)| *table)
            .collect();
        let loops = |(address, name, first, target): &Instruction| match name.as_str() {
            // The rows of RETURNING.
            "Next" => !own_tables.contains(first),
            // Each program ends with a jump to its beginning, once.
            "Goto" => target <= address && *target != 1,
            name => LOOPING.contains(&name),
        };
        if instructions.iter().any(loops) {
            return Ok(false);
        }
        match write {
            // One that replaces a row deletes it.
            Write::Insert => Ok(!has("Delete") && !has("IdxDelete")),
            Write::Change if has("ResultRow") => Ok(false),
            Write::Change => {
                let roots = instructions
                    .iter()
                    .filter(|(_, name, ..)| name == "OpenWrite")
                    .map(|(_, _, _, root)| *root);
                are_small(connection, roots)
            }
        }
    };
    let straight = look();
    if let Err(error) = &straight {
        tracing::debug!(%error, "a statement could not be explained, it stays on its own thread");
    }
    straight.ok()
}

fn explain(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<Instruction>> {
    let mut explained = connection.prepare(&format!("EXPLAIN {sql}"))?;
    let mut rows = explained.raw_query();
    let mut instructions = Vec::new();
    while let Some(row) = rows.next()? {
        instructions.push((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?));
    }
    Ok(instructions)
}

/// Whether the rows of the tables and indexes with these roots are small by the types of their columns.
fn are_small(connection: &Connection, roots: impl Iterator<Item = i64>) -> rusqlite::Result<bool> {
    let mut table_of =
        connection.prepare_cached("SELECT tbl_name FROM sqlite_schema WHERE rootpage = ?1")?;
    let mut types_of = connection.prepare_cached("SELECT type FROM pragma_table_xinfo(?1)")?;
    for root in roots {
        let table: Option<String> = table_of.query_row([root], |row| row.get(0)).optional()?;
        // One of another database.
        let Some(table) = table else {
            return Ok(false);
        };
        let mut types = types_of.query([table])?;
        while let Some(row) = types.next()? {
            if !is_small(row.get_ref(0)?.as_str()?) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

fn is_small(declared: &str) -> bool {
    let length = || {
        let (_, rest) = declared.split_once('(')?;
        rest.split([',', ')']).next()?.trim().parse::<u32>().ok()
    };
    match Declared::parse(declared) {
        Declared::Boolean
        | Declared::SmallInt
        | Declared::Integer
        | Declared::BigInt
        | Declared::Double
        | Declared::Uuid
        | Declared::Timestamptz
        | Declared::Date => true,
        Declared::Text | Declared::Decimal => length().is_some_and(|length| length <= SMALL_TEXT),
        _ => false,
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::Write::{Change, Insert};
    use super::*;

    #[test]
    fn only_a_write_of_one_small_row_by_a_unique_key_is_straight() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(
                "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL CHECK (n BETWEEN -5 AND 5), u VARCHAR(20) UNIQUE,
                    price NUMERIC_TEXT(20,8));
                 CREATE INDEX i ON t (n);
                 CREATE TABLE wide (id BIGINT PRIMARY KEY, n BIGINT, note TEXT);
                 CREATE TABLE parent (id BIGINT PRIMARY KEY);
                 CREATE TABLE child (id BIGINT PRIMARY KEY, p BIGINT REFERENCES parent (id));
                 CREATE TABLE logged (id BIGINT PRIMARY KEY);
                 CREATE TRIGGER log AFTER INSERT ON logged BEGIN UPDATE t SET n = 0; END;
                 PRAGMA foreign_keys = ON",
            )
            .unwrap();
        for (sql, write, expected) in [
            ("INSERT INTO t VALUES (?1, ?2, ?3, ?4)", Insert, true),
            (
                "INSERT INTO t VALUES (?1, ?2, ?3, ?4) RETURNING id, n",
                Insert,
                true,
            ),
            ("INSERT INTO wide VALUES (?1, ?2, ?3)", Insert, true),
            ("INSERT INTO child VALUES (?1, ?2)", Insert, true),
            ("UPDATE t SET n = n + ?1 WHERE id = ?2", Change, true),
            ("UPDATE t SET n = ?1 WHERE u = ?2", Change, true),
            ("DELETE FROM t WHERE id = ?1", Change, true),
            (
                "INSERT INTO t VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET n = excluded.n",
                Insert,
                false,
            ),
            (
                "INSERT OR REPLACE INTO t VALUES (?1, ?2, ?3, ?4)",
                Insert,
                false,
            ),
            (
                "UPDATE t SET n = ?1 WHERE id = ?2 RETURNING n",
                Change,
                false,
            ),
            ("UPDATE wide SET n = ?1 WHERE id = ?2", Change, false),
            ("DELETE FROM wide WHERE id = ?1", Change, false),
            (
                "INSERT INTO t VALUES (1, 2, 3, 4), (2, 3, 4, 5)",
                Insert,
                false,
            ),
            ("INSERT INTO t SELECT * FROM t", Insert, false),
            ("UPDATE t SET n = 0", Change, false),
            ("UPDATE t SET n = 0 WHERE n > 1", Change, false),
            ("UPDATE t SET n = 0 WHERE id IN (1, 2, 3)", Change, false),
            (
                "UPDATE t SET n = (SELECT max(n) FROM t) WHERE id = 1",
                Change,
                false,
            ),
            ("DELETE FROM t", Change, false),
            ("DELETE FROM t WHERE id = 1 OR u = 'a'", Change, false),
            ("DELETE FROM parent WHERE id = ?1", Change, false),
            ("INSERT INTO logged VALUES (?1)", Insert, false),
        ] {
            assert_eq!(
                is_straight(&connection, sql, write),
                Some(expected),
                "{sql}"
            );
        }
    }
}
