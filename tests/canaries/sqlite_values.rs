//! Values that stock `Any` changes, loses or refuses on SQLite.

use sqlx::any::AnyArguments;
use sqlx::{AssertSqlSafe, Executor as _, Row as _};
use sqlx_core::any::AnyValueKind;

use crate::{File, numbers, run, still};

#[tokio::test]
async fn sqlx_2778_a_boolean_column_cannot_be_read() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(
        &mut connection,
        "CREATE TABLE t (v BOOLEAN); INSERT INTO t VALUES (1)",
    )
    .await;
    let found = connection.fetch_one("SELECT v FROM t").await.map(drop);
    still(found.is_err(), &found);
}

#[tokio::test]
async fn sqlx_2657_a_column_of_dates_or_times_cannot_be_read() {
    for declared in ["DATE", "TIME", "DATETIME", "TIMESTAMP"] {
        let file = File::new();
        let mut connection = file.connect().await;
        let sql = format!("CREATE TABLE t (v {declared}); INSERT INTO t VALUES ('2024-02-29')");
        run(&mut connection, &sql).await;
        let found = connection.fetch_one("SELECT v FROM t").await.map(drop);
        still(found.is_err(), &(declared, found));
    }
}

#[tokio::test]
async fn a_bound_boolean_comes_back_as_something_else() {
    let file = File::new();
    let mut connection = file.connect().await;
    let row = sqlx::query("SELECT $1")
        .bind(true)
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let found = row.try_get::<bool, _>(0);
    still(found.is_err(), &found);
}

#[tokio::test]
async fn a_boolean_expression_is_no_boolean() {
    let file = File::new();
    let mut connection = file.connect().await;
    let row = connection
        .fetch_one("SELECT EXISTS (SELECT 1)")
        .await
        .unwrap();
    let found = row.try_get::<bool, _>(0);
    still(found.is_err(), &found);
}

#[tokio::test]
async fn sqlx_4205_last_insert_id_is_always_none() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(&mut connection, "CREATE TABLE t (id INTEGER PRIMARY KEY)").await;
    let done = connection
        .execute("INSERT INTO t VALUES (7)")
        .await
        .unwrap();
    let found = done.last_insert_id();
    still(found.is_none(), &found);
}

#[tokio::test]
async fn a_shared_text_panics() {
    let file = File::new();
    let mut connection = file.connect().await;
    let task = tokio::spawn(async move {
        let mut arguments = AnyArguments::default();
        arguments.values.0.push(AnyValueKind::TextSlice("x".into()));
        let select = sqlx::query_with("SELECT $1", arguments);
        select.fetch_one(&mut connection).await.map(drop)
    });
    let found = task.await;
    still(
        found.as_ref().is_err_and(tokio::task::JoinError::is_panic),
        &found,
    );
}

#[tokio::test]
async fn a_parameter_that_is_not_bound_is_null() {
    let file = File::new();
    let mut connection = file.connect().await;
    let select = sqlx::query_scalar("SELECT $1 IS NOT NULL, $2 IS NULL").bind(1_i64);
    let found: Result<i64, _> = select.fetch_one(&mut connection).await;
    still(matches!(found, Ok(1)), &found);
}

#[tokio::test]
async fn arguments_beyond_the_parameters_are_ignored() {
    let file = File::new();
    let mut connection = file.connect().await;
    let select = sqlx::query_scalar("SELECT $1").bind(1_i64).bind(2_i64);
    let found: Result<i64, _> = select.fetch_one(&mut connection).await;
    still(matches!(found, Ok(1)), &found);
}

#[tokio::test]
async fn nan_becomes_null() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(&mut connection, "CREATE TABLE t (f DOUBLE PRECISION)").await;
    let nan = sqlx::query("INSERT INTO t VALUES ($1)").bind(f64::NAN);
    nan.execute(&mut connection).await.unwrap();
    let found = numbers(&mut connection, "SELECT count(*) FROM t WHERE f IS NULL").await;
    still(found == [1], &found);
}

#[tokio::test]
async fn text_with_a_nul_is_stored() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(&mut connection, "CREATE TABLE t (v TEXT)").await;
    let nul = sqlx::query("INSERT INTO t VALUES ($1)").bind("a\0b");
    let found = nul.execute(&mut connection).await;
    still(found.is_ok(), &found);
}

#[tokio::test]
async fn a_value_that_its_column_does_not_allow_is_given_as_it_is() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(
        &mut connection,
        "CREATE TABLE t (n BIGINT); INSERT INTO t VALUES ('abc')",
    )
    .await;
    let row = connection.fetch_one("SELECT n FROM t").await.unwrap();
    let found = row.try_get::<String, _>(0);
    still(found.is_ok(), &found);
}

#[tokio::test]
async fn a_misspelt_column_in_double_quotes_is_a_text() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(
        &mut connection,
        "CREATE TABLE t (name TEXT); INSERT INTO t VALUES ('x')",
    )
    .await;
    let select = sqlx::query_scalar("SELECT \"nmae\" FROM t");
    let found: Result<String, _> = select.fetch_one(&mut connection).await;
    still(matches!(found.as_deref(), Ok("nmae")), &found);
}

#[tokio::test]
async fn a_cast_in_the_way_of_postgresql_is_a_name() {
    let file = File::new();
    let mut connection = file.connect().await;
    let select = sqlx::query_scalar("SELECT $1::int8").bind("no number");
    let found: Result<String, _> = select.fetch_one(&mut connection).await;
    still(matches!(found.as_deref(), Ok("no number")), &found);
}

#[tokio::test]
async fn a_cast_to_a_type_of_time_is_a_year() {
    for sql_type in ["TIMESTAMP", "DATE"] {
        let file = File::new();
        let mut connection = file.connect().await;
        let sql = format!("SELECT CAST('2024-02-29' AS {sql_type})");
        let row = connection.fetch_one(AssertSqlSafe(sql)).await;
        let found = row.map(|row| row.try_get::<i64, _>(0).ok());
        still(matches!(found, Ok(Some(2024))), &(sql_type, found));
    }
}
