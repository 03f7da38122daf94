use std::time::Duration;

use sqlx::{AnyConnection, Connection as _};
use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::{Database, ErrorKind};
use twinbase::testing::TestDatabase;

use super::{either, provoke, run, with_tables};

const TABLE: &str = "CREATE TABLE item (id BIGINT PRIMARY KEY, size SMALLINT, name VARCHAR(3))";

async fn kind_of(conn: &mut AnyConnection, sql: &str) -> ErrorKind {
    ErrorKind::of(&provoke(conn, sql).await)
}

/// A server's error with this code in its own words, where the real cause can't be had in a test.
fn raised(code: &str) -> String {
    format!("DO $$ BEGIN RAISE EXCEPTION 'on purpose' USING ERRCODE = '{code}'; END $$")
}

twinbase::on_both_engines! {
    async fn data_is_what_does_not_fit(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLE).await;
        assert_eq!(kind_of(&mut conn, "INSERT INTO item VALUES (1, 40000, 'a')").await, ErrorKind::Data);
        assert_eq!(kind_of(&mut conn, "INSERT INTO item VALUES (1, 4, 'abcd')").await, ErrorKind::Data);
        let error = sqlx::query("INSERT INTO item (id, size) VALUES (1, $1)").bind(40_000_i64)
            .execute(&mut conn).await.unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Data);
        for (text, float) in [("a\0b", 1.0), ("a", f64::NAN)] {
            let error = sqlx::query("SELECT CAST($1 AS TEXT), CAST($2 AS DOUBLE PRECISION)").bind(text).bind(float)
                .execute(&mut conn).await.unwrap_err();
            assert_eq!(ErrorKind::of(&error), ErrorKind::Data);
        }
        // Read into a Rust type that has no such value.
        let error = sqlx::query_as::<_, (i16,)>("SELECT CAST(40000 AS BIGINT)").fetch_one(&mut conn).await.unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Data);
    }

    async fn statement_is_what_has_to_be_mended_in_the_program(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLE).await;
        for sql in [
            "SELEC 1",
            "SELECT * FROM nothing",
            "SELECT nothing FROM item",
            "SELECT nothing(1)",
            "INSERT INTO item (id) VALUES (1, 2)",
        ] {
            assert_eq!(kind_of(&mut conn, sql).await, ErrorKind::Statement, "{sql}");
        }
        for arguments in [0, 2] {
            let mut query = sqlx::query("SELECT id FROM item WHERE id = $1");
            for _ in 0..arguments {
                query = query.bind(1_i64);
            }
            let error = query.execute(&mut conn).await.unwrap_err();
            assert_eq!(ErrorKind::of(&error), ErrorKind::Statement, "{arguments} arguments: {error}");
        }
    }

    async fn a_row_that_is_not_there_is_not_found(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLE).await;
        let error = sqlx::query("SELECT id FROM item").fetch_one(&mut conn).await.map(drop).unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::NotFound);
    }

    async fn a_lock_that_is_not_had_is_retryable(database: TestDatabase) {
        let mut one = with_tables(&database, TABLE).await;
        run(&mut one, "INSERT INTO item (id) VALUES (1)").await.unwrap();
        let mut two = database.open().connect().await.unwrap();
        let patience = either(database.engine(), "PRAGMA busy_timeout = 20", "SET lock_timeout = '20ms'");
        run(&mut two, patience).await.unwrap();
        let mut work = one.begin().await.unwrap();
        run(&mut work, "UPDATE item SET size = 1").await.unwrap();
        let kind = kind_of(&mut two, "UPDATE item SET size = 2").await;
        assert_eq!((kind, kind.is_retryable()), (ErrorKind::Retryable, true));
        work.rollback().await.unwrap();
    }

    async fn two_transactions_that_read_and_then_write_are_retryable(database: TestDatabase) {
        let mut one = with_tables(&database, TABLE).await;
        run(&mut one, "INSERT INTO item (id) VALUES (1)").await.unwrap();
        let mut two = database.open().connect().await.unwrap();
        let begin = either(database.engine(), "BEGIN DEFERRED", "BEGIN ISOLATION LEVEL REPEATABLE READ");
        let mut work = two.begin_with(begin).await.unwrap();
        sqlx::query("SELECT * FROM item").fetch_all(&mut *work).await.unwrap();
        run(&mut one, "UPDATE item SET size = 1").await.unwrap();
        assert_eq!(kind_of(&mut work, "UPDATE item SET size = 2").await, ErrorKind::Retryable);
    }

    async fn a_write_where_only_reading_is_allowed_is_read_only(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLE).await;
        let set = either(database.engine(), "PRAGMA query_only = ON", "SET default_transaction_read_only = on");
        run(&mut conn, set).await.unwrap();
        assert_eq!(kind_of(&mut conn, "INSERT INTO item (id) VALUES (1)").await, ErrorKind::ReadOnly);
    }

    async fn a_statement_that_runs_too_long_is_a_timeout(database: TestDatabase) {
        let config = DatabaseConfig { statement_timeout: Duration::from_millis(50), ..database.config() };
        let mut conn = Database::new(&config).unwrap().connect().await.unwrap();
        let slow = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000000) SELECT count(*) FROM n";
        assert_eq!(kind_of(&mut conn, slow).await, ErrorKind::Timeout);
    }

    async fn a_pool_without_a_free_connection_is_a_pool_timeout(database: TestDatabase) {
        let config = DatabaseConfig {
            pool_size: 1,
            max_overflow: 0,
            acquire_timeout: Duration::from_millis(50),
            ..database.config()
        };
        let database = Database::new(&config).unwrap();
        let held = database.pool().acquire().await.unwrap();
        let error = database.pool().acquire().await.unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::PoolTimeout);
        drop(held);
        database.close().await;
        let error = database.pool().acquire().await.unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Unavailable);
    }

    async fn a_transaction_that_has_failed_takes_no_more_statements(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLE).await;
        run(&mut conn, "INSERT INTO item (id) VALUES (1)").await.unwrap();
        let mut work = conn.begin().await.unwrap();
        let fatal = either(database.engine(),
            "INSERT OR ROLLBACK INTO item (id) VALUES (1)", "INSERT INTO item (id) VALUES (1)");
        assert_eq!(kind_of(&mut work, fatal).await, ErrorKind::Unique);
        assert_eq!(kind_of(&mut work, "SELECT 1").await, ErrorKind::TransactionFailed);
        let error = work.commit().await.unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::TransactionFailed);
    }

    /// PostgreSQL's disk can't be filled in a test: there the server raises its own error of that code.
    async fn a_full_disk_is_disk_full(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLE).await;
        let raised = raised("disk_full");
        let error = match database.engine() {
            Engine::Sqlite => {
                run(&mut conn, "PRAGMA max_page_count = 1").await.unwrap();
                provoke(&mut conn, "CREATE TABLE much AS SELECT zeroblob(1000000) AS x").await
            }
            Engine::Postgres => provoke(&mut conn, &raised).await,
        };
        assert_eq!(ErrorKind::of(&error), ErrorKind::DiskFull);
    }

    /// A server's data can't be damaged safely: there it raises its own error of that code.
    async fn damage_is_corrupt(database: TestDatabase) {
        let raised = raised("data_corrupted");
        let kind = match database.engine() {
            Engine::Sqlite => {
                let file = database.url().sqlite_file().unwrap();
                std::fs::write(file, "this is no database, and long enough to be looked at: ".repeat(100)).unwrap();
                database.open().connect().await.unwrap_err().kind()
            }
            Engine::Postgres => {
                let mut conn = database.open().connect().await.unwrap();
                kind_of(&mut conn, &raised).await
            }
        };
        assert_eq!(kind, ErrorKind::Corrupt);
    }

    async fn a_database_that_is_not_there_is_unavailable(database: TestDatabase) {
        let url = match database.engine() {
            Engine::Sqlite => "sqlite:/no-such-folder-here/x.db".to_owned(),
            Engine::Postgres => twinbase::testing::server_url("no_such_database"),
        };
        let config = DatabaseConfig { url: Some(url.parse().unwrap()), ..DatabaseConfig::default() };
        let database = Database::new(&config).unwrap();
        let error = database.connect().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        let error = database.pool().acquire().await.unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Unavailable, "{error}");
    }

    async fn a_right_that_is_missing_is_permission(database: TestDatabase) {
        let kind = match database.engine() {
            // A folder in which not even root may make a file.
            Engine::Sqlite => {
                let url = Some("sqlite:/proc/test.db".parse().unwrap());
                let config = DatabaseConfig { url, ..DatabaseConfig::default() };
                Database::new(&config).unwrap().connect().await.unwrap_err().kind()
            }
            Engine::Postgres => {
                let mut conn = with_tables(&database, TABLE).await;
                run(&mut conn, "SET ROLE pg_monitor").await.unwrap();
                kind_of(&mut conn, "SELECT * FROM item").await
            }
        };
        assert_eq!(kind, ErrorKind::Permission);
    }

    async fn a_trigger_that_refuses_is_other(database: TestDatabase) {
        let mut conn = with_tables(&database, TABLE).await;
        let trigger = either(database.engine(),
            "CREATE TRIGGER no BEFORE INSERT ON item BEGIN SELECT RAISE(ABORT, 'not today'); END",
            "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$; \
             CREATE TRIGGER no BEFORE INSERT ON item FOR EACH ROW EXECUTE FUNCTION no()");
        run(&mut conn, trigger).await.unwrap();
        let error = provoke(&mut conn, "INSERT INTO item (id) VALUES (1)").await;
        assert_eq!(ErrorKind::of(&error), ErrorKind::Other);
        assert!(error.to_string().contains("not today"), "{error}");
    }
}

/// SQLite has nobody else who could cancel a statement or cut a connection.
#[test]
fn what_an_administrator_does_on_postgresql_has_its_kinds() {
    twinbase::testing::run(Engine::Postgres, async |database: TestDatabase| {
        for (function, kind) in [
            ("pg_cancel_backend", ErrorKind::Cancelled),
            ("pg_terminate_backend", ErrorKind::Connection),
        ] {
            let mut conn = database.open().connect().await.unwrap();
            let mut other = database.open().connect().await.unwrap();
            let (pid,): (i32,) = sqlx::query_as("SELECT pg_backend_pid()")
                .fetch_one(&mut conn)
                .await
                .unwrap();
            let stop = async {
                tokio::time::sleep(Duration::from_millis(200)).await;
                run(&mut other, &format!("SELECT {function}({pid})")).await
            };
            let (slow, stopped) = tokio::join!(kind_of(&mut conn, "SELECT pg_sleep(20)"), stop);
            stopped.unwrap();
            assert_eq!(slow, kind);
            if kind == ErrorKind::Connection {
                // And so does the next use, which has no server to ask any more.
                assert_eq!(kind_of(&mut conn, "SELECT 1").await, kind);
            }
        }
    });
}
