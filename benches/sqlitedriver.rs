//! The SQLite driver beside sqlx's own, each under an `AnyPool`, and rusqlite on one thread.
//!
//! Variants run interleaved; what is printed is the median of operations a second and its ratio to
//! the first variant.
#![expect(
    clippy::unwrap_used,
    reason = "a bench that can't set up has nothing to measure"
)]
#![expect(clippy::print_stdout, reason = "the figures are the output")]

use sqlx::any::{AnyPoolOptions, install_drivers};
use sqlx::{AnyPool, Executor as _, Row as _};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use twinbase::driver::sqlite::{DRIVER, Location, Options, Synchronous};

const TASKS: u64 = 64;
const ROUNDS: usize = 5;
const TIME: Duration = Duration::from_millis(700);
const ROWS: i64 = 1000;
const SELECT: &str = "SELECT id, a, b, c, d, e FROM t WHERE id = $1";
const ALL: &str = "SELECT id, a, b, c, d, e FROM t WHERE id <= 1000";
const INSERT: &str = "INSERT INTO w (a, b, c) VALUES ($1, $2, $3)";
const INSERT_JSON: &str = "INSERT INTO w (a, b, c) SELECT value ->> 0, value ->> 1, value ->> 2 \
                           FROM json_each($1)";

fn main() {
    install_drivers(&const { [sqlx::sqlite::any::DRIVER, DRIVER] }).unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(Location::File(folder.path().join("bench.db")));
    options.create = true;
    options.synchronous = Synchronous::Normal;
    runtime.block_on(async {
        let ours = pool(&options, true).await;
        fill(&ours).await;
        let stock = AnyPoolOptions::new()
            .max_connections(30)
            .after_connect(|connection, _| {
                Box::pin(async move {
                    connection
                        .execute("PRAGMA synchronous=NORMAL")
                        .await
                        .map(drop)
                })
            })
            .connect(&format!("sqlite:{}", options.path().display()))
            .await
            .unwrap();
        let unpinged = pool(&options, false).await;
        options.inline_reads = false;
        let threaded = pool(&options, true).await;
        let pools = [
            ("stock Any", stock),
            ("driver", ours),
            ("driver, never inline", threaded),
            ("driver, no ping", unpinged),
        ];
        let rusqlite = rusqlite::Connection::open(options.path()).unwrap();
        rusqlite.execute_batch("PRAGMA synchronous=NORMAL").unwrap();
        point_selects(&pools, &rusqlite).await;
        inserts(&pools, &rusqlite).await;
        thousand_rows(&pools, &rusqlite).await;
        thousand_inserts(&pools, &rusqlite).await;
    });
}

async fn pool(options: &Options, ping: bool) -> AnyPool {
    let url = options.to_url().replacen("sqlite:", "twinbase-sqlite:", 1);
    let pool = AnyPoolOptions::new()
        .max_connections(30)
        .test_before_acquire(ping);
    pool.connect(&url).await.unwrap()
}

async fn fill(pool: &AnyPool) {
    pool.execute(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, a BIGINT, b TEXT, c DOUBLE PRECISION, d TEXT, e BIGINT);
         CREATE TABLE w (id INTEGER PRIMARY KEY, a BIGINT, b TEXT, c DOUBLE PRECISION);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000)
         INSERT INTO t SELECT i, i * 7, 'name ' || i, i * 0.5, 'some longer text ' || i, -i FROM n",
    )
    .await
    .unwrap();
}

type Pools = [(&'static str, AnyPool); 4];

/// Medians of the rounds, printed with their ratio to the first.
fn report(title: &str, mut figures: Vec<(&str, Vec<f64>)>) {
    println!("{title}");
    let mut first = None;
    for (name, rounds) in &mut figures {
        rounds.sort_by(f64::total_cmp);
        let median = rounds[rounds.len() / 2];
        let first = *first.get_or_insert(median);
        println!(
            "  {name:24} {median:10.0} a second   {:6.2}",
            median / first
        );
    }
}

/// Runs the operation in all tasks for a while; operations a second.
async fn many<F, R>(pool: &AnyPool, operation: F) -> f64
where
    F: Fn(AnyPool, u64) -> R + Send + Sync + Copy + 'static,
    R: Future<Output = ()> + Send,
{
    let done = Arc::new(AtomicU64::new(0));
    let start = Instant::now();
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (pool, done) = (pool.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let mut number = task * 977;
                while start.elapsed() < TIME {
                    number += 1;
                    operation(pool.clone(), number).await;
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    rate(done.load(Ordering::Relaxed), start)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn rate(done: u64, start: Instant) -> f64 {
    done as f64 / start.elapsed().as_secs_f64()
}

/// Runs the operation on this thread for a while; operations a second.
fn alone(mut operation: impl FnMut(i64)) -> f64 {
    let (mut done, start) = (0, Instant::now());
    while start.elapsed() < TIME {
        done += 1;
        operation(i64::try_from(done).unwrap());
    }
    rate(done, start)
}

async fn point_select(pool: AnyPool, number: u64) {
    let id = i64::try_from(number % 100_000).unwrap() + 1;
    let row = sqlx::query(SELECT).bind(id).fetch_one(&pool).await.unwrap();
    assert_eq!(row.get::<i64, _>(0), id);
}

async fn point_selects(pools: &Pools, rusqlite: &rusqlite::Connection) {
    let mut figures: Vec<_> = pools.iter().map(|(name, _)| (*name, Vec::new())).collect();
    let mut alone_figures = Vec::new();
    for _ in 0..ROUNDS {
        for (at, (_, pool)) in pools.iter().enumerate() {
            figures[at].1.push(many(pool, point_select).await);
        }
        alone_figures.push(alone(|number| {
            let mut statement = rusqlite.prepare_cached(SELECT).unwrap();
            let id = number % 100_000 + 1;
            let row: (i64, i64, String, f64, String, i64) =
                statement.query_row([id], |row| row.try_into()).unwrap();
            assert_eq!(row.0, id);
        }));
    }
    figures.push(("rusqlite, one thread", alone_figures));
    report("point select, 64 tasks, 30 connections", figures);
}

async fn insert(pool: AnyPool, number: u64) {
    let number = i64::try_from(number).unwrap();
    sqlx::query(INSERT)
        .bind(number)
        .bind("some text")
        .bind(0.5)
        .execute(&pool)
        .await
        .unwrap();
}

async fn inserts(pools: &Pools, rusqlite: &rusqlite::Connection) {
    let mut figures: Vec<_> = pools.iter().map(|(name, _)| (*name, Vec::new())).collect();
    let mut alone_figures = Vec::new();
    for _ in 0..ROUNDS {
        for (at, (_, pool)) in pools.iter().enumerate() {
            figures[at].1.push(many(pool, insert).await);
        }
        alone_figures.push(alone(|number| {
            let mut statement = rusqlite.prepare_cached(INSERT).unwrap();
            statement.execute((number, "some text", 0.5)).unwrap();
        }));
    }
    figures.push(("rusqlite, one thread", alone_figures));
    report(
        "single insert, 64 tasks, 30 connections, synchronous=NORMAL",
        figures,
    );
}

async fn thousand_rows(pools: &Pools, rusqlite: &rusqlite::Connection) {
    let mut figures: Vec<_> = pools.iter().map(|(name, _)| (*name, Vec::new())).collect();
    let mut alone_figures = Vec::new();
    for _ in 0..ROUNDS {
        for (at, (_, pool)) in pools.iter().enumerate() {
            let (mut done, start) = (0, Instant::now());
            while start.elapsed() < TIME {
                let rows = sqlx::query(ALL).fetch_all(pool).await.unwrap();
                let rows: Vec<(i64, i64, String, f64, String, i64)> = rows
                    .iter()
                    .map(|row| {
                        (
                            row.get(0),
                            row.get(1),
                            row.get(2),
                            row.get(3),
                            row.get(4),
                            row.get(5),
                        )
                    })
                    .collect();
                assert_eq!(rows.len(), usize::try_from(ROWS).unwrap());
                done += 1;
            }
            figures[at].1.push(rate(done, start));
        }
        alone_figures.push(alone(|_| {
            let mut statement = rusqlite.prepare_cached(ALL).unwrap();
            let rows: Vec<(i64, i64, String, f64, String, i64)> = statement
                .query_map([], |row| row.try_into())
                .unwrap()
                .map(Result::unwrap)
                .collect();
            assert_eq!(rows.len(), usize::try_from(ROWS).unwrap());
        }));
    }
    figures.push(("rusqlite, one thread", alone_figures));
    report("1000 rows of 6 columns, one task", figures);
}

/// A thousand rows as one JSON text.
fn json() -> String {
    let rows: Vec<String> = (0..ROWS)
        .map(|number| format!("[{number},\"some text\",0.5]"))
        .collect();
    format!("[{}]", rows.join(","))
}

async fn thousand_inserts(pools: &Pools, rusqlite: &rusqlite::Connection) {
    let mut figures: Vec<_> = pools.iter().map(|(name, _)| (*name, Vec::new())).collect();
    let (mut json_figures, mut row_figures) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        for (at, (_, pool)) in pools.iter().enumerate() {
            let (mut done, start) = (0, Instant::now());
            while start.elapsed() < TIME {
                sqlx::query(INSERT_JSON)
                    .bind(json())
                    .execute(pool)
                    .await
                    .unwrap();
                done += 1;
            }
            figures[at].1.push(rate(done, start));
        }
        json_figures.push(alone(|_| {
            rusqlite
                .prepare_cached(INSERT_JSON)
                .unwrap()
                .execute([json()])
                .unwrap();
        }));
        row_figures.push(alone(|_| {
            rusqlite.execute_batch("BEGIN").unwrap();
            for number in 0..ROWS {
                let mut statement = rusqlite.prepare_cached(INSERT).unwrap();
                statement.execute((number, "some text", 0.5)).unwrap();
            }
            rusqlite.execute_batch("COMMIT").unwrap();
        }));
    }
    figures.push(("rusqlite, json_each", json_figures));
    figures.push(("rusqlite, row by row", row_figures));
    report(
        "1000 inserts in one transaction, one task (driver: over json_each)",
        figures,
    );
}
