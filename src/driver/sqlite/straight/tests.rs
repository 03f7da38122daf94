use super::Course::{Stepwise, Straight, Winding};
use super::Write::{Change, Insert};
use super::*;

fn tables() -> Connection {
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
             CREATE TABLE free (id INTEGER PRIMARY KEY, a TEXT);
             CREATE TABLE generated (n BIGINT, g BLOB AS (zeroblob(n)) STORED);
             PRAGMA foreign_keys = ON",
        )
        .unwrap();
    connection
}

#[test]
fn only_a_write_of_one_small_row_by_a_unique_key_is_straight() {
    let connection = tables();
    for (sql, write, expected) in [
        ("INSERT INTO t VALUES (?1, ?2, ?3, ?4)", Insert, Straight),
        (
            "INSERT INTO t VALUES (?1, ?2, ?3, ?4) RETURNING id, n",
            Insert,
            Stepwise,
        ),
        (
            "INSERT INTO wide VALUES (?1, ?2, zeroblob(?3)) RETURNING id",
            Insert,
            Winding,
        ),
        (
            "INSERT INTO free VALUES (?1, ?2) ON CONFLICT (id) DO UPDATE SET a = a || excluded.a",
            Change,
            Winding,
        ),
        (
            "INSERT INTO generated (n) VALUES (?1), (?2)",
            Insert,
            Winding,
        ),
        ("INSERT INTO wide VALUES (?1, ?2, ?3)", Insert, Straight),
        ("INSERT INTO child VALUES (?1, ?2)", Insert, Straight),
        ("UPDATE t SET n = n + ?1 WHERE id = ?2", Change, Straight),
        ("UPDATE t SET n = ?1 WHERE u = ?2", Change, Straight),
        ("DELETE FROM t WHERE id = ?1", Change, Straight),
        (
            "INSERT INTO t VALUES (?1, ?2, ?3, ?4) ON CONFLICT (id) DO UPDATE SET n = excluded.n",
            Insert,
            Winding,
        ),
        (
            "INSERT OR REPLACE INTO t VALUES (?1, ?2, ?3, ?4)",
            Insert,
            Winding,
        ),
        (
            "UPDATE t SET n = ?1 WHERE id = ?2 RETURNING n",
            Change,
            Winding,
        ),
        ("UPDATE wide SET n = ?1 WHERE id = ?2", Change, Winding),
        ("DELETE FROM wide WHERE id = ?1", Change, Winding),
        ("INSERT INTO t SELECT * FROM t", Insert, Winding),
        ("UPDATE t SET n = 0", Change, Winding),
        ("UPDATE t SET n = 0 WHERE n > 1", Change, Winding),
        ("UPDATE t SET n = 0 WHERE id IN (1, 2, 3)", Change, Winding),
        (
            "UPDATE t SET n = (SELECT max(n) FROM t) WHERE id = 1",
            Change,
            Winding,
        ),
        ("DELETE FROM t", Change, Winding),
        ("DELETE FROM t WHERE id = 1 OR u = 'a'", Change, Winding),
        ("DELETE FROM parent WHERE id = ?1", Change, Winding),
        ("INSERT INTO logged VALUES (?1)", Insert, Winding),
    ] {
        assert_eq!(course(&connection, sql, write), Some(expected), "{sql}");
    }
}

#[test]
fn a_list_of_rows_is_straight_where_none_is_computed_or_kept_beside_one_that_is_refused() {
    let connection = tables();
    for (sql, expected) in [
        (
            "INSERT INTO t VALUES (1, 2, ?1, ?2), (?3, ?4, ?5, ?6)",
            Stepwise,
        ),
        (
            "INSERT INTO child VALUES (?1, ?2), (?3, ?4), (?5, ?6) RETURNING id",
            Stepwise,
        ),
        (
            "INSERT INTO wide VALUES (?1, ?2, zeroblob(?3)), (?4, ?5, ?6)",
            Winding,
        ),
        (
            "INSERT INTO wide SELECT ?1, ?2, ?3 UNION ALL SELECT id, n, note FROM wide",
            Winding,
        ),
        (
            "INSERT OR FAIL INTO t VALUES (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8)",
            Winding,
        ),
        (
            "INSERT OR REPLACE INTO t VALUES (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8)",
            Winding,
        ),
        (
            "INSERT INTO t VALUES (?1, ?2, ?3, ?4), (?5, ?6, ?7, ?8) ON CONFLICT (id) DO UPDATE SET n = 0",
            Winding,
        ),
        ("INSERT INTO logged VALUES (?1), (?2)", Winding),
    ] {
        assert_eq!(course(&connection, sql, Insert), Some(expected), "{sql}");
    }
    for (rows, expected) in [(256, Stepwise), (257, Winding)] {
        let sql = format!(
            "INSERT INTO wide (id) VALUES (?1){}",
            ", (?2)".repeat(rows - 1)
        );
        assert_eq!(
            course(&connection, &sql, Insert),
            Some(expected),
            "{rows} rows"
        );
    }
}
