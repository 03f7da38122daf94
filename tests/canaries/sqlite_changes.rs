//! What stock `Any` makes of a SQLite connection that outlives a change, an error or a query.

use std::time::{Duration, Instant};

use sqlx::any::AnyPoolOptions;
use sqlx::migrate::Migrate as _;
use sqlx::{Connection as _, Executor as _};

use crate::{File, numbers, run, still};

/// A query of a second or more.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                    WHERE i < 10000000) SELECT count(*) FROM n";

#[tokio::test]
async fn sqlx_2517_a_prepared_statement_gives_no_rows_once_its_table_has_grown() {
    let file = File::new();
    let (mut connection, mut other) = (file.connect().await, file.connect().await);
    run(
        &mut connection,
        "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)",
    )
    .await;
    let select = "SELECT * FROM t";
    assert_eq!(
        sqlx::query(select)
            .fetch_all(&mut connection)
            .await
            .unwrap()
            .len(),
        1
    );
    run(&mut other, "ALTER TABLE t ADD COLUMN b BIGINT").await;
    let after = sqlx::query(select).fetch_all(&mut connection).await;
    let found = after.map(|rows| rows.len());
    still(!matches!(found, Ok(1)), &found);
}

#[tokio::test]
async fn a_prepared_statement_panics_once_its_table_has_lost_a_column() {
    let file = File::new();
    let (mut connection, mut other) = (file.connect().await, file.connect().await);
    run(
        &mut connection,
        "CREATE TABLE t (a BIGINT, b BIGINT); INSERT INTO t VALUES (1, 2)",
    )
    .await;
    let select = "SELECT * FROM t";
    sqlx::query(select)
        .fetch_all(&mut connection)
        .await
        .unwrap();
    run(&mut other, "ALTER TABLE t DROP COLUMN b").await;
    let task = tokio::spawn(async move {
        let after = sqlx::query(select).fetch_all(&mut connection).await;
        after.map(|rows| rows.len())
    });
    let found = task.await;
    still(!matches!(found, Ok(Ok(1))), &found);
}

#[tokio::test]
async fn a_dropped_query_runs_on() {
    let file = File::new();
    let mut connection = file.connect().await;
    let deadline = Duration::from_millis(10);
    let query = tokio::time::timeout(deadline, connection.fetch_one(SLOW)).await;
    assert!(query.is_err(), "it takes longer than {deadline:?}");
    let start = Instant::now();
    run(&mut connection, "SELECT 1").await;
    let found = start.elapsed();
    still(found > Duration::from_millis(100), &found);
}

#[tokio::test]
async fn several_statements_are_not_one() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(&mut connection, "CREATE TABLE t (n BIGINT)").await;
    let several = sqlx::raw_sql("INSERT INTO t VALUES (1); INSERT INTO nowhere VALUES (2)");
    several.execute(&mut connection).await.unwrap_err();
    let found = numbers(&mut connection, "SELECT n FROM t").await;
    still(found == [1], &found);
}

#[tokio::test]
async fn a_database_in_memory_is_one_for_each_connection() {
    crate::install_stock();
    let pool = AnyPoolOptions::new()
        .max_connections(2)
        .connect("sqlite::memory:")
        .await
        .unwrap();
    let (mut one, mut other) = (pool.acquire().await.unwrap(), pool.acquire().await.unwrap());
    run(&mut one, "CREATE TABLE t (n BIGINT)").await;
    let found = other.execute("SELECT n FROM t").await;
    still(found.is_err(), &found);
}

#[tokio::test]
async fn a_failed_deferred_commit_leaves_the_transaction_open() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(
        &mut connection,
        "CREATE TABLE parent (id BIGINT PRIMARY KEY);
         CREATE TABLE child (id BIGINT REFERENCES parent DEFERRABLE INITIALLY DEFERRED)",
    )
    .await;
    let mut transaction = connection.begin().await.unwrap();
    run(&mut transaction, "INSERT INTO child VALUES (1)").await;
    // Not through `commit()`, whose dropped transaction rolls back.
    transaction.execute("COMMIT").await.unwrap_err();
    let found = numbers(&mut transaction, "SELECT id FROM child").await;
    still(found == [1], &found);
}

#[tokio::test]
async fn statements_after_a_transaction_that_sqlite_ended_commit_one_by_one() {
    let file = File::new();
    let mut connection = file.connect().await;
    run(&mut connection, "CREATE TABLE t (n BIGINT UNIQUE)").await;
    let mut transaction = connection.begin().await.unwrap();
    run(&mut transaction, "INSERT INTO t VALUES (1)").await;
    transaction
        .execute("INSERT OR ROLLBACK INTO t VALUES (1)")
        .await
        .unwrap_err();
    let after = transaction.execute("INSERT INTO t VALUES (2)").await;
    drop(transaction);
    let found = numbers(&mut connection, "SELECT n FROM t").await;
    still(after.is_ok() && found == [2], &(after, found));
}

#[tokio::test]
async fn the_lock_of_a_migration_locks_nobody_out() {
    let file = File::new();
    let (mut one, mut other) = (file.connect().await, file.connect().await);
    one.lock().await.unwrap();
    let found = tokio::time::timeout(Duration::from_secs(1), other.lock()).await;
    still(matches!(found, Ok(Ok(()))), &found);
}
