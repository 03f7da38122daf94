use sqlx::any::{AnyArguments, AnyRow};
use sqlx::{Arguments as _, Connection as _, Row as _};
use twinbase::config::Engine;
use twinbase::testing::run;

use super::{pool, raw, text};

const EVERY_TYPE: &str = "
    CREATE TYPE mood AS ENUM ('sad', 'happy');
    CREATE DOMAIN price AS NUMERIC(20, 8) CHECK (VALUE >= 0);
    CREATE TABLE t (
        id BIGINT PRIMARY KEY, small SMALLINT, medium INTEGER, truth BOOLEAN, real4 REAL,
        real8 DOUBLE PRECISION, words TEXT, short VARCHAR(10), fixed CHAR(3), named NAME,
        bytes BYTEA, uid UUID, at TIMESTAMPTZ, local TIMESTAMP, day DATE, clock TIME,
        exact NUMERIC(20, 8), wide NUMERIC, js JSON, jsb JSONB, feeling mood, cost price
    )";

const INSERT_EVERY: &str = "INSERT INTO t VALUES
    ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22)";

fn assert_every_value(row: &AnyRow) {
    assert_eq!(row.get::<i64, _>("id"), 1);
    assert_eq!(row.get::<i16, _>("small"), -2);
    assert_eq!(row.get::<i32, _>("medium"), 3);
    assert!(row.get::<bool, _>("truth"));
    assert!((row.get::<f32, _>("real4") - 0.5).abs() < f32::EPSILON);
    assert!((row.get::<f64, _>("real8") - 0.1).abs() < f64::EPSILON);
    assert_eq!(row.get::<Vec<u8>, _>("bytes"), [0, 255]);
    for (column, expected) in [
        ("words", "𝄞 it's"),
        ("short", "short"),
        ("fixed", "abc"),
        ("named", "name"),
        ("uid", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ("at", "2024-02-29T10:30:00.123456Z"),
        ("local", "2024-02-29T12:00:00.500000"),
        ("day", "2024-02-29"),
        ("clock", "23:59:59.999999"),
        ("exact", "-1.5"),
        ("wide", "12345678901234567890123456789.123456789"),
        ("js", "{\"a\": [1]}"),
        ("jsb", "{\"a\": [1]}"),
        ("feeling", "happy"),
        ("cost", "2"),
    ] {
        assert_eq!(row.get::<String, _>(column), expected, "{column}");
    }
}

fn every_argument() -> AnyArguments {
    let mut arguments = AnyArguments::default();
    for number in [1_i64, -2, 3] {
        arguments.add(number).unwrap();
    }
    arguments.add(true).unwrap();
    arguments.add(0.5_f64).unwrap();
    arguments.add(0.1_f64).unwrap();
    for text in ["𝄞 it's", "short", "abc", "name"] {
        arguments.add(text).unwrap();
    }
    arguments.add(vec![0_u8, 255]).unwrap();
    for text in [
        "01890A5D-ac96-774b-bcce-b302099a8057",
        "2024-02-29T12:00:00.123456+01:30",
        "2024-02-29 12:00:00.5",
        "2024-02-29",
        "23:59:59.999999",
        "-1.50000000",
        "12345678901234567890123456789.123456789",
        "{\"a\": [1]}",
        "{\"a\":[1]}",
        "happy",
        "2.00",
    ] {
        arguments.add(text).unwrap();
    }
    arguments
}

#[test]
fn every_type_of_postgres_comes_out_as_it_went_in() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, EVERY_TYPE).await;
        let done = sqlx::query_with(INSERT_EVERY, every_argument())
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1);
        assert_eq!(done.last_insert_id(), None);

        let prepared = sqlx::query("SELECT * FROM t")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_every_value(&prepared);
        let simple = sqlx::raw_sql("SELECT * FROM t")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_every_value(&simple);
        // What the server itself makes of the values is what was meant.
        let stored = text(
            &pool,
            "SELECT at::text || ' ' || exact::text || ' ' || uid::text FROM t",
        )
        .await;
        assert_eq!(
            stored,
            "2024-02-29 10:30:00.123456+00 -1.50000000 01890a5d-ac96-774b-bcce-b302099a8057"
        );
    });
}

#[test]
fn simple_statements_on_a_new_connection_read_enums_and_domains() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, EVERY_TYPE).await;
        sqlx::query_with(INSERT_EVERY, every_argument())
            .execute(&pool)
            .await
            .unwrap();
        let url = pool.connect_options().database_url.clone();
        let mut fresh = sqlx::AnyConnection::connect(url.as_str()).await.unwrap();
        let rows = sqlx::raw_sql(
            "SELECT 1::int8 AS one; SELECT * FROM t; SELECT * FROM t; SELECT 2::int8",
        )
        .fetch_all(&mut fresh)
        .await
        .unwrap();
        assert_eq!(rows[0].get::<i64, _>("one"), 1);
        assert_every_value(&rows[1]);
        assert_every_value(&rows[2]);
        assert_eq!(rows[3].get::<i64, _>(0), 2);
        fresh.close().await.unwrap();
    });
}

#[test]
fn citext_is_text() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(
            &pool,
            "CREATE EXTENSION citext; CREATE TABLE t (email citext)",
        )
        .await;
        sqlx::query("INSERT INTO t VALUES ($1)")
            .bind("A@b.c")
            .execute(&pool)
            .await
            .unwrap();
        assert_eq!(text(&pool, "SELECT email FROM t").await, "A@b.c");
        let simple = sqlx::raw_sql("SELECT email FROM t")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(simple.get::<String, _>(0), "A@b.c");
    });
}
