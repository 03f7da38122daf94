//! The PostgreSQL driver against a real server, whose URL is in `TEST_POSTGRES_URL`.
//!
//! Each test works in a schema of its own, on one connection unless it says otherwise.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::{FutureExt, TryStreamExt};
use sqlx::any::{AnyArguments, AnyPoolOptions, AnyRow};
use sqlx::{
    AnyPool, AssertSqlSafe, Column, Connection, Either, Error, Executor, QueryBuilder, Row,
    Statement, TypeInfo,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use twinbase::driver::ArgumentError;

/// A schema for one test.
struct Scratch {
    pool: AnyPool,
    schema: &'static str,
}

impl Scratch {
    async fn new(schema: &'static str) -> Self {
        Self::with_connections(schema, 1).await
    }

    async fn with_connections(schema: &'static str, connections: u32) -> Self {
        twinbase::driver::install().unwrap();
        let pool = Self::pool(schema, connections).await;
        let scratch = Self { pool, schema };
        let create = format!("DROP SCHEMA IF EXISTS {schema} CASCADE; CREATE SCHEMA {schema}");
        scratch.raw(&create).await;
        scratch
    }

    /// A second pool on the same schema.
    async fn new_beside(schema: &'static str) -> AnyPool {
        Self::pool(schema, 1).await
    }

    async fn pool(schema: &str, connections: u32) -> AnyPool {
        let url = std::env::var("TEST_POSTGRES_URL").expect("TEST_POSTGRES_URL must be set");
        let separator = if url.contains('?') { '&' } else { '?' };
        let url = format!("{url}{separator}options=-csearch_path%3D{schema},public");
        AnyPoolOptions::new()
            .max_connections(connections)
            .acquire_timeout(Duration::from_secs(20))
            .connect(&url)
            .await
            .unwrap()
    }

    async fn raw(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&self.pool)
            .await
            .unwrap();
    }

    async fn text(&self, sql: &'static str) -> String {
        sqlx::query_scalar(sql).fetch_one(&self.pool).await.unwrap()
    }

    async fn finish(self) {
        self.raw(&format!("DROP SCHEMA {} CASCADE", self.schema))
            .await;
        self.pool.close().await;
    }
}

fn argument_error(error: &Error) -> &ArgumentError {
    let Error::Encode(source) = error else {
        panic!("not an argument error: {error:?}");
    };
    source.downcast_ref().unwrap()
}

fn code(error: &Error) -> String {
    error
        .as_database_error()
        .unwrap()
        .code()
        .unwrap()
        .into_owned()
}

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
    use sqlx::Arguments;
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

#[tokio::test]
async fn every_type_comes_out_as_it_went_in() {
    let db = Scratch::new("pgd_every").await;
    db.raw(EVERY_TYPE).await;
    let done = sqlx::query_with(INSERT_EVERY, every_argument())
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(done.rows_affected(), 1);
    assert_eq!(done.last_insert_id(), None);

    let prepared = sqlx::query("SELECT * FROM t")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_every_value(&prepared);
    let simple = sqlx::raw_sql("SELECT * FROM t")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_every_value(&simple);
    // What the server itself makes of the values is what was meant.
    let stored = db
        .text("SELECT at::text || ' ' || exact::text || ' ' || uid::text FROM t")
        .await;
    assert_eq!(
        stored,
        "2024-02-29 10:30:00.123456+00 -1.50000000 01890a5d-ac96-774b-bcce-b302099a8057"
    );
    db.finish().await;
}

#[tokio::test]
async fn simple_statements_on_a_new_connection_read_enums_and_domains() {
    let db = Scratch::with_connections("pgd_simple", 2).await;
    db.raw(EVERY_TYPE).await;
    sqlx::query_with(INSERT_EVERY, every_argument())
        .execute(&db.pool)
        .await
        .unwrap();
    let url = db.pool.connect_options().database_url.clone();
    let mut fresh = sqlx::AnyConnection::connect(url.as_str()).await.unwrap();
    let rows =
        sqlx::raw_sql("SELECT 1::int8 AS one; SELECT * FROM t; SELECT * FROM t; SELECT 2::int8")
            .fetch_all(&mut fresh)
            .await
            .unwrap();
    assert_eq!(rows[0].get::<i64, _>("one"), 1);
    assert_every_value(&rows[1]);
    assert_every_value(&rows[2]);
    assert_eq!(rows[3].get::<i64, _>(0), 2);
    fresh.close().await.unwrap();
    db.finish().await;
}

#[tokio::test]
async fn null_of_any_declared_type_goes_into_every_column_in_any_order() {
    let db = Scratch::new("pgd_null").await;
    db.raw("CREATE TABLE t (id BIGINT, a BIGINT, b DOUBLE PRECISION, c UUID, d BYTEA, e BOOLEAN)")
        .await;
    let insert = "INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6)";
    for id in 0..3_i64 {
        let query = sqlx::query(insert).bind(id);
        let query = match id {
            0 => query
                .bind(None::<i64>)
                .bind(None::<f64>)
                .bind(None::<String>)
                .bind(None::<Vec<u8>>)
                .bind(None::<bool>),
            1 => query
                .bind(None::<String>)
                .bind(None::<f32>)
                .bind(None::<i64>)
                .bind(None::<bool>)
                .bind(None::<Vec<u8>>),
            _ => query
                .bind(5_i64)
                .bind(0.1_f64)
                .bind("01890a5d-ac96-774b-bcce-b302099a8057")
                .bind(vec![1_u8])
                .bind(true),
        };
        query.execute(&db.pool).await.unwrap();
    }
    let rows = sqlx::query("SELECT * FROM t ORDER BY id")
        .fetch_all(&db.pool)
        .await
        .unwrap();
    for row in &rows[..2] {
        assert_eq!(row.get::<Option<i64>, _>("a"), None);
        assert_eq!(row.get::<Option<f64>, _>("b"), None);
        assert_eq!(row.get::<Option<String>, _>("c"), None);
        assert_eq!(row.get::<Option<Vec<u8>>, _>("d"), None);
        assert_eq!(row.get::<Option<bool>, _>("e"), None);
    }
    assert_eq!(rows[2].get::<Option<i64>, _>("a"), Some(5));
    assert_eq!(rows[2].get::<Option<f64>, _>("b"), Some(0.1));
    db.finish().await;
}

#[tokio::test]
async fn the_same_text_bound_with_different_types_is_right_every_time() {
    let db = Scratch::new("pgd_same").await;
    let select = "SELECT $1 AS v";
    for _ in 0..2 {
        let row = sqlx::query(select)
            .bind("text")
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert_eq!(row.get::<String, _>(0), "text");
        let row = sqlx::query(select)
            .bind(7_i64)
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert_eq!(row.get::<i64, _>(0), 7);
        let row = sqlx::query(select)
            .bind(7_i32)
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert_eq!(row.get::<i32, _>(0), 7);
        let row = sqlx::query(select)
            .bind(0.1_f64)
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert_eq!(row.get::<Option<f64>, _>(0), Some(0.1));
        let row = sqlx::query(select)
            .bind(true)
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert!(row.get::<bool, _>(0));
        let row = sqlx::query(select)
            .bind(vec![0_u8])
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert_eq!(row.get::<Vec<u8>, _>(0), [0]);
        let row = sqlx::query(select)
            .bind(None::<i64>)
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert_eq!(row.get::<Option<i64>, _>(0), None);
    }

    // transact-rs/sqlx#2885: this stored 4607182418800017408 and 3544952156018063160.
    db.raw("CREATE TABLE t (v BIGINT)").await;
    let insert = "INSERT INTO t VALUES ($1)";
    sqlx::query(insert)
        .bind(1_i64)
        .execute(&db.pool)
        .await
        .unwrap();
    let float = sqlx::query(insert)
        .bind(1.0_f64)
        .execute(&db.pool)
        .await
        .err()
        .unwrap();
    let text = sqlx::query(insert)
        .bind("12345678")
        .execute(&db.pool)
        .await
        .err()
        .unwrap();
    for error in [float, text] {
        assert!(matches!(
            argument_error(&error),
            ArgumentError::WrongKind { parameter: 1, .. }
        ));
    }
    assert_eq!(db.text("SELECT string_agg(v::text, ',') FROM t").await, "1");
    db.finish().await;
}

#[tokio::test]
async fn an_integer_out_of_range_is_an_error_where_it_would_be_stored() {
    let db = Scratch::new("pgd_range").await;
    db.raw("CREATE TABLE t (small SMALLINT, medium INTEGER, real4 REAL, real8 DOUBLE PRECISION)")
        .await;
    for (column, value) in [("small", 32_768_i64), ("medium", -2_147_483_649)] {
        let insert = AssertSqlSafe(format!("INSERT INTO t ({column}) VALUES ($1)"));
        let error = sqlx::query(insert)
            .bind(value)
            .execute(&db.pool)
            .await
            .err()
            .unwrap();
        assert_eq!(code(&error), "22003", "{error}");
        // A comparison with it is simply false, as on SQLite.
        let select = AssertSqlSafe(format!("SELECT count(*) FROM t WHERE {column} = $1"));
        let found: i64 = sqlx::query_scalar(select)
            .bind(value)
            .fetch_one(&db.pool)
            .await
            .unwrap();
        assert_eq!(found, 0);
    }
    for (column, value) in [("real4", (1_i64 << 24) + 1), ("real8", (1 << 53) + 1)] {
        let insert = AssertSqlSafe(format!("INSERT INTO t ({column}) VALUES ($1)"));
        let error = sqlx::query(insert)
            .bind(value)
            .execute(&db.pool)
            .await
            .err()
            .unwrap();
        assert!(
            matches!(argument_error(&error), ArgumentError::Inexact { .. }),
            "{error}"
        );
    }
    let error = sqlx::query("INSERT INTO t (real4) VALUES ($1)").bind(0.1_f64);
    let error = error.execute(&db.pool).await.err().unwrap();
    assert!(
        matches!(argument_error(&error), ArgumentError::Inexact { .. }),
        "{error}"
    );
    sqlx::query("INSERT INTO t VALUES ($1, $2, $3, $4)")
        .bind(-32_768_i64)
        .bind(2_147_483_647_i64)
        .bind(0.1_f32)
        .bind(5_i64)
        .execute(&db.pool)
        .await
        .unwrap();
    db.finish().await;
}

#[tokio::test]
async fn a_refused_argument_names_its_place_and_never_its_value() {
    let db = Scratch::new("pgd_refused").await;
    db.raw("CREATE TABLE t (u UUID, at TIMESTAMPTZ, day DATE, n NUMERIC, truth BOOLEAN, span INTERVAL)").await;
    for (column, bound) in [
        ("u", "hunter2"),
        ("at", "hunter2"),
        ("day", "2024-02-30"),
        ("n", "hunter2"),
        ("truth", "hunter2"),
        ("span", "hunter2"),
    ] {
        let insert = format!("INSERT INTO t (u, {column}) VALUES (NULL, $1)");
        let insert = if column == "u" {
            "INSERT INTO t (u) VALUES ($1)".to_owned()
        } else {
            insert
        };
        let error = sqlx::query(AssertSqlSafe(insert))
            .bind(bound)
            .execute(&db.pool)
            .await
            .err()
            .unwrap();
        argument_error(&error);
        let shown = format!("{error} {error:?}");
        assert!(shown.contains("$1") && !shown.contains(bound), "{shown}");
    }
    let error = sqlx::query("SELECT $1")
        .bind("a\0b")
        .fetch_one(&db.pool)
        .await
        .err()
        .unwrap();
    assert_eq!(argument_error(&error), &ArgumentError::Nul { parameter: 1 });
    for float in [f64::NAN, f64::INFINITY] {
        let error = sqlx::query("SELECT $1, $2")
            .bind(1_i64)
            .bind(float)
            .fetch_one(&db.pool)
            .await
            .err()
            .unwrap();
        assert_eq!(
            argument_error(&error),
            &ArgumentError::NotFinite { parameter: 2 }
        );
    }
    // Nothing of this has reached the server, so the connection and a transaction go on.
    let mut transaction = db.pool.begin().await.unwrap();
    sqlx::query("INSERT INTO t (u) VALUES ($1)")
        .bind("no")
        .execute(&mut *transaction)
        .await
        .err()
        .unwrap();
    sqlx::query("INSERT INTO t (n) VALUES ($1)")
        .bind(5_i64)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(db.text("SELECT n::text FROM t").await, "5");
    db.finish().await;
}

#[tokio::test]
async fn too_few_and_too_many_arguments_are_errors() {
    let db = Scratch::new("pgd_count").await;
    for (sql, arguments, parameters) in [
        ("SELECT $1::int8 + $2::int8", 1, 2),
        ("SELECT $1::int8", 0, 1),
        ("SELECT 1", 1, 0),
        ("SELECT $1 + $2", 3, 2),
        ("SELECT $1 IS NULL", 2, 1),
    ] {
        let mut query = sqlx::query(sql);
        for value in 0..arguments {
            query = query.bind(i64::try_from(value).unwrap());
        }
        let error = query.fetch_one(&db.pool).await.err().unwrap();
        assert_eq!(
            argument_error(&error),
            &ArgumentError::Count {
                parameters,
                arguments
            },
            "{sql}"
        );
    }
    db.finish().await;
}

#[tokio::test]
async fn parameters_that_the_server_cannot_infer_take_the_rust_type() {
    let db = Scratch::new("pgd_infer").await;
    let sum: i64 = sqlx::query_scalar("SELECT $1 + $2")
        .bind(1_i64)
        .bind(2_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(sum, 3);
    let sum: f64 = sqlx::query_scalar("SELECT $1 + $2")
        .bind(0.5_f64)
        .bind(2.0_f64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert!((sum - 2.5).abs() < f64::EPSILON);
    let null: bool = sqlx::query_scalar("SELECT $1 IS NULL")
        .bind("x")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert!(!null);
    let object: String = sqlx::query_scalar("SELECT jsonb_build_object('a', $1, 'b', $2, 'c', $3)")
        .bind(1_i64)
        .bind("x")
        .bind(true)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(object, r#"{"a": 1, "b": "x", "c": true}"#);
    let json: String = sqlx::query_scalar("SELECT to_jsonb($1)")
        .bind(5_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(json, "5");
    let row = sqlx::query("SELECT $1 AS a, $1 AS b")
        .bind(5_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!((row.get::<i64, _>("a"), row.get::<i64, _>("b")), (5, 5));
    let wide: i64 = sqlx::query_scalar("SELECT $1 + 1")
        .bind(3_000_000_000_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(wide, 3_000_000_001);
    db.raw("CREATE TABLE t (a INTEGER, b TEXT)").await;
    sqlx::query("INSERT INTO t VALUES ($1, $1)")
        .bind(5_i64)
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(db.text("SELECT a || b FROM t").await, "55");
    let error = sqlx::query("SELECT no_such($1)")
        .bind(5_i64)
        .fetch_one(&db.pool)
        .await
        .err()
        .unwrap();
    assert_eq!(code(&error), "42883");
    assert!(error.to_string().contains("no_such(unknown)"), "{error}");
    db.finish().await;
}

#[tokio::test]
async fn a_float_beside_an_ambiguous_parameter_is_still_not_rounded() {
    let db = Scratch::new("pgd_rounded").await;
    db.raw("CREATE TABLE t (a INTEGER, b JSONB)").await;
    let error = sqlx::query("INSERT INTO t VALUES ($1, to_jsonb($2))")
        .bind(2.5_f64)
        .bind(2.5_f64)
        .execute(&db.pool)
        .await
        .err()
        .unwrap();
    assert!(matches!(
        argument_error(&error),
        ArgumentError::WrongKind { parameter: 1, .. }
    ));
    db.finish().await;
}

#[tokio::test]
async fn inference_that_fails_does_not_end_the_transaction() {
    let db = Scratch::new("pgd_infer_tx").await;
    db.raw("CREATE TABLE t (v BIGINT)").await;
    let mut transaction = db.pool.begin().await.unwrap();
    sqlx::query("INSERT INTO t VALUES ($1)")
        .bind(1_i64)
        .execute(&mut *transaction)
        .await
        .unwrap();
    let sum: i64 = sqlx::query_scalar("SELECT $1 + $2 + $3")
        .bind(1_i64)
        .bind(2_i64)
        .bind(3_i64)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(sum, 6);
    let object: String = sqlx::query_scalar("SELECT json_build_array($1, $2)")
        .bind(1_i64)
        .bind("x")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(object, r#"[1, "x"]"#);
    transaction.commit().await.unwrap();
    assert_eq!(db.text("SELECT count(*)::text FROM t").await, "1");
    db.finish().await;
}

#[tokio::test]
async fn a_type_without_a_portable_form_is_an_error_even_without_rows() {
    let db = Scratch::new("pgd_unsupported").await;
    db.raw("CREATE TABLE t (id BIGINT, span INTERVAL, tags TEXT[])")
        .await;
    for column in ["span", "tags"] {
        let select = format!("SELECT id, {column} FROM t");
        let error = sqlx::query(AssertSqlSafe(select))
            .fetch_all(&db.pool)
            .await
            .err()
            .unwrap();
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
    let error = sqlx::query("INSERT INTO t (span) VALUES ($1) RETURNING span").bind(None::<String>);
    error.fetch_all(&db.pool).await.err().unwrap();
    assert_eq!(db.text("SELECT count(*)::text FROM t").await, "0");
    sqlx::query("INSERT INTO t (id, span) VALUES (1, CAST(CAST($1 AS TEXT) AS INTERVAL))")
        .bind("1 day")
        .execute(&db.pool)
        .await
        .unwrap();
    let error = sqlx::raw_sql("SELECT span FROM t")
        .fetch_all(&db.pool)
        .await
        .err()
        .unwrap();
    assert!(error.to_string().contains("CAST(span AS TEXT)"), "{error}");
    assert_eq!(db.text("SELECT CAST(span AS TEXT) FROM t").await, "1 day");
    db.finish().await;
}

#[tokio::test]
async fn values_without_a_portable_form_are_errors_that_name_the_column() {
    let db = Scratch::new("pgd_values").await;
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
            .fetch_one(&db.pool)
            .await;
        let simple = sqlx::raw_sql(AssertSqlSafe(select))
            .fetch_one(&db.pool)
            .await;
        for error in [prepared.err().unwrap(), simple.err().unwrap()] {
            assert!(
                matches!(&error, Error::ColumnDecode { index, .. } if index == "\"bad\""),
                "{error}"
            );
            assert!(error.to_string().contains("portable"), "{error}");
        }
    }
    assert_eq!(db.text("SELECT 'still ' || 'here'").await, "still here");
    let void = sqlx::query("SELECT pg_advisory_lock(7)")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(void.get::<Option<String>, _>(0), None);
    db.finish().await;
}

#[tokio::test]
async fn query_builder_works_and_jsonb_operators_live() {
    let db = Scratch::new("pgd_builder").await;
    db.raw("CREATE TABLE t (id BIGINT, data JSONB)").await;
    let mut builder = QueryBuilder::<sqlx::Any>::new("INSERT INTO t (id, data) ");
    builder.push_values(
        [(1_i64, r#"{"a?": 1}"#), (2, r#"{"b": 2}"#)],
        |mut row, (id, data)| {
            row.push_bind(id).push_bind(data);
        },
    );
    assert_eq!(
        builder
            .build()
            .execute(&db.pool)
            .await
            .unwrap()
            .rows_affected(),
        2
    );
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t WHERE data ? 'b' AND id = $1")
        .bind(2_i64)
        .fetch_all(&db.pool)
        .await
        .unwrap();
    assert_eq!(ids, [2]);
    let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t WHERE data ? 'a?'")
        .fetch_all(&db.pool)
        .await
        .unwrap();
    assert_eq!(ids, [1]);
    db.finish().await;
}

#[tokio::test]
async fn a_statement_prepared_before_a_table_changed_gives_the_new_columns() {
    let db = Scratch::new("pgd_stale").await;
    db.raw("CREATE TABLE t (a BIGINT, b TEXT)").await;
    let select = "SELECT * FROM t WHERE a = $1";
    let insert = "INSERT INTO t (a, b) VALUES ($1, $2)";
    let uuid = "01890a5d-ac96-774b-bcce-b302099a8057";
    sqlx::query(insert)
        .bind(1_i64)
        .bind(uuid)
        .execute(&db.pool)
        .await
        .unwrap();
    sqlx::query(select)
        .bind(1_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();

    db.raw("ALTER TABLE t ADD COLUMN c BOOLEAN DEFAULT true")
        .await;
    let row = sqlx::query(select)
        .bind(1_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert!(row.get::<bool, _>("c"));
    db.raw("ALTER TABLE t DROP COLUMN c").await;
    let row = sqlx::query(select)
        .bind(1_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(row.len(), 2);
    db.raw("ALTER TABLE t ALTER COLUMN b TYPE UUID USING b::uuid")
        .await;
    sqlx::query(insert)
        .bind(2_i64)
        .bind(uuid)
        .execute(&db.pool)
        .await
        .unwrap();
    db.raw("DEALLOCATE ALL").await;
    sqlx::query(select)
        .bind(2_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();

    // A failed transaction can't be mended, but the statement does not fail twice.
    db.raw("ALTER TABLE t ADD COLUMN c BIGINT").await;
    let mut transaction = db.pool.begin().await.unwrap();
    let error = sqlx::query(select)
        .bind(1_i64)
        .fetch_one(&mut *transaction)
        .await
        .err()
        .unwrap();
    assert_eq!(code(&error), "0A000");
    transaction.rollback().await.unwrap();
    let mut transaction = db.pool.begin().await.unwrap();
    let row = sqlx::query(select)
        .bind(1_i64)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(row.len(), 3);
    transaction.commit().await.unwrap();
    db.finish().await;
}

#[tokio::test]
async fn a_statement_dropped_for_others_is_read_by_its_own_columns() {
    let db = Scratch::new("pgd_evicted").await;
    db.raw("CREATE TABLE t (a BIGINT)").await;
    db.raw("INSERT INTO t VALUES (5)").await;
    let select = "SELECT * FROM t WHERE a = $1";
    sqlx::query(select)
        .bind(5_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    for number in 0..100 {
        let other = AssertSqlSafe(format!("SELECT {number}::int8"));
        sqlx::query(other).fetch_one(&db.pool).await.unwrap();
    }
    db.raw("ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'new'")
        .await;
    let row = sqlx::query(select)
        .bind(5_i64)
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(row.get::<String, _>("b"), "new");
    db.finish().await;
}

#[tokio::test]
async fn a_cancelled_begin_leaves_no_open_transaction() {
    let db = Scratch::new("pgd_begin").await;
    let other = Scratch::new_beside("pgd_begin").await;
    db.raw("CREATE TABLE t (v BIGINT)").await;
    for polls in 0..6_i64 {
        let mut connection = db.pool.acquire().await.unwrap();
        let mut begin = Box::pin(connection.begin());
        for _ in 0..polls {
            if begin.as_mut().now_or_never().is_some() {
                break;
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        drop(begin);
        drop(connection);
        sqlx::query("INSERT INTO t VALUES ($1)")
            .bind(polls)
            .execute(&db.pool)
            .await
            .unwrap();
        let committed: i64 = sqlx::query_scalar("SELECT count(*) FROM t")
            .fetch_one(&other)
            .await
            .unwrap();
        assert_eq!(committed, polls + 1);
    }
    other.close().await;
    db.finish().await;
}

#[tokio::test]
async fn a_cancelled_nested_begin_leaves_the_outer_transaction_alone() {
    let db = Scratch::with_connections("pgd_nested", 2).await;
    db.raw("CREATE TABLE t (v BIGINT)").await;
    let insert = "INSERT INTO t VALUES ($1)";
    for polls in 0..4 {
        let mut outer = db.pool.begin().await.unwrap();
        sqlx::query(insert)
            .bind(1_i64)
            .execute(&mut *outer)
            .await
            .unwrap();
        {
            let mut nested = Box::pin(outer.begin());
            for _ in 0..polls {
                if nested.as_mut().now_or_never().is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        }
        sqlx::query(insert)
            .bind(2_i64)
            .execute(&mut *outer)
            .await
            .unwrap();
        assert_eq!(
            db.text("SELECT count(*)::text FROM t").await,
            "0",
            "not yet committed"
        );
        outer.rollback().await.unwrap();
        assert_eq!(db.text("SELECT count(*)::text FROM t").await, "0");
    }
    db.finish().await;
}

#[tokio::test]
async fn nested_transactions_roll_back_alone() {
    let db = Scratch::new("pgd_levels").await;
    db.raw("CREATE TABLE t (v BIGINT UNIQUE)").await;
    let insert = "INSERT INTO t VALUES ($1)";
    let mut outer = db.pool.begin().await.unwrap();
    sqlx::query(insert)
        .bind(1_i64)
        .execute(&mut *outer)
        .await
        .unwrap();
    let mut nested = outer.begin().await.unwrap();
    let error = sqlx::query(insert)
        .bind(1_i64)
        .execute(&mut *nested)
        .await
        .err()
        .unwrap();
    assert_eq!(
        error.as_database_error().unwrap().constraint(),
        Some("t_v_key")
    );
    assert_eq!(error.as_database_error().unwrap().table(), Some("t"));
    assert!(error.as_database_error().unwrap().is_unique_violation());
    nested.rollback().await.unwrap();
    let mut dropped = outer.begin().await.unwrap();
    sqlx::query(insert)
        .bind(2_i64)
        .execute(&mut *dropped)
        .await
        .unwrap();
    drop(dropped);
    let mut kept = outer.begin().await.unwrap();
    sqlx::query(insert)
        .bind(3_i64)
        .execute(&mut *kept)
        .await
        .unwrap();
    let mut inmost = kept.begin().await.unwrap();
    sqlx::query(insert)
        .bind(4_i64)
        .execute(&mut *inmost)
        .await
        .unwrap();
    inmost.commit().await.unwrap();
    kept.commit().await.unwrap();
    assert!(matches!(
        outer.begin_with("BEGIN").await,
        Err(Error::InvalidSavePointStatement)
    ));
    outer.commit().await.unwrap();
    assert_eq!(
        db.text("SELECT string_agg(v::text, ',' ORDER BY v) FROM t")
            .await,
        "1,3,4"
    );
    db.finish().await;
}

#[tokio::test]
async fn commit_of_a_failed_transaction_is_an_error() {
    let db = Scratch::new("pgd_commit").await;
    db.raw("CREATE TABLE t (v BIGINT UNIQUE)").await;
    let insert = "INSERT INTO t VALUES ($1)";
    let mut transaction = db.pool.begin().await.unwrap();
    sqlx::query(insert)
        .bind(1_i64)
        .execute(&mut *transaction)
        .await
        .unwrap();
    sqlx::query(insert)
        .bind(1_i64)
        .execute(&mut *transaction)
        .await
        .err()
        .unwrap();
    assert_eq!(code(&transaction.commit().await.err().unwrap()), "25P02");
    assert_eq!(db.text("SELECT count(*)::text FROM t").await, "0");

    // One that was mended with a savepoint of one's own commits.
    let mut transaction = db.pool.begin().await.unwrap();
    sqlx::query(insert)
        .bind(1_i64)
        .execute(&mut *transaction)
        .await
        .unwrap();
    transaction.execute("SAVEPOINT mine").await.unwrap();
    sqlx::query(insert)
        .bind(1_i64)
        .execute(&mut *transaction)
        .await
        .err()
        .unwrap();
    transaction
        .execute("ROLLBACK TO SAVEPOINT mine")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(db.text("SELECT count(*)::text FROM t").await, "1");
    db.finish().await;
}

#[tokio::test]
async fn a_transaction_begun_by_a_statement_that_failed_is_not_left_open() {
    let db = Scratch::new("pgd_begin_with").await;
    let error = db.pool.begin_with("BEGIN; SELECT 1/0").await.err().unwrap();
    assert_eq!(code(&error), "22012");
    assert_eq!(db.text("SELECT 'alive'").await, "alive");
    let mut transaction = db
        .pool
        .begin_with("BEGIN ISOLATION LEVEL SERIALIZABLE")
        .await
        .unwrap();
    let level: String = sqlx::query_scalar("SHOW transaction_isolation")
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    assert_eq!(level, "serializable");
    transaction.rollback().await.unwrap();
    db.finish().await;
}

#[tokio::test]
async fn the_error_of_a_dropped_query_goes_to_nobody_else() {
    let db = Scratch::new("pgd_dropped").await;
    let mut connection = db.pool.acquire().await.unwrap();
    sqlx::query("SELECT $1::int8")
        .bind(1_i64)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    {
        let failing = sqlx::query("SELECT 1 / (count(*) - 1) FROM pg_sleep($1)")
            .bind(0.05_f64)
            .execute(&mut *connection);
        tokio::time::timeout(Duration::from_millis(25), failing)
            .await
            .err()
            .unwrap();
    }
    let one: i64 = sqlx::query_scalar("SELECT $1::int8")
        .bind(1_i64)
        .fetch_one(&mut *connection)
        .await
        .unwrap();
    assert_eq!(one, 1);
    drop(connection);
    db.finish().await;
}

#[tokio::test]
async fn a_deferred_constraint_fails_even_when_a_row_was_returned() {
    let db = Scratch::new("pgd_deferred").await;
    db.raw("CREATE TABLE p (id BIGINT PRIMARY KEY); CREATE TABLE c (p BIGINT REFERENCES p DEFERRABLE INITIALLY DEFERRED)").await;
    let error = sqlx::query("INSERT INTO c VALUES ($1) RETURNING p")
        .bind(1_i64)
        .fetch_optional(&db.pool)
        .await
        .err()
        .unwrap();
    assert_eq!(code(&error), "23503");
    db.finish().await;
}

#[tokio::test]
async fn a_prepared_statement_tells_its_parameters_and_columns() {
    let db = Scratch::new("pgd_prepare").await;
    db.raw("CREATE TABLE t (id BIGINT, at TIMESTAMPTZ)").await;
    let mut connection = db.pool.acquire().await.unwrap();
    let sql = sqlx::SqlSafeStr::into_sql_str("SELECT id, at FROM t WHERE at > $1 AND id = $2");
    let statement = (&mut *connection).prepare(sql).await.unwrap();
    let Some(Either::Left(parameters)) = statement.parameters() else {
        panic!("no parameters");
    };
    assert_eq!(
        parameters.iter().map(TypeInfo::name).collect::<Vec<_>>(),
        ["TEXT", "BIGINT"]
    );
    assert_eq!(
        statement
            .columns()
            .iter()
            .map(Column::name)
            .collect::<Vec<_>>(),
        ["id", "at"]
    );
    let rows = statement
        .query()
        .bind("2024-01-01T00:00:00Z")
        .bind(1_i64)
        .fetch_all(&mut *connection)
        .await
        .unwrap();
    assert!(rows.is_empty());
    assert!(connection.cached_statements_size() > 0);
    connection.clear_cached_statements().await.unwrap();
    assert_eq!(connection.cached_statements_size(), 0);
    drop(connection);
    db.finish().await;
}

#[tokio::test]
async fn large_results_stream_and_may_be_dropped_half_way() {
    let db = Scratch::new("pgd_stream").await;
    let sql = "SELECT g::int8 FROM generate_series(1, $1) g";
    let mut rows = sqlx::query(sql).bind(100_000_i64).fetch(&db.pool);
    let first: i64 = rows.try_next().await.unwrap().unwrap().get(0);
    assert_eq!(first, 1);
    drop(rows);
    let count = sqlx::query(sql)
        .bind(100_000_i64)
        .fetch(&db.pool)
        .try_fold(0, async |count, _| Ok(count + 1))
        .await
        .unwrap();
    assert_eq!(count, 100_000);
    db.finish().await;
}

#[tokio::test]
async fn citext_is_text() {
    let db = Scratch::new("pgd_citext").await;
    db.raw("CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public; CREATE TABLE t (email public.citext)").await;
    sqlx::query("INSERT INTO t VALUES ($1)")
        .bind("A@b.c")
        .execute(&db.pool)
        .await
        .unwrap();
    assert_eq!(db.text("SELECT email FROM t").await, "A@b.c");
    let simple = sqlx::raw_sql("SELECT email FROM t")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert_eq!(simple.get::<String, _>(0), "A@b.c");
    db.finish().await;
}

#[tokio::test]
async fn sqlx_migrations_run() {
    let db = Scratch::new("pgd_migrate").await;
    let mut connection = db.pool.acquire().await.unwrap();
    let migration = sqlx::migrate::Migration::new(
        1,
        "create a table".into(),
        sqlx::migrate::MigrationType::Simple,
        sqlx::SqlSafeStr::into_sql_str("CREATE TABLE m (id BIGINT)"),
        false,
    );
    let mut migrator = sqlx::migrate::Migrator::DEFAULT;
    migrator.migrations = vec![migration].into();
    migrator.run(&mut *connection).await.unwrap();
    drop(connection);
    let row = sqlx::query("SELECT * FROM _sqlx_migrations")
        .fetch_one(&db.pool)
        .await
        .unwrap();
    assert!(row.get::<bool, _>("success"));
    assert!(row.get::<String, _>("installed_on").ends_with('Z'));
    db.finish().await;
}

#[tokio::test]
async fn a_wrong_password_is_an_error_that_does_not_show_it() {
    twinbase::driver::install().unwrap();
    let error = sqlx::AnyConnection::connect("postgres://nobody:hunter2@127.0.0.1:1/none")
        .await
        .err()
        .unwrap();
    let shown = format!("{error} {error:?}");
    assert!(!shown.contains("hunter2"), "{shown}");
}

/// The server's own text is the reference for the driver's.
#[tokio::test]
async fn what_is_read_and_bound_agrees_with_the_server_over_many_values() {
    let db = Scratch::new("pgd_agree").await;
    let rows = sqlx::query(
        "SELECT at, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"') AS at_text, \
                at::date AS day, at::date::text AS day_text, \
                at::time AS clock, to_char(at, 'HH24:MI:SS.US') AS clock_text, \
                n, trim_scale(n)::text AS n_text, u, u::text AS u_text \
         FROM (SELECT timestamptz '0001-01-01 00:00:00+00' + random() * interval '9998 years' AS at, \
                      (random() - 0.5)::numeric * power(10::numeric, (random() * 60)::int - 30) AS n, \
                      gen_random_uuid() AS u \
               FROM generate_series(1, 3000)) AS made",
    )
    .fetch_all(&db.pool)
    .await
    .unwrap();
    assert_eq!(rows.len(), 3000);
    for row in &rows {
        for column in ["at", "day", "clock", "n", "u"] {
            let expected: String = row.get(format!("{column}_text").as_str());
            assert_eq!(row.get::<String, _>(column), expected, "{column}");
        }
    }
    for row in rows.iter().take(1000) {
        let mut query = sqlx::query_scalar(
            "SELECT $1::timestamptz = $6::text::timestamptz AND $2::date = $7::text::date \
                AND $3::time = $8::text::time AND $4::numeric = $9::text::numeric \
                AND $5::uuid = $10::text::uuid",
        );
        for suffix in ["", "_text"] {
            for column in ["at", "day", "clock", "n", "u"] {
                query = query.bind(row.get::<String, _>(format!("{column}{suffix}").as_str()));
            }
        }
        let same: bool = query.fetch_one(&db.pool).await.unwrap();
        assert!(same);
    }
    db.finish().await;
}

#[tokio::test]
async fn a_prepared_statement_costs_one_round_trip() {
    let db = Scratch::new("pgd_trips").await;
    let mut url = db.pool.connect_options().database_url.clone();
    let (proxy, writes) = counting_proxy(&url).await;
    url.set_host(Some("127.0.0.1")).unwrap();
    url.set_port(Some(proxy)).unwrap();
    let mut connection = sqlx::AnyConnection::connect(url.as_str()).await.unwrap();
    let statements = [
        "SELECT $1::int8",
        // Prepared with the type of the argument.
        "SELECT $1 + $1",
    ];
    for round in 0..10 {
        let before = writes.load(Ordering::SeqCst);
        for sql in statements {
            sqlx::query(sql)
                .bind(5_i64)
                .fetch_one(&mut connection)
                .await
                .unwrap();
        }
        if round > 0 {
            assert_eq!(writes.load(Ordering::SeqCst) - before, statements.len());
        }
    }
    // In a transaction too, with BEGIN and COMMIT beside it.
    let before = writes.load(Ordering::SeqCst);
    let mut transaction = connection.begin().await.unwrap();
    sqlx::query(statements[1])
        .bind(5_i64)
        .fetch_one(&mut *transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(writes.load(Ordering::SeqCst) - before, 3);
    connection.close().await.unwrap();
    db.finish().await;
}

/// Forwards to the server and counts what the client sends: a write for each round trip.
async fn counting_proxy(server: &url::Url) -> (u16, Arc<AtomicUsize>) {
    let host = server.host_str().unwrap().to_owned();
    let port = server.port().unwrap_or(5432);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().port();
    let writes = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&writes);
    tokio::spawn(async move {
        let (client, _) = listener.accept().await.unwrap();
        let server = TcpStream::connect((host, port)).await.unwrap();
        let (mut from_client, mut to_client) = client.into_split();
        let (mut from_server, mut to_server) = server.into_split();
        tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
        let mut buffer = vec![0; 1 << 16];
        loop {
            match from_client.read(&mut buffer).await {
                Ok(length) if length > 0 => {
                    counted.fetch_add(1, Ordering::SeqCst);
                    to_server.write_all(&buffer[..length]).await.unwrap();
                }
                _ => break,
            }
        }
    });
    (address, writes)
}
