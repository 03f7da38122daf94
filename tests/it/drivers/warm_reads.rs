//! Short reads of several connections, which on SQLite may go through one of them.

use sqlx::{AnyConnection, Connection as _, Row as _};
use twinbase::config::Engine;
use twinbase::testing::{TestDatabase, run};

use super::{driver_url, pool, raw};

const SELECT: &str = "SELECT n FROM t WHERE id = $1";

async fn read(connection: &mut AnyConnection, id: i64) -> Option<i64> {
    let row = sqlx::query(SELECT)
        .bind(id)
        .fetch_optional(connection)
        .await
        .unwrap();
    row.map(|row| row.get(0))
}

async fn write(connection: &mut AnyConnection, sql: &'static str, id: i64) {
    sqlx::query(sql).bind(id).execute(connection).await.unwrap();
}

/// So many connections that have proven the SELECT short.
async fn connections(test: &TestDatabase, count: usize) -> Vec<AnyConnection> {
    let setup = pool(test, 1).await;
    raw(&setup, "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT)").await;
    raw(&setup, "INSERT INTO t (id, n) VALUES (0, 0)").await;
    setup.close().await;
    let mut all = Vec::new();
    for _ in 0..count {
        let mut connection = AnyConnection::connect(&driver_url(test)).await.unwrap();
        for _ in 0..5 {
            assert_eq!(read(&mut connection, 0).await, Some(0));
        }
        all.push(connection);
    }
    all
}

twinbase::on_both_engines! {
    async fn each_connection_reads_what_any_of_them_has_committed(test: TestDatabase) {
        let mut all = connections(&test, 3).await;
        for round in 1..200_i64 {
            let writer = usize::try_from(round % 3).unwrap();
            write(&mut all[writer], "UPDATE t SET n = $1 WHERE id = 0", round).await;
            for connection in &mut all {
                assert_eq!(read(connection, 0).await, Some(round));
            }
        }
    }

    async fn an_open_transaction_is_seen_by_its_connection_alone(test: TestDatabase) {
        let mut all = connections(&test, 2).await;
        let [one, other] = all.as_mut_slice() else { unreachable!() };
        for round in 1..50_i64 {
            let mut transaction = one.begin().await.unwrap();
            write(&mut transaction, "INSERT INTO t (id, n) VALUES ($1, 1)", round).await;
            assert_eq!(read(&mut transaction, round).await, Some(1));
            assert_eq!(read(other, round).await, None);
            assert_eq!(read(&mut transaction, round).await, Some(1));
            if round % 2 == 0 {
                transaction.commit().await.unwrap();
            } else {
                transaction.rollback().await.unwrap();
            }
            let expected = (round % 2 == 0).then_some(1);
            assert_eq!(read(other, round).await, expected);
            assert_eq!(read(one, round).await, expected);
        }
    }

    async fn a_transaction_keeps_its_snapshot_while_others_read_on(test: TestDatabase) {
        let mut all = connections(&test, 2).await;
        let [one, other] = all.as_mut_slice() else { unreachable!() };
        let begin = match test.engine() {
            Engine::Sqlite => "BEGIN",
            Engine::Postgres => "BEGIN ISOLATION LEVEL REPEATABLE READ",
        };
        let mut transaction = one.begin_with(begin).await.unwrap();
        assert_eq!(read(&mut transaction, 0).await, Some(0));
        for round in 1..20_i64 {
            write(other, "UPDATE t SET n = $1 WHERE id = 0", round).await;
            assert_eq!(read(other, 0).await, Some(round));
            assert_eq!(read(&mut transaction, 0).await, Some(0));
        }
        transaction.commit().await.unwrap();
        assert_eq!(read(one, 0).await, Some(19));
    }

    async fn what_a_connection_has_to_itself_stays_its_own(test: TestDatabase) {
        let mut all = connections(&test, 2).await;
        let [one, other] = all.as_mut_slice() else { unreachable!() };
        sqlx::raw_sql("CREATE TEMPORARY TABLE t (id BIGINT, n BIGINT)").execute(&mut *one).await.unwrap();
        write(one, "INSERT INTO t (id, n) VALUES ($1, 7)", 0).await;
        for _ in 0..20 {
            assert_eq!(read(one, 0).await, Some(7));
            assert_eq!(read(other, 0).await, Some(0));
        }
    }

    async fn a_table_altered_through_one_is_read_as_it_is_through_another(test: TestDatabase) {
        let mut all = connections(&test, 2).await;
        let [one, other] = all.as_mut_slice() else { unreachable!() };
        let changes = ["ALTER TABLE t ADD COLUMN a BIGINT DEFAULT 1", "ALTER TABLE t ADD COLUMN b BIGINT DEFAULT 2"];
        for (columns, change) in (2..).zip(changes) {
            for _ in 0..5 {
                for connection in [&mut *one, &mut *other] {
                    let row = sqlx::query("SELECT * FROM t WHERE id = $1").bind(0_i64).fetch_one(connection).await.unwrap();
                    assert_eq!(row.len(), columns);
                }
            }
            sqlx::raw_sql(change).execute(&mut *one).await.unwrap();
        }
        let row = sqlx::query("SELECT * FROM t WHERE id = $1").bind(0_i64).fetch_one(other).await.unwrap();
        assert_eq!(row.get::<i64, _>("b"), 2);
    }

    async fn a_closed_connection_is_no_longer_read_through(test: TestDatabase) {
        let mut all = connections(&test, 3).await;
        for _ in 0..2 {
            let mut last = all.pop().unwrap();
            assert_eq!(read(&mut last, 0).await, Some(0));
            last.close().await.unwrap();
            for connection in &mut all {
                connection.ping().await.unwrap();
                assert_eq!(read(connection, 0).await, Some(0));
            }
        }
    }
}

#[test]
fn a_connection_reads_through_the_one_that_the_thread_used_last() {
    // PostgreSQL's connections have no such short way.
    run(Engine::Sqlite, |test| async move {
        let mut all = connections(&test, 2).await;
        let [one, other] = all.as_mut_slice() else {
            unreachable!()
        };
        // A machine that is busy elsewhere now and then makes a read too long for that.
        let mut needless = Vec::new();
        let is_usual = |needless: &[bool]| {
            let last = needless.iter().rev().take(8);
            last.filter(|needless| **needless).count() >= 4
        };
        while needless.len() < 100 && !is_usual(&needless) {
            // The other, whose statement has gone, does not need its own.
            other.clear_cached_statements().await.unwrap();
            let before = other.cached_statements_size();
            for connection in [&mut *one, &mut *other] {
                for _ in 0..10 {
                    assert_eq!(read(connection, 0).await, Some(0));
                }
            }
            needless.push(other.cached_statements_size() == before);
        }
        assert!(is_usual(&needless), "it read through its own: {needless:?}");
    });
}

#[test]
fn each_tells_of_its_own_last_write() {
    // PostgreSQL's connections have no such short way.
    run(Engine::Sqlite, |test| async move {
        let mut all = connections(&test, 2).await;
        for (at, connection) in all.iter_mut().enumerate() {
            let rows = i64::try_from(at).unwrap() + 1;
            for row in 0..rows {
                write(
                    connection,
                    "INSERT INTO t (id, n) VALUES ($1, 0)",
                    100 * rows + row,
                )
                .await;
            }
        }
        for _ in 0..20 {
            for (connection, expected) in all.iter_mut().zip([(2, 1), (4, 2)]) {
                let own = "SELECT last_insert_rowid(), total_changes()";
                let row = sqlx::query(own).fetch_one(connection).await.unwrap();
                assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), expected);
            }
        }
    });
}

#[test]
fn another_file_of_the_same_name_is_not_taken_for_it() {
    // PostgreSQL's connections have no such short way.
    run(Engine::Sqlite, |test| async move {
        let mut all = connections(&test, 1).await;
        let file = test.url().sqlite_file().unwrap().to_owned();
        let folder = tempfile::tempdir().unwrap();
        for name in std::fs::read_dir(file.parent().unwrap()).unwrap() {
            let name = name.unwrap().file_name();
            std::fs::rename(file.with_file_name(&name), folder.path().join(&name)).unwrap();
        }
        let mut new = connections(&test, 1).await;
        write(&mut new[0], "UPDATE t SET n = $1", 5).await;
        for _ in 0..20 {
            assert_eq!(read(&mut all[0], 0).await, Some(0));
            assert_eq!(read(&mut new[0], 0).await, Some(5));
        }
    });
}
