use sqlx::Row as _;

use super::{count, pool, raw, text};

twinbase::on_both_engines! {
    async fn parameters_whose_type_nothing_tells_take_the_rust_type(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let sum: i64 = sqlx::query_scalar("SELECT $1 + $2")
            .bind(1_i64)
            .bind(2_i64)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(sum, 3);
        let sum: f64 = sqlx::query_scalar("SELECT $1 + $2")
            .bind(0.5_f64)
            .bind(2.0_f64)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!((sum - 2.5).abs() < f64::EPSILON);
        let null: bool = sqlx::query_scalar("SELECT CAST($1 IS NULL AS BOOLEAN)")
            .bind("x")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert!(!null);
        let row = sqlx::query("SELECT $1 AS a, $1 AS b").bind(5_i64).fetch_one(&pool).await.unwrap();
        assert_eq!((row.get::<i64, _>("a"), row.get::<i64, _>("b")), (5, 5));
        let wide: i64 = sqlx::query_scalar("SELECT $1 + 1")
            .bind(3_000_000_000_i64)
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(wide, 3_000_000_001);
        raw(&pool, "CREATE TABLE t (a INTEGER, b TEXT)").await;
        sqlx::query("INSERT INTO t VALUES ($1, $1)").bind(5_i64).execute(&pool).await.unwrap();
        assert_eq!(text(&pool, "SELECT a || b FROM t").await, "55");
    }

    async fn such_a_parameter_in_a_transaction_does_not_end_it(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (v BIGINT)").await;
        let mut transaction = pool.begin().await.unwrap();
        sqlx::query("INSERT INTO t VALUES ($1)").bind(1_i64).execute(&mut *transaction).await.unwrap();
        let sum: i64 = sqlx::query_scalar("SELECT $1 + $2 + $3")
            .bind(1_i64)
            .bind(2_i64)
            .bind(3_i64)
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(sum, 6);
        transaction.commit().await.unwrap();
        assert_eq!(count(&pool, "t").await, 1);
    }
}
