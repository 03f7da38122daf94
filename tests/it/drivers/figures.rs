use sqlx::AnyPool;
use twinbase::config::Engine;
use twinbase::testing::run;

use super::{pool, raw};

/// Rows affected and the last insert id.
async fn figures(pool: &AnyPool, sql: &'static str) -> (u64, Option<i64>) {
    let done = sqlx::query(sql).execute(pool).await.unwrap();
    (done.rows_affected(), done.last_insert_id())
}

twinbase::on_both_engines! {
    async fn rows_affected_are_those_that_the_statement_changed(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (id BIGINT PRIMARY KEY, a BIGINT UNIQUE)").await;
        for (sql, affected) in [
            ("INSERT INTO t (id, a) VALUES (40, 1)", 1),
            ("CREATE TABLE u (a BIGINT)", 0),
            ("UPDATE t SET a = 2 WHERE id = 77", 0),
            ("INSERT INTO t (id, a) VALUES (41, 1) ON CONFLICT (a) DO UPDATE SET a = 3", 1),
            ("INSERT INTO t (id) VALUES (40) ON CONFLICT DO NOTHING", 0),
            ("INSERT INTO t (id, a) VALUES (42, 9) RETURNING id", 1),
            ("DELETE FROM t", 2),
        ] {
            assert_eq!(figures(&pool, sql).await.0, affected, "{sql}");
        }
    }

    async fn a_read_affects_no_rows(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1), (2)").await;
        for sql in [
            "SELECT * FROM t",
            "WITH two AS (SELECT * FROM t) SELECT * FROM two",
            "VALUES (1), (2)",
            "CREATE TABLE copied AS SELECT * FROM t",
        ] {
            assert_eq!(figures(&pool, sql).await.0, 0, "{sql}");
        }
        let text = "SELECT * FROM t; CREATE TABLE made AS SELECT * FROM t; /* ; */ DELETE FROM t";
        let done = sqlx::raw_sql(text).execute(&pool).await.unwrap();
        assert_eq!(done.rows_affected(), 2);
    }

    async fn returning_gives_the_id_of_a_new_row(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (id BIGINT PRIMARY KEY, a BIGINT)").await;
        let id: i64 = sqlx::query_scalar("INSERT INTO t (id, a) VALUES (41, 9) RETURNING id")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(id, 41);
    }
}

#[test]
fn postgres_has_no_last_insert_id() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (id BIGSERIAL PRIMARY KEY, a BIGINT)").await;
        assert_eq!(
            figures(&pool, "INSERT INTO t (a) VALUES (1)").await,
            (1, None)
        );
    });
}

#[test]
fn the_last_insert_id_of_sqlite_is_the_rowid_of_an_insert_that_inserted() {
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        raw(
            &pool,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a BIGINT UNIQUE); \
             CREATE TABLE w (id BIGINT PRIMARY KEY) WITHOUT ROWID",
        )
        .await;
        for (sql, expected) in [
            ("INSERT INTO t (id, a) VALUES (40, 1)", (1, Some(40))),
            ("SELECT * FROM t", (0, None)),
            ("CREATE TABLE u (a)", (0, None)),
            ("UPDATE t SET a = 2 WHERE id = 77", (0, None)),
            (
                "INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 3",
                (1, None),
            ),
            ("INSERT INTO w VALUES (5)", (1, None)),
            ("INSERT OR IGNORE INTO t (id) VALUES (40)", (0, None)),
        ] {
            assert_eq!(figures(&pool, sql).await, expected, "{sql}");
        }
        let id: i64 = sqlx::query_scalar("INSERT INTO t (a) VALUES (9) RETURNING id")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(id, 41);
    });
}
