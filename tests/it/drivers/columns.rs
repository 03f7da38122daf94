use sqlx::any::AnyRow;
use sqlx::{Column as _, Row as _, TypeInfo as _};

use super::{migrate, pool, raw, text};

/// A row of every portable type; what each value is read as is the same on both engines.
fn assert_every_value(row: &AnyRow) {
    assert_eq!(row.get::<i64, _>("id"), i64::MAX);
    assert!(row.get::<bool, _>("flag"));
    assert_eq!(row.get::<i16, _>("small"), -7);
    assert_eq!(row.get::<i32, _>("medium"), 3);
    assert!((row.get::<f64, _>("ratio") - 1.0).abs() < f64::EPSILON);
    assert!((row.get::<f64, _>("tenth") - 0.1).abs() < f64::EPSILON);
    assert_eq!(row.get::<&[u8], _>("bytes"), [0, 255]);
    for (column, expected) in [
        ("name", "näme"),
        ("body", "𝄞 it's"),
        ("uid", "0190a7c3-4f2e-7abc-8def-0123456789ab"),
        ("at", "2024-02-29T23:59:59.000001Z"),
        ("day", "2024-02-29"),
        ("price", "12345678901.1234"),
        ("low", "-1.5"),
        ("doc", "{\"a\": [1, true]}"),
    ] {
        // The space between JSON's tokens is the engine's.
        let found: &str = row.get(column);
        assert_eq!(
            found.replace(' ', ""),
            expected.replace(' ', ""),
            "{column}"
        );
    }
    assert_eq!(row.column("flag").type_info().name(), "BOOLEAN");
}

twinbase::on_both_engines! {
    async fn a_row_of_every_portable_type_comes_back_as_it_went_in(test: TestDatabase) {
        migrate(
            &test,
            "CREATE TABLE every (id BIGINT PRIMARY KEY, flag BOOLEAN, small SMALLINT, medium INTEGER,
               ratio DOUBLE PRECISION, tenth DOUBLE PRECISION, name VARCHAR(20), body TEXT, bytes BYTEA,
               uid UUID, at TIMESTAMPTZ, day DATE, price NUMERIC(20,8), low NUMERIC(20,8), doc JSONB);",
        )
        .await;
        let pool = pool(&test, 2).await;
        let done = sqlx::query("INSERT INTO every VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15)")
            .bind(i64::MAX)
            .bind(true)
            .bind(-7_i16)
            .bind(3_i32)
            .bind(1.0_f64)
            .bind(0.1_f64)
            .bind("näme")
            .bind("𝄞 it's")
            .bind(vec![0_u8, 255])
            .bind("0190a7c3-4f2e-7abc-8def-0123456789ab")
            .bind("2024-02-29T23:59:59.000001Z")
            .bind("2024-02-29")
            .bind("12345678901.1234")
            .bind("-1.5")
            .bind("{\"a\":[1,true]}")
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1);
        let prepared = sqlx::query("SELECT * FROM every").fetch_one(&pool).await.unwrap();
        assert_every_value(&prepared);
        let simple = sqlx::raw_sql("SELECT * FROM every").fetch_one(&pool).await.unwrap();
        assert_every_value(&simple);
    }

    async fn boolean_expressions_are_booleans_where_they_say_so(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT)").await;
        let row = sqlx::query(
            "SELECT CAST(count(*) > 0 AS BOOLEAN) AS many, EXISTS (SELECT 1) AS one, count(*) AS n FROM t",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert!(!row.get::<bool, _>("many"));
        assert!(row.get::<bool, _>("one"));
        assert_eq!(row.get::<i64, _>("n"), 0);
        assert_eq!(text(&pool, "SELECT 'still ' || 'here'").await, "still here");
    }
}
