//! What is dropped half-way: transactions, begins, queries.

use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use sqlx::{AnyPool, Connection as _};

use super::registry::{Case, differs, same, scalar};

pub(super) const CASES: &[Case] = &[
    Case::code(
        "a cancelled begin leaves no open transaction",
        "cancelled begin",
        "CREATE TABLE tr_cancel (id BIGINT PRIMARY KEY)",
        |pool| Box::pin(cancelled(pool)),
        same("20 rows"),
    ),
    Case::code(
        "a cancelled nested begin leaves the outer transaction alone",
        "cancelled begin",
        "CREATE TABLE tr_outer (id BIGINT PRIMARY KEY)",
        |pool| Box::pin(cancelled_nested(pool)),
        same("rolled back: 0 rows"),
    ),
    Case::code(
        "a transaction that is dropped leaves nothing",
        "cancelled begin",
        "CREATE TABLE tr_dropped (id BIGINT PRIMARY KEY)",
        |pool| {
            Box::pin(async move {
                let mut work = pool.begin().await?;
                sqlx::query("INSERT INTO tr_dropped VALUES (1)")
                    .execute(&mut *work)
                    .await?;
                drop(work);
                Ok(format!(
                    "{} rows",
                    scalar(&pool, "SELECT count(*) FROM tr_dropped").await?
                ))
            })
        },
        same("0 rows"),
    ),
    Case::code(
        "a connection is of use at once after a query was dropped",
        "dropped queries",
        "",
        |pool| Box::pin(dropped_query(pool)),
        differs("dropped queries", "at once", "once the server has finished"),
    ),
];

/// Begins that are dropped after a few polls, and an insert after each, which has to stay.
async fn cancelled(pool: AnyPool) -> Result<String, sqlx::Error> {
    for id in 0..20_i64 {
        let wait = Duration::from_micros(40 * u64::try_from(id).unwrap());
        let _ = tokio::time::timeout(wait, pool.begin()).await.map(drop);
        sqlx::query("INSERT INTO tr_cancel VALUES ($1)")
            .bind(id)
            .execute(&pool)
            .await?;
    }
    Ok(format!(
        "{} rows",
        scalar(&pool, "SELECT count(*) FROM tr_cancel").await?
    ))
}

async fn cancelled_nested(pool: AnyPool) -> Result<String, sqlx::Error> {
    let insert = "INSERT INTO tr_outer VALUES ($1)";
    let mut work = pool.begin().await?;
    sqlx::query(insert).bind(1_i64).execute(&mut *work).await?;
    // One poll, and dropped.
    drop(work.begin().now_or_never());
    sqlx::query(insert).bind(2_i64).execute(&mut *work).await?;
    work.rollback().await?;
    let stored = scalar(&pool, "SELECT count(*) FROM tr_outer").await?;
    Ok(format!("rolled back: {stored} rows"))
}

async fn dropped_query(pool: AnyPool) -> Result<String, sqlx::Error> {
    let slow = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 16000000) SELECT count(*) FROM n";
    let mut connection = pool.acquire().await?;
    let started = Instant::now();
    let running = sqlx::query(slow).fetch_one(&mut *connection);
    let dropped = tokio::time::timeout(Duration::from_millis(20), running)
        .await
        .is_err();
    sqlx::query("SELECT 1").execute(&mut *connection).await?;
    let waited = started.elapsed() > Duration::from_millis(1500);
    Ok(match (dropped, waited) {
        (true, false) => "at once",
        (true, true) => "once the server has finished",
        (false, _) => "the query was too quick",
    }
    .to_owned())
}
