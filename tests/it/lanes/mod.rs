/// Taking connections: sizes, queues, time-outs, age, death, disorder, overload, figures.
mod pool;
/// What a statement and a session cost on PostgreSQL, counted on the wire.
mod round_trips;
/// Units of work: begun late, failed by the first error, committed for certain.
mod session;
/// How long a reader may hold its snapshot, and how large the log may grow.
mod snapshot;
/// Whole transactions: run again where another was in the way, grouped where there is one writer.
mod transaction;

use sqlx::AssertSqlSafe;
use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::{Database, PoolStatus};
use twinbase::testing::TestDatabase;

/// A database of so many connections, on both engines: SQLite's readers and PostgreSQL's pool.
fn database(test: &TestDatabase, size: u32, overflow: u32) -> Database {
    configured(test, |config| {
        config.pool_size = size;
        config.max_overflow = overflow;
    })
}

fn configured(test: &TestDatabase, set: impl FnOnce(&mut DatabaseConfig)) -> Database {
    let mut config = test.config();
    set(&mut config);
    Database::new(&config).unwrap()
}

/// The figures of the pool that the reader lane takes from.
fn readers(database: &Database) -> PoolStatus {
    database.pool_status().pop().unwrap()
}

/// The figures of the pool that the writer lane takes from.
fn writers(database: &Database) -> PoolStatus {
    database.pool_status().remove(0)
}

async fn create(database: &Database, table: &str) {
    let sql = AssertSqlSafe(format!(
        "CREATE TABLE {table} (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)"
    ));
    sqlx::query(sql).execute(database.writer()).await.unwrap();
}

async fn count(database: &Database, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    sqlx::query_scalar(sql)
        .fetch_one(database.reader())
        .await
        .unwrap()
}

const INSERT: &str = "INSERT INTO t (id, n) VALUES ($1, $2)";

/// A statement that takes minutes.
fn slow(engine: Engine) -> &'static str {
    match engine {
        Engine::Sqlite => {
            "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 10000000000) \
             SELECT max(x) FROM c"
        }
        Engine::Postgres => "SELECT CAST(pg_sleep(600) AS TEXT)",
    }
}

/// Waits until the condition holds, for some seconds.
async fn until(what: &str, mut condition: impl AsyncFnMut() -> bool) {
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while !condition().await {
        assert!(
            std::time::Instant::now() < deadline,
            "{what}: not within 10 s"
        );
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
}
