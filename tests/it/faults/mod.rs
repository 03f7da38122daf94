/// A disk that is full.
mod disk;
/// Our own process, killed while it writes.
mod killed;
/// A file that another program keeps locked.
mod locked;
/// Servers that refuse: too many connections, a wrong password, an unknown database.
mod refusals;
/// Servers that end: restarted, a process of theirs killed.
mod server;
/// Servers that say nothing: stopped where they stand, or behind a network that swallows.
mod silence;

use std::future::poll_fn;
use std::pin::pin;
use std::time::{Duration, Instant};

use metrics_exporter_prometheus::PrometheusRecorder;
use sqlx::AssertSqlSafe;
use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::{Database, DatabaseError, PoolStatus, Session};
use twinbase::testing::{PostgresServer, run};

const INSERT: &str = "INSERT INTO t (id) VALUES ($1)";

/// Runs a claim about a server of its own, unless PostgreSQL is left out by name.
fn with_server<F: Future<Output = ()>>(
    settings: &[(&str, &str)],
    claim: impl FnOnce(PostgresServer) -> F,
) {
    run(Engine::Postgres, |_| async {
        // What was committed survives a process that is killed, as it does where it matters.
        let settings = [settings, &[("synchronous_commit", "on")]].concat();
        claim(PostgresServer::start_with(&settings).unwrap()).await;
    });
}

fn open(url: &str, set: impl FnOnce(&mut DatabaseConfig)) -> Database {
    let mut config = DatabaseConfig {
        url: Some(url.parse().unwrap()),
        pool_size: 4,
        max_overflow: 0,
        ..DatabaseConfig::default()
    };
    set(&mut config);
    Database::new(&config).unwrap()
}

async fn create(database: &Database) {
    let table = "CREATE TABLE t (id BIGINT NOT NULL)";
    sqlx::query(table).execute(database.writer()).await.unwrap();
}

/// Opens so many connections and leaves them idle.
async fn fill(database: &Database, connections: usize) {
    let mut held = Vec::new();
    for _ in 0..connections {
        held.push(database.writer().acquire().await.unwrap());
    }
    drop(held);
    assert_eq!(pool(database).idle, connections);
}

async fn insert(session: &mut Session, id: i64) -> Result<(), DatabaseError> {
    sqlx::query(INSERT).bind(id).execute(session).await?;
    Ok(())
}

async fn ids(database: &Database) -> Vec<i64> {
    let select = sqlx::query_scalar("SELECT id FROM t ORDER BY id");
    select.fetch_all(database.reader()).await.unwrap()
}

async fn one(database: &Database) -> Result<i64, sqlx::Error> {
    let select = sqlx::query_scalar("SELECT CAST(1 AS BIGINT)");
    select.fetch_one(database.reader()).await
}

fn pool(database: &Database) -> PoolStatus {
    database.pool_status().remove(0)
}

/// Waits until nobody has a connection and none is being put in order.
async fn is_whole(database: &Database) {
    let whole = |pool: &PoolStatus| pool.size == pool.idle && (pool.in_use, pool.waiting) == (0, 0);
    until("the pool is whole", async || {
        database.pool_status().iter().all(whole)
    })
    .await;
}

/// The process that runs a statement which begins so.
async fn backend(other: &Database, beginning: &str) -> i32 {
    let select = format!(
        "SELECT pid FROM pg_stat_activity WHERE state = 'active' AND query LIKE '{beginning}%' \
         AND pid <> pg_backend_pid()"
    );
    let mut found = None;
    until("the statement runs", async || {
        let select = sqlx::query_scalar(AssertSqlSafe(select.clone()));
        found = select.fetch_optional(other.reader()).await.unwrap();
        found.is_some()
    })
    .await;
    found.unwrap()
}

/// Runs a future with the metrics of what it does itself going to this recorder.
async fn recorded<F: Future>(recorder: &PrometheusRecorder, future: F) -> F::Output {
    let mut future = pin!(future);
    poll_fn(|context| metrics::with_local_recorder(recorder, || future.as_mut().poll(context)))
        .await
}

async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(20);
    while !condition().await {
        assert!(Instant::now() < deadline, "{what}: not within 20 s");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
