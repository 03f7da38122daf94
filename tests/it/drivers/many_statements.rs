use futures_util::StreamExt as _;
use sqlx::error::ErrorKind;
use sqlx::{Either, Row as _};
use twinbase::config::Engine;
use twinbase::driver::sqlite::SqliteErrorCause;

use super::{code, count, pool, raw, refused, sqlite_error};

twinbase::on_both_engines! {
    async fn several_statements_succeed_or_fail_as_one(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT PRIMARY KEY)").await;
        let both = "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)";
        let error = refused(sqlx::raw_sql(both).execute(&pool).await);
        assert_eq!(error.as_database_error().unwrap().kind(), ErrorKind::UniqueViolation);
        assert_eq!(count(&pool, "t").await, 0);
    }

    async fn several_statements_give_the_rows_and_the_end_of_each(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT PRIMARY KEY)").await;
        let mut results = sqlx::raw_sql("INSERT INTO t VALUES (1); SELECT a FROM t; -- end").fetch_many(&pool);
        let mut seen = String::new();
        while let Some(item) = results.next().await {
            seen.push(match item.unwrap() {
                Either::Left(_) => 'f',
                Either::Right(row) => {
                    assert_eq!(row.get::<i64, _>("a"), 1);
                    'r'
                }
            });
        }
        assert_eq!(seen, "frf");
    }

    async fn a_statement_with_arguments_is_one_statement(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let error = refused(sqlx::query("SELECT 1; SELECT 2").fetch_all(&pool).await);
        match test.engine() {
            Engine::Sqlite => assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::Statement),
            Engine::Postgres => assert_eq!(code(&error), "42601"),
        }
    }
}
