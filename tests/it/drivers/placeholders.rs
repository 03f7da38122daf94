use sqlx::QueryBuilder;
use twinbase::config::Engine;
use twinbase::driver::sqlite::SqliteErrorCause;
use twinbase::testing::run;

use super::{pool, raw, refused, sqlite_error};

twinbase::on_both_engines! {
    async fn numbered_placeholders_repeat_in_any_order(test: TestDatabase) {
        let twice: i64 = sqlx::query_scalar("SELECT $2 - $1 + $1 + $1")
            .bind(1_i64)
            .bind(10_i64)
            .fetch_one(&pool(&test, 1).await)
            .await
            .unwrap();
        assert_eq!(twice, 11);
    }

    async fn the_question_marks_of_query_builder_work(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let mut builder = QueryBuilder::<sqlx::Any>::new("SELECT ");
        builder.push_bind(3_i64).push(" * ").push_bind(4_i64);
        assert_eq!(builder.build_query_scalar::<i64>().fetch_one(&pool).await.unwrap(), 12);
        raw(&pool, "CREATE TABLE t (id BIGINT, data TEXT)").await;
        let mut builder = QueryBuilder::<sqlx::Any>::new("INSERT INTO t (id, data) ");
        builder.push_values([(1_i64, "a?"), (2, "b")], |mut row, (id, data)| {
            row.push_bind(id).push_bind(data);
        });
        assert_eq!(builder.build().execute(&pool).await.unwrap().rows_affected(), 2);
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t WHERE data = 'a?'").fetch_all(&pool).await.unwrap();
        assert_eq!(ids, [1]);
    }

    async fn named_parameters_and_quoted_names_are_never_values(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        for sql in ["SELECT :name", "SELECT \"no_such_column\""] {
            let error = refused(sqlx::query(sql).bind("x").fetch_all(&pool).await);
            assert!(error.as_database_error().is_some(), "{sql}: {error}");
        }
    }
}

#[test]
fn casts_that_sqlite_would_make_a_number_of_are_refused() {
    run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        for sql in [
            "SELECT $1::text",
            "SELECT :name",
            "SELECT \"no_such_column\"",
            "SELECT CAST($1 AS DATE)",
        ] {
            let error = refused(sqlx::query(sql).bind("x").fetch_all(&pool).await);
            let cause = sqlite_error(&error).cause();
            assert_eq!(cause, SqliteErrorCause::Statement, "{sql}");
        }
    });
}

#[test]
fn the_question_marks_of_jsonb_operators_are_no_placeholders() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(
            &pool,
            r#"CREATE TABLE t (id BIGINT, data JSONB); INSERT INTO t VALUES (1, '{"a?": 1}'), (2, '{"b": 2}')"#,
        )
        .await;
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t WHERE data ? 'b' AND id = $1")
            .bind(2_i64)
            .fetch_all(&pool)
            .await
            .unwrap();
        assert_eq!(ids, [2]);
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t WHERE data ? 'a?'")
            .fetch_all(&pool)
            .await
            .unwrap();
        assert_eq!(ids, [1]);
        let mut builder = QueryBuilder::<sqlx::Any>::new("INSERT INTO t (id, data) ");
        builder.push_values([(3_i64, r#"{"c": 1}"#)], |mut row, (id, data)| {
            row.push_bind(id).push_bind(data);
        });
        let done = builder.build().execute(&pool).await.unwrap();
        assert_eq!(done.rows_affected(), 1);
    });
}
