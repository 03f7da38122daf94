use twinbase::config::Engine;
use twinbase::driver::ArgumentError;
use twinbase::testing::run;

use super::{argument_error, code, count, pool, raw, refused};

#[test]
fn arguments_of_polymorphic_functions_take_the_rust_type() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        let null: bool = sqlx::query_scalar("SELECT $1 IS NULL")
            .bind("x")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!(!null);
        let object: String =
            sqlx::query_scalar("SELECT jsonb_build_object('a', $1, 'b', $2, 'c', $3)")
                .bind(1_i64)
                .bind("x")
                .bind(true)
                .fetch_one(&pool)
                .await
                .unwrap();
        assert_eq!(object, r#"{"a": 1, "b": "x", "c": true}"#);
        let json: String = sqlx::query_scalar("SELECT to_jsonb($1)")
            .bind(5_i64)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(json, "5");
        let error = refused(
            sqlx::query("SELECT no_such($1)")
                .bind(5_i64)
                .fetch_one(&pool)
                .await,
        );
        assert_eq!(code(&error), "42883");
        assert!(error.to_string().contains("no_such(unknown)"), "{error}");
    });
}

#[test]
fn a_float_beside_an_ambiguous_parameter_is_still_not_rounded() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a INTEGER, b JSONB)").await;
        let error = refused(
            sqlx::query("INSERT INTO t VALUES ($1, to_jsonb($2))")
                .bind(2.5_f64)
                .bind(2.5_f64)
                .execute(&pool)
                .await,
        );
        assert!(matches!(
            argument_error(&error),
            ArgumentError::WrongKind { parameter: 1, .. }
        ));
    });
}

#[test]
fn inference_that_fails_does_not_end_the_transaction() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (v BIGINT)").await;
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query("INSERT INTO t VALUES ($1)")
            .bind(1_i64)
            .execute(&mut *transaction)
            .await
            .unwrap();
        let object: String = sqlx::query_scalar("SELECT json_build_array($1, $2)")
            .bind(1_i64)
            .bind("x")
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(object, r#"[1, "x"]"#);
        transaction.commit().await.unwrap();
        assert_eq!(count(&pool, "t").await, 1);
    });
}
