//! The peers that are sqlx: a pool with its defaults, over `Any` with sqlx's own drivers or without it.

use std::io::BufRead as _;
use std::str::FromStr as _;
use std::time::Duration;

use sqlx::any::{AnyPoolOptions, install_drivers};
use sqlx::postgres::PgPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Executor as _};
use tokio::runtime::Runtime;

use super::turn::{self, Turn, Work};
use super::{
    CONNECTIONS, COUNTERS, INSERT, NAME, NOTE, PRICE, SELECT, TABLE_ROWS, UPDATE_COUNTER, WEIGHT,
};

/// Reads lines of what to do, by how many tasks and for how many seconds, and answers each.
pub(crate) fn serve(runtime: &Runtime, pool: &str, url: &str, synchronous: &str) {
    let is_sqlite = url.starts_with("sqlite");
    match (pool, is_sqlite) {
        ("stock", _) => {
            let pool = runtime.block_on(stock(url, synchronous, is_sqlite));
            answer(|work, tasks, time| any::run(runtime, &pool, is_sqlite, work, tasks, time));
        }
        ("native", true) => {
            let options = SqliteConnectOptions::from_str(url)
                .unwrap()
                .synchronous(SqliteSynchronous::from_str(synchronous).unwrap());
            let pool = SqlitePoolOptions::new().max_connections(CONNECTIONS);
            let pool = runtime.block_on(pool.connect_with(options)).unwrap();
            answer(|work, tasks, time| native_sqlite::run(runtime, &pool, true, work, tasks, time));
        }
        _ => {
            let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
            let pool = runtime.block_on(pool.connect(url)).unwrap();
            answer(|work, tasks, time| {
                native_postgres::run(runtime, &pool, false, work, tasks, time)
            });
        }
    }
}

async fn stock(url: &str, synchronous: &str, is_sqlite: bool) -> sqlx::AnyPool {
    install_drivers(&const { [sqlx::sqlite::any::DRIVER, sqlx::postgres::any::DRIVER] }).unwrap();
    let mut options = AnyPoolOptions::new().max_connections(CONNECTIONS);
    if is_sqlite {
        // Its URLs can't say so. Foreign keys are on by its own default.
        let set = format!("PRAGMA synchronous = {synchronous}");
        options = options.after_connect(move |connection, _| {
            let set = set.clone();
            Box::pin(async move { connection.execute(AssertSqlSafe(set)).await.map(drop) })
        });
    }
    options.connect(url).await.unwrap()
}

fn answer(run: impl Fn(Work, u64, Duration) -> Turn) {
    for line in std::io::stdin().lock().lines() {
        let line = line.unwrap();
        let mut parts = line.split(' ');
        let mut next = || parts.next().unwrap();
        let work = next().parse().unwrap();
        let tasks = next().parse().unwrap();
        let time = Duration::from_secs_f64(next().parse().unwrap());
        println!("{}", run(work, tasks, time));
    }
}

macro_rules! served {
    ($module:ident, $database:ty) => {
        mod $module {
            use sqlx::{Error, Pool, Row as _};

            use super::*;

            type Rows = Pool<$database>;

            pub(super) fn run(
                runtime: &Runtime,
                pool: &Rows,
                is_sqlite: bool,
                work: Work,
                tasks: u64,
                time: Duration,
            ) -> Turn {
                let pool = pool.clone();
                match work {
                    Work::Select => {
                        turn::run(runtime, tasks, time, move |n| select(pool.clone(), n))
                    }
                    Work::Insert => {
                        turn::run(runtime, tasks, time, move |n| insert(pool.clone(), n))
                    }
                    Work::Increment => turn::run(runtime, tasks, time, move |n| {
                        increment(pool.clone(), is_sqlite, n)
                    }),
                }
            }

            async fn select(pool: Rows, number: u64) -> Result<(), Error> {
                let id = i64::try_from(number).unwrap() % TABLE_ROWS + 1;
                let query = sqlx::query::<$database>(SELECT).bind(id);
                let row = query.fetch_one(&pool).await?;
                assert_eq!(row.get::<i64, _>(0), id);
                Ok(())
            }

            async fn insert(pool: Rows, number: u64) -> Result<(), Error> {
                let number = i64::try_from(number).unwrap();
                let query = sqlx::query::<$database>(INSERT);
                let query = query.bind(number).bind(NAME).bind(NOTE);
                let query = query.bind(PRICE).bind(WEIGHT).bind(-number);
                query.execute(&pool).await?;
                Ok(())
            }

            async fn increment(pool: Rows, is_sqlite: bool, number: u64) -> Result<(), Error> {
                let id = i64::try_from(number).unwrap() % COUNTERS + 1;
                let (begin, read) = crate::site::increment(is_sqlite);
                let mut transaction = pool.begin_with(begin).await?;
                let query = sqlx::query_scalar::<$database, i64>(read).bind(id);
                let n = query.fetch_one(&mut *transaction).await?;
                let query = sqlx::query::<$database>(UPDATE_COUNTER);
                let query = query.bind(n + 1).bind(id);
                query.execute(&mut *transaction).await?;
                transaction.commit().await
            }
        }
    };
}

served!(any, sqlx::Any);
served!(native_postgres, sqlx::Postgres);
served!(native_sqlite, sqlx::Sqlite);
