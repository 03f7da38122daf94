use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sqlx::{AnyPool, AssertSqlSafe, Connection as _};
use twinbase::config::Engine;
use twinbase::testing::TestDatabase;

use super::{pool, raw};

/// Of SQLite by nature: PostgreSQL's queries run in another process.
#[test]
fn no_poll_takes_a_millisecond_while_a_query_is_slow() {
    assert_no_long_poll(|round| format!("count(*) + {round}"));
}

/// The same, of a statement that has proven to give few rows and then gives them without end.
#[test]
fn no_poll_takes_a_millisecond_while_a_query_gives_rows_without_end() {
    assert_no_long_poll(|round| format!("i + {round}"));
}

fn assert_no_long_poll(gives: impl Fn(usize) -> String) {
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
                longest.push(longest_poll(&pool, &gives(round)).await);
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

/// On SQLite a read on the caller's thread never waits, and a loop of them would keep the thread.
#[test]
fn a_loop_of_short_reads_on_one_connection_lets_other_tasks_run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let test = TestDatabase::create(Engine::Sqlite).await;
        let pool = pool(&test, 1).await;
        raw(
            &pool,
            "CREATE TABLE t (id INTEGER PRIMARY KEY, name TEXT); \
             INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100) \
             SELECT i, 'name ' || i FROM n",
        )
        .await;
        for (rows, reads) in [(1_i64, 3000), (100, 300)] {
            let mut connection = pool.acquire().await.unwrap();
            let began = Instant::now();
            let reader = tokio::spawn(async move {
                for _ in 0..reads {
                    let names: Vec<String> = sqlx::query_scalar("SELECT name FROM t WHERE id <= $1")
                        .bind(rows)
                        .fetch_all(&mut *connection)
                        .await
                        .unwrap();
                    assert_eq!(names.len(), usize::try_from(rows).unwrap());
                }
                connection.ping().await.unwrap();
            });
            let mut turns = 0;
            while !reader.is_finished() {
                tokio::task::yield_now().await;
                turns += 1;
            }
            reader.await.unwrap();
            let due = began.elapsed().as_millis() / 10;
            assert!(turns >= due, "{rows} rows: {turns} turns, {due} were due");
        }
    });
}

/// Runs a statement that has proven short and is not any more, and says how long it kept the only
/// thread of the runtime from another task.
async fn longest_poll(pool: &AnyPool, gives: &str) -> Duration {
    let varying = format!(
        "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c, t \
         WHERE t.id = $1 AND i < t.n) SELECT {gives} FROM c"
    );
    let varying: Arc<str> = varying.into();
    for _ in 0..50 {
        sqlx::query(AssertSqlSafe(Arc::clone(&varying)))
            .bind(1_i64)
            .fetch_all(pool)
            .await
            .unwrap();
    }
    let slow = tokio::spawn({
        let pool = pool.clone();
        async move {
            let mut rows = sqlx::query(AssertSqlSafe(varying)).bind(2_i64).fetch(&pool);
            let all = async { while rows.try_next().await.unwrap().is_some() {} };
            tokio::time::timeout(Duration::from_millis(20), all)
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
