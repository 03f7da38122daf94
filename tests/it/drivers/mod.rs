//! The two drivers under genuine pools of sqlx's `Any`: one claim for both wherever it is one.
//!
//! The pools are sqlx's own, without what [`twinbase::database::Database`] adds, so that nothing but
//! the driver makes a claim true.

mod arguments;
mod cancellation;
mod columns;
mod errors;
mod figures;
mod inference;
mod many_statements;
mod memory;
mod migrate;
mod options;
mod placeholders;
mod postgres_agreement;
mod postgres_inference;
mod postgres_round_trips;
mod postgres_types;
mod postgres_unportable;
mod prepared;
mod read_marks;
mod schema_changes;
mod short_polls;
mod short_writes;
mod sqlite_only;
mod streaming;
mod transactions;
mod warm_edges;
mod warm_reads;

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::{Any, AnyPool, AssertSqlSafe, Error, Transaction};
use twinbase::config::Engine;
use twinbase::driver::ArgumentError;
use twinbase::driver::sqlite::{Location, Options, SqliteError, Synchronous};
use twinbase::migration::Migrations;
use twinbase::testing::TestDatabase;

/// What the SQLite driver is told where a test says nothing else.
fn sqlite_options(test: &TestDatabase) -> Options {
    let file = test.url().sqlite_file().unwrap();
    let mut options = Options::new(Location::File(file.to_owned()));
    options.create = true;
    options.synchronous = Synchronous::Normal;
    options
}

fn driver_url(test: &TestDatabase) -> String {
    match test.engine() {
        Engine::Sqlite => sqlite_options(test).to_url(),
        Engine::Postgres => test.url().expose().to_owned(),
    }
}

async fn pool(test: &TestDatabase, connections: u32) -> AnyPool {
    pool_of(&driver_url(test), connections).await
}

async fn pool_of(url: &str, connections: u32) -> AnyPool {
    twinbase::driver::install().unwrap();
    AnyPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(Duration::from_secs(20))
        .connect(url)
        .await
        .unwrap()
}

/// Makes tables of portable columns, as a migration does.
async fn migrate(test: &TestDatabase, sql: &str) {
    let set = Migrations::from_files([("20260101000000_tables.sql", sql)]).unwrap();
    let database = test.open();
    database.migrate(&set).await.unwrap();
    database.close().await;
}

async fn raw(pool: &AnyPool, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(pool)
        .await
        .unwrap();
}

/// A table `t` of one integer, and a transaction that has written 1 into it.
async fn transaction_with_a_row(pool: &AnyPool) -> Transaction<'static, Any> {
    raw(pool, "CREATE TABLE t (a BIGINT)").await;
    let mut transaction = pool.begin().await.unwrap();
    let insert = sqlx::query("INSERT INTO t VALUES (1)");
    insert.execute(&mut *transaction).await.unwrap();
    transaction
}

async fn text(pool: &AnyPool, sql: &'static str) -> String {
    sqlx::query_scalar(sql).fetch_one(pool).await.unwrap()
}

async fn count(pool: &AnyPool, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(pool)
        .await
        .unwrap()
}

/// The error of what must not succeed; rows have no `Debug`, so `unwrap_err` can't be had.
fn refused<T>(result: Result<T, Error>) -> Error {
    match result {
        Ok(_) => panic!("it was not refused"),
        Err(error) => error,
    }
}

fn argument_error(error: &Error) -> &ArgumentError {
    let Error::Encode(source) = error else {
        panic!("not an argument error: {error:?}");
    };
    source.downcast_ref().unwrap()
}

fn sqlite_error(error: &Error) -> &SqliteError {
    error
        .as_database_error()
        .unwrap()
        .try_downcast_ref()
        .unwrap()
}

fn code(error: &Error) -> String {
    error
        .as_database_error()
        .unwrap()
        .code()
        .unwrap()
        .into_owned()
}

/// A query that outlives any test on SQLite, where it is stopped when it is dropped; on PostgreSQL it
/// runs on to its end, and the connection waits for that before its next use.
fn slow(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => SLOW,
        Engine::Postgres => "SELECT count(*) FROM pg_sleep(0.3)",
    }
}

/// A query that runs for minutes on either engine.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n \
                    WHERE i < 10000000000) SELECT count(*) FROM n";
