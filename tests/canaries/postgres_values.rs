//! Values that stock `Any` changes, loses or refuses on PostgreSQL.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, QueryBuilder, Row as _};

use crate::{numbers, postgres, run, still};

#[tokio::test]
async fn sqlx_2885_an_argument_goes_out_as_the_type_that_was_bound_first() {
    let mut connection = postgres().await;
    run(&mut connection, "CREATE TEMP TABLE t (n BIGINT)").await;
    let insert = "INSERT INTO t VALUES ($1)";
    for result in [
        sqlx::query(insert)
            .bind(1_i64)
            .execute(&mut connection)
            .await,
        sqlx::query(insert).bind(1.0).execute(&mut connection).await,
    ] {
        assert_eq!(result.unwrap().rows_affected(), 1);
    }
    let found = numbers(&mut connection, "SELECT n FROM t ORDER BY n").await;
    still(found == [1, 4_607_182_418_800_017_408], &found);
}

#[tokio::test]
async fn sqlx_2981_integers_of_two_widths_do_not_go_through_one_statement() {
    let mut connection = postgres().await;
    let select = "SELECT $1 + 0";
    let narrow = sqlx::query(select).bind(1_i32).fetch_one(&mut connection);
    narrow.await.unwrap();
    let wide = sqlx::query(select).bind(1_i64).fetch_one(&mut connection);
    let found = wide.await.map(|row| row.get::<i64, _>(0));
    still(found.is_err(), &found);
}

#[tokio::test]
async fn sqlx_4359_the_nulls_of_the_two_floats_are_swapped() {
    let mut connection = postgres().await;
    run(&mut connection, "CREATE TEMP TABLE t (f DOUBLE PRECISION)").await;
    let insert = "INSERT INTO t VALUES ($1)";
    let null = sqlx::query(insert).bind(None::<f64>);
    null.execute(&mut connection).await.unwrap();
    let found = sqlx::query(insert)
        .bind(Some(0.1))
        .execute(&mut connection)
        .await;
    still(found.is_err(), &found);
}

#[tokio::test]
async fn sqlx_3521_most_types_cannot_be_read() {
    let mut connection = postgres().await;
    run(
        &mut connection,
        "CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok')",
    )
    .await;
    for value in [
        "1.5::NUMERIC",
        "now()",
        "now()::TIMESTAMP",
        "current_date",
        "localtime",
        "gen_random_uuid()",
        "'{}'::JSON",
        "'{}'::JSONB",
        "'x'::CHAR(3)",
        "'x'::NAME",
        "'ok'::pg_temp.mood",
        "sum(1::BIGINT)",
    ] {
        let sql = format!("SELECT {value}");
        let found = connection.fetch_one(AssertSqlSafe(sql)).await;
        still(found.is_err(), &(value, found.map(drop)));
    }
}

#[tokio::test]
async fn citext_cannot_be_read() {
    let mut connection = postgres().await;
    let mut transaction = connection.begin().await.unwrap();
    run(&mut transaction, "CREATE EXTENSION IF NOT EXISTS citext").await;
    let found = transaction.fetch_one("SELECT 'x'::CITEXT").await.map(drop);
    still(found.is_err(), &found);
    transaction.rollback().await.unwrap();
}

#[tokio::test]
async fn a_type_that_cannot_be_read_is_found_only_once_there_is_a_row() {
    let mut connection = postgres().await;
    run(&mut connection, "CREATE TEMP TABLE t (n NUMERIC)").await;
    let found = connection
        .fetch_all("SELECT n FROM t")
        .await
        .map(|rows| rows.len());
    still(matches!(found, Ok(0)), &found);
}

#[tokio::test]
async fn text_does_not_go_into_other_types() {
    let mut connection = postgres().await;
    run(
        &mut connection,
        "CREATE TYPE pg_temp.mood AS ENUM ('sad', 'ok');
         CREATE TEMP TABLE t (id UUID, at TIMESTAMPTZ, day DATE, amount NUMERIC, body JSONB, mood pg_temp.mood)",
    )
    .await;
    for (column, value) in [
        ("id", "018f4e5c-1111-7000-8000-000000000000"),
        ("at", "2024-02-29T12:00:00Z"),
        ("day", "2024-02-29"),
        ("amount", "1.5"),
        ("body", "{}"),
        ("mood", "ok"),
    ] {
        let sql = format!("INSERT INTO t ({column}) VALUES ($1)");
        let found = sqlx::query(AssertSqlSafe(sql))
            .bind(value)
            .execute(&mut connection)
            .await;
        still(found.is_err(), &(column, found));
    }
}

#[tokio::test]
async fn nan_is_stored() {
    let mut connection = postgres().await;
    run(&mut connection, "CREATE TEMP TABLE t (f DOUBLE PRECISION)").await;
    let nan = sqlx::query("INSERT INTO t VALUES ($1)").bind(f64::NAN);
    let found = nan.execute(&mut connection).await;
    still(found.is_ok(), &found);
}

#[tokio::test]
async fn sqlx_3000_the_query_builder_writes_what_postgresql_does_not_read() {
    let mut connection = postgres().await;
    let mut builder = QueryBuilder::<sqlx::Any>::new("SELECT 1 + ");
    builder.push_bind(1_i64);
    let found = builder.build().fetch_one(&mut connection).await.map(drop);
    still(found.is_err(), &found);
}
