use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::{AnyPool, AssertSqlSafe};
use twinbase::config::Engine;
use twinbase::testing::TestDatabase;

use super::{pool, raw};

/// Of SQLite by nature: PostgreSQL's queries run in another process.
#[test]
fn no_poll_takes_a_millisecond_while_a_query_is_slow() {
    const ROUNDS: usize = 15;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let mut longest = metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let test = TestDatabase::create(Engine::Sqlite).await;
            let pool = pool(&test, 1).await;
            raw(
                &pool,
                "CREATE TABLE t (id INTEGER PRIMARY KEY, n BIGINT); \
                 INSERT INTO t VALUES (1, 10), (2, 1000000000)",
            )
            .await;
            let mut longest = Vec::new();
            for round in 0..ROUNDS {
                longest.push(longest_poll(&pool, round).await);
            }
            longest
        })
    });
    let figures = recorder.handle().render();
    let moved = figures
        .lines()
        .find_map(|line| line.strip_prefix("twinbase_sqlite_statements_moved_total "));
    assert!(
        moved.is_some_and(|moved| moved.parse::<usize>().unwrap() >= ROUNDS / 2),
        "{figures}"
    );
    // A machine that is busy elsewhere makes some rounds long; the driver would make all of them.
    longest.sort();
    assert!(
        longest[ROUNDS / 4] < Duration::from_millis(1),
        "{longest:?}"
    );
}

/// Runs a statement that has proven short and is not any more, and says how long it kept the only
/// thread of the runtime from another task.
async fn longest_poll(pool: &AnyPool, round: usize) -> Duration {
    let varying = format!(
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c, t \
         WHERE t.id = $1 AND i < t.n) SELECT count(*) + {round} FROM c"
    );
    let varying: Arc<str> = varying.into();
    for _ in 0..50 {
        sqlx::query(AssertSqlSafe(Arc::clone(&varying)))
            .bind(1_i64)
            .fetch_one(pool)
            .await
            .unwrap();
    }
    let slow = tokio::spawn({
        let pool = pool.clone();
        async move {
            let query = sqlx::query(AssertSqlSafe(varying))
                .bind(2_i64)
                .fetch_one(&pool);
            tokio::time::timeout(Duration::from_millis(20), query)
                .await
                .is_err()
        }
    });
    let mut longest = Duration::ZERO;
    while !slow.is_finished() {
        let (began, waited) = (Instant::now(), waited_for_a_processor());
        tokio::task::yield_now().await;
        let elapsed = began.elapsed();
        longest =
            longest.max(elapsed.saturating_sub(waited_for_a_processor().saturating_sub(waited)));
    }
    assert!(slow.await.unwrap(), "the query was slow");
    longest
}

/// How long this thread could have run and the machine had no processor for it.
fn waited_for_a_processor() -> Duration {
    let figures = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let waited = figures
        .split(' ')
        .nth(1)
        .and_then(|figure| figure.parse().ok());
    Duration::from_nanos(waited.unwrap_or(0))
}
