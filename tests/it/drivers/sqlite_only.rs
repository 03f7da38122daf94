use futures_util::FutureExt as _;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, Row as _};
use twinbase::config::Engine;
use twinbase::driver::sqlite::SqliteErrorCause;
use twinbase::testing::run;

use super::{count, pool, raw, refused, sqlite_error, text, transaction_with_a_row};

#[test]
fn a_value_that_does_not_fit_its_column_is_an_error_that_names_it() {
    // PostgreSQL has no such values.
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        raw(
            &pool,
            "CREATE TABLE foreign_table (price NUMERIC(20,8), flag BOOLEAN); \
             INSERT INTO foreign_table VALUES ('0.1', 2)",
        )
        .await;
        let select = sqlx::query("SELECT price FROM foreign_table");
        let shown = refused(select.fetch_one(&pool).await).to_string();
        assert!(
            shown.contains("\"price\"") && shown.contains("NUMERIC(20,8)"),
            "{shown}"
        );
        let select = sqlx::query("SELECT flag FROM foreign_table");
        let shown = refused(select.fetch_all(&pool).await).to_string();
        assert!(shown.contains("0 or 1"), "{shown}");
        assert_eq!(count(&pool, "foreign_table").await, 1);
    });
}

#[test]
fn a_misfit_in_the_middle_of_a_read_that_has_proven_short_is_an_error_each_time() {
    // PostgreSQL has no such values.
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        raw(
            &pool,
            "CREATE TABLE t (id BIGINT PRIMARY KEY, a BIGINT); \
             INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50) \
             SELECT i, i FROM n",
        )
        .await;
        let read = async || sqlx::query("SELECT a FROM t").fetch_all(&pool).await;
        for _ in 0..10 {
            assert_eq!(read().await.unwrap().len(), 50);
        }
        raw(&pool, "UPDATE t SET a = 1.5 WHERE id = 25").await;
        for _ in 0..10 {
            let shown = refused(read().await).to_string();
            assert!(shown.contains("\"a\"") && shown.contains("REAL"), "{shown}");
        }
        raw(&pool, "UPDATE t SET a = 25 WHERE id = 25").await;
        for _ in 0..10 {
            assert_eq!(read().await.unwrap().len(), 50);
        }
    });
}

#[test]
fn a_decimal_is_read_without_the_zeros_at_its_end() {
    // A column that a migration made takes the canonical text only; PostgreSQL's NUMERIC takes any.
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (price NUMERIC_TEXT(20,8))").await;
        let insert = sqlx::query("INSERT INTO t VALUES ($1)").bind("12345678901.12340000");
        insert.execute(&pool).await.unwrap();
        let read = text(&pool, "SELECT price FROM t").await;
        assert_eq!(read, "12345678901.1234");
    });
}

#[test]
fn a_transaction_begun_by_sql_is_seen() {
    // SQLx's PostgreSQL connection keeps what the server says of it to itself.
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        let mut connection = pool.acquire().await.unwrap();
        connection.execute("BEGIN").await.unwrap();
        assert!(connection.is_in_transaction());
        connection.execute("ROLLBACK").await.unwrap();
        assert!(!connection.is_in_transaction());
    });
}

#[test]
fn a_transaction_that_sqlite_ended_says_so_to_each_further_statement() {
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        let mut transaction = transaction_with_a_row(&pool).await;
        // SQLite itself rolls back.
        transaction
            .execute("CREATE UNIQUE INDEX u ON t (a)")
            .await
            .unwrap();
        let twice = "INSERT OR ROLLBACK INTO t VALUES (1)";
        refused(transaction.execute(twice).await);
        let write = refused(transaction.execute("INSERT INTO t VALUES (2)").await);
        let read = refused(sqlx::query("SELECT 1").fetch_one(&mut *transaction).await);
        for error in [write, read] {
            assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::RolledBack);
        }
        refused(transaction.commit().await);
        assert_eq!(count(&pool, "t").await, 0);
        raw(&pool, "INSERT INTO t VALUES (3)").await;
        assert_eq!(count(&pool, "t").await, 1);
    });
}

#[test]
fn a_full_database_is_told_apart_and_commits_nothing_of_its_transaction() {
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BYTEA)").await;
        raw(&pool, "PRAGMA max_page_count = 20").await;
        let mut transaction = pool.begin().await.unwrap();
        transaction
            .execute("INSERT INTO t VALUES (x'00')")
            .await
            .unwrap();
        let big = sqlx::query("INSERT INTO t VALUES ($1)").bind(vec![0_u8; 1 << 20]);
        let error = refused(big.execute(&mut *transaction).await);
        assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::Full);
        drop(transaction);
        assert_eq!(count(&pool, "t").await, 0);
    });
}

#[test]
fn an_insert_gives_its_rowid_whatever_was_prepared_before() {
    // PostgreSQL has no rowids.
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a INTEGER PRIMARY KEY, b BIGINT)").await;
        let texts = [
            "INSERT INTO t (b) VALUES ($1)",
            "INSERT INTO t (b) VALUES (?1)",
        ];
        let mut inserted = 0;
        for round in 0..600 {
            // Texts that can't be prepared, until the driver forgets what it knows.
            let other = AssertSqlSafe(format!("SELECT no_column_{round} FROM t"));
            refused(sqlx::query(other).fetch_optional(&pool).await);
            let text = texts[round % 2];
            let result = sqlx::query(text).bind(1_i64).execute(&pool).await.unwrap();
            inserted += 1;
            assert_eq!(result.last_insert_id(), Some(inserted), "round {round}");
        }
        for round in 0..600 {
            let other = AssertSqlSafe(format!("SELECT {round} FROM t LIMIT 1"));
            sqlx::query(other).fetch_one(&pool).await.unwrap();
        }
        for text in texts {
            let result = sqlx::query(text).bind(1_i64).execute(&pool).await.unwrap();
            inserted += 1;
            assert_eq!(result.last_insert_id(), Some(inserted));
        }
    });
}

#[test]
fn a_transaction_that_text_left_open_does_not_outlive_the_use_of_its_connection() {
    run(Engine::Sqlite, |test| async move {
        let (one, other) = (pool(&test, 1).await, pool(&test, 1).await);
        raw(&one, "CREATE TABLE t (a BIGINT PRIMARY KEY)").await;
        let failing = "BEGIN; INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); COMMIT";
        let mut connection = one.acquire().await.unwrap();
        refused(connection.execute(sqlx::raw_sql(failing)).await);
        assert!(!connection.is_in_transaction());
        drop(connection);
        raw(&one, "INSERT INTO t VALUES (2)").await;
        assert_eq!(count(&other, "t").await, 1);

        raw(&one, "BEGIN; INSERT INTO t VALUES (3)").await;
        raw(&one, "INSERT INTO t VALUES (4)").await;
        assert_eq!(count(&other, "t").await, 2);
        raw(&other, "INSERT INTO t VALUES (5)").await;
        assert_eq!(text(&one, "SELECT group_concat(a) FROM t").await, "2,4,5");
    });
}

#[test]
fn a_count_that_was_short_does_not_hold_up_its_caller_once_the_table_is_large() {
    // SQLite counts a table in one step, in which nothing can stop it.
    run(Engine::Sqlite, |test| async move {
        let (one, other) = (pool(&test, 1).await, pool(&test, 1).await);
        raw(
            &one,
            "CREATE TABLE t (a BYTEA); INSERT INTO t VALUES (x'00')",
        )
        .await;
        let mut connection = one.acquire().await.unwrap();
        let count = "SELECT count(*) FROM t";
        for _ in 0..30 {
            sqlx::query(count)
                .fetch_one(&mut *connection)
                .await
                .unwrap();
        }
        raw(
            &other,
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000) \
             INSERT INTO t SELECT zeroblob(3000) FROM n",
        )
        .await;
        let polled = sqlx::query(count)
            .fetch_one(&mut *connection)
            .now_or_never();
        assert!(polled.is_none(), "it ran on the caller's thread");
    });
}

#[test]
fn a_cast_keeps_the_name_of_its_column_and_the_place_of_an_error() {
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a TEXT); INSERT INTO t VALUES ('5')").await;
        let select = "SELECT CAST(a AS BIGINT), 1 + CAST ( t.a AS INTEGER ) FROM t";
        let row = sqlx::query(select).fetch_one(&pool).await.unwrap();
        assert_eq!(row.get::<i64, _>("CAST(a AS BIGINT)"), 5);
        assert_eq!(row.get::<i64, _>("1 + CAST ( t.a AS INTEGER )"), 6);
        for wrong in [
            "SELECT CAST(a AS BIGINT), wrong FROM t",
            "SELECT CAST(wrong AS BIGINT) FROM t",
        ] {
            let error = refused(sqlx::query(wrong).fetch_one(&pool).await).to_string();
            let place = format!("at byte {}", wrong.find("wrong").unwrap());
            assert!(error.ends_with(&place), "{error}");
        }
        let cast = "SELECT CAST(a || 'x' AS BIGINT) FROM t";
        let error = refused(sqlx::query(cast).fetch_one(&pool).await);
        assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::Mismatch);
        assert!(error.to_string().contains("a CAST met a value"), "{error}");
    });
}
