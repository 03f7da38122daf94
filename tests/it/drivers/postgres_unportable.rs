use sqlx::{AssertSqlSafe, Error, Row as _};
use twinbase::config::Engine;
use twinbase::testing::run;

use super::{count, pool, raw, refused, text};

#[test]
fn a_type_without_a_portable_form_is_an_error_even_without_rows() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(
            &pool,
            "CREATE TABLE t (id BIGINT, span INTERVAL, tags TEXT[])",
        )
        .await;
        for column in ["span", "tags"] {
            let select = format!("SELECT id, {column} FROM t");
            let error = refused(sqlx::query(AssertSqlSafe(select)).fetch_all(&pool).await);
            let shown = error.to_string();
            assert!(
                shown.contains(&format!("CAST({column} AS TEXT)")),
                "{shown}"
            );
            assert!(
                shown.contains("INTERVAL") || shown.contains("TEXT[]"),
                "{shown}"
            );
        }
        let insert =
            sqlx::query("INSERT INTO t (span) VALUES ($1) RETURNING span").bind(None::<String>);
        refused(insert.fetch_all(&pool).await);
        assert_eq!(count(&pool, "t").await, 0);
        sqlx::query("INSERT INTO t (id, span) VALUES (1, CAST(CAST($1 AS TEXT) AS INTERVAL))")
            .bind("1 day")
            .execute(&pool)
            .await
            .unwrap();
        let error = refused(sqlx::raw_sql("SELECT span FROM t").fetch_all(&pool).await);
        assert!(error.to_string().contains("CAST(span AS TEXT)"), "{error}");
        assert_eq!(
            text(&pool, "SELECT CAST(span AS TEXT) FROM t").await,
            "1 day"
        );
    });
}

#[test]
fn values_without_a_portable_form_are_errors_that_name_the_column() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        for expression in [
            "'infinity'::timestamptz",
            "'-infinity'::timestamp",
            "'infinity'::date",
            "'NaN'::numeric",
            "'Infinity'::numeric",
            "'0044-03-15 BC'::date",
            "'10000-01-01'::timestamptz",
        ] {
            let select = format!("SELECT {expression} AS bad");
            let prepared = sqlx::query(AssertSqlSafe(select.clone()))
                .fetch_one(&pool)
                .await;
            let simple = sqlx::raw_sql(AssertSqlSafe(select)).fetch_one(&pool).await;
            for error in [refused(prepared), refused(simple)] {
                assert!(
                    matches!(&error, Error::ColumnDecode { index, .. } if index == "\"bad\""),
                    "{error}"
                );
                assert!(error.to_string().contains("portable"), "{error}");
            }
        }
        assert_eq!(text(&pool, "SELECT 'still ' || 'here'").await, "still here");
        let void = sqlx::query("SELECT pg_advisory_lock(7)")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(void.get::<Option<String>, _>(0), None);
    });
}
