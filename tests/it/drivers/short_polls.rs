use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::TryStreamExt as _;
use sqlx::{AnyPool, AssertSqlSafe, Connection as _};
use twinbase::config::Engine;
use twinbase::testing::TestDatabase;

use super::{pool, raw};

/// The longest that a poll may take.
const LIMIT: Duration = Duration::from_millis(1);

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

/// A machine that is busy elsewhere makes some rounds long, or has their statement run on its own thread
/// from the start; the driver would make all of them so.
fn assert_no_long_poll(gives: impl Fn(usize) -> String) {
    const ROUNDS: usize = 60;
    let recorder = metrics_exporter_prometheus::PrometheusBuilder::new().build_recorder();
    let moved = || {
        let figures = recorder.handle().render();
        let name = "twinbase_sqlite_statements_moved_total ";
        let figure = figures.lines().find_map(|line| line.strip_prefix(name));
        figure.map_or(0, |figure| figure.parse::<u64>().unwrap())
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let rounds = metrics::with_local_recorder(&recorder, || {
        runtime.block_on(async {
            let test = TestDatabase::create(Engine::Sqlite).await;
            let pool = pool(&test, 1).await;
            raw(
                &pool,
                "CREATE TABLE t (id INTEGER PRIMARY KEY, n BIGINT); \
                 INSERT INTO t VALUES (1, 10), (2, 1000000000)",
            )
            .await;
            let mut rounds = Vec::new();
            let is_enough = |rounds: &[(Duration, u64)]| {
                let short = |round: &&(Duration, u64)| round.0 < LIMIT && round.1 > 0;
                rounds.iter().rev().take(8).filter(short).count() >= 4
            };
            while rounds.len() < ROUNDS && !is_enough(&rounds) {
                let sql = prove_short(&pool, &gives(rounds.len())).await;
                let before = moved();
                let longest = tokio::spawn(longest_poll(pool.clone(), sql)).await;
                let longest = longest.unwrap();
                rounds.push((longest, moved() - before));
            }
            is_enough(&rounds).then_some(()).ok_or(rounds)
        })
    });
    assert_eq!(
        rounds,
        Ok(()),
        "the longest poll of each round, and how often its statement moved"
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

/// A statement that has proven short, and is so with 1 for its argument.
async fn prove_short(pool: &AnyPool, gives: &str) -> Arc<str> {
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
    varying
}

/// How long a statement that is short no more keeps the thread, at most, where it is read for 20 ms.
async fn longest_poll(pool: AnyPool, varying: Arc<str>) -> Duration {
    let mut rows = sqlx::query(AssertSqlSafe(varying)).bind(2_i64).fetch(&pool);
    let all = async { while rows.try_next().await.unwrap().is_some() {} };
    let mut all = std::pin::pin!(tokio::time::timeout(Duration::from_millis(20), all));
    let mut longest = Duration::ZERO;
    let in_time = poll_fn(|context| {
        let (began, waited) = (Instant::now(), waited_for_a_processor());
        let polled = all.as_mut().poll(context);
        let elapsed = began.elapsed();
        let waited = waited_for_a_processor().saturating_sub(waited);
        longest = longest.max(elapsed.saturating_sub(waited));
        polled
    })
    .await;
    assert!(in_time.is_err(), "the query was not slow");
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
