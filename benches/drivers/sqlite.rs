//! SQLite: one file for all variants, in WAL mode, synchronous=NORMAL.

use std::time::Duration;

use sqlx::any::AnyPoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AnyPool, Executor as _, SqlitePool};
use tokio::runtime::Runtime;
use twinbase::driver::sqlite::{Location, Options, Synchronous};

use crate::rounds::{Subject, Work};
use crate::sqlalchemy::SqlAlchemy;
use crate::tasks::thread;
use crate::workload::{
    INSERT, Item, NAME, NOTE, PRICE, SELECT, SELECT_MANY, WEIGHT, insert_marks, insert_values,
    json, over,
};
use crate::{CONNECTIONS, MANY_ROWS, TABLE_ROWS};

const INSERT_JSON: &str = "INSERT INTO w (id, name, note, price, weight, stock) \
     SELECT value ->> 'id', value ->> 'name', value ->> 'note', value ->> 'price', \
     value ->> 'weight', value ->> 'stock' FROM json_each($1)";

struct Pools {
    ours: AnyPool,
    /// Without the pool's ping before each acquire.
    untested: AnyPool,
    /// Every statement on the connection's own thread.
    threaded: AnyPool,
    stock: AnyPool,
    native: SqlitePool,
}

impl Pools {
    async fn open(options: &mut Options) -> Self {
        let (ours, untested) = (pool(options, true).await, pool(options, false).await);
        options.inline_reads = false;
        let threaded = pool(options, true).await;
        let path = options.path();
        let stock = AnyPoolOptions::new()
            .max_connections(CONNECTIONS)
            .after_connect(|connection, _| {
                Box::pin(async {
                    let set = connection.execute("PRAGMA synchronous = NORMAL");
                    set.await.map(drop)
                })
            })
            .connect(&format!("sqlite:{}", path.display()))
            .await
            .unwrap();
        let native = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            .connect_with(
                SqliteConnectOptions::new()
                    .filename(path)
                    .synchronous(SqliteSynchronous::Normal),
            )
            .await
            .unwrap();
        Self {
            ours,
            untested,
            threaded,
            stock,
            native,
        }
    }
}

async fn pool(options: &Options, tested: bool) -> AnyPool {
    let url = options.to_url().replacen("sqlite:", "twinbase-sqlite:", 1);
    AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(tested)
        .connect(&url)
        .await
        .unwrap()
}

pub(crate) fn bench(runtime: &Runtime, wanted: &[String]) {
    let folder = tempfile::tempdir().unwrap();
    let mut options = Options::new(Location::File(folder.path().join("bench.db")));
    options.create = true;
    options.synchronous = Synchronous::Normal;
    options.busy_timeout = Duration::from_mins(1);
    let pools = runtime.block_on(Pools::open(&mut options));
    runtime.block_on(fill(&pools.ours));
    let rusqlite = rusqlite::Connection::open(options.path()).unwrap();
    rusqlite
        .execute_batch("PRAGMA synchronous = NORMAL")
        .unwrap();
    let python = SqlAlchemy::start(&options.path());

    point_select(runtime, &pools, &rusqlite, wanted);
    insert(runtime, &pools, &rusqlite, wanted);
    many_rows(runtime, &pools, &rusqlite, python.as_ref(), wanted);
    many_inserts(runtime, &pools, &rusqlite, python.as_ref(), wanted);
}

async fn fill(pool: &AnyPool) {
    pool.execute(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, note TEXT, price DOUBLE PRECISION,
                         weight DOUBLE PRECISION, stock BIGINT);
         CREATE TABLE w (id BIGINT, name TEXT, note TEXT, price DOUBLE PRECISION,
                         weight DOUBLE PRECISION, stock BIGINT)",
    )
    .await
    .unwrap();
    let rows = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $1) \
                INSERT INTO t SELECT i, 'name ' || i, 'a longer note on ' || i, i * 0.25, i * 0.125, -i FROM n";
    sqlx::query(rows)
        .bind(TABLE_ROWS)
        .execute(pool)
        .await
        .unwrap();
}

fn point_select(
    runtime: &Runtime,
    pools: &Pools,
    rusqlite: &rusqlite::Connection,
    wanted: &[String],
) {
    for (tasks, goal) in [(1, 1.0), (64, 4.0)] {
        Subject::new(&format!("SQLite: point select, {tasks} at a time"))
            .variant("ours", over!(runtime, tasks, pools.ours, any::select))
            .variant("stock Any", over!(runtime, tasks, pools.stock, any::select))
            .goal(goal)
            .variant(
                "native sqlx",
                over!(runtime, tasks, pools.native, native_sqlite::select),
            )
            .variant(
                "ours, not tested on acquire",
                over!(runtime, tasks, pools.untested, any::select),
            )
            .variant(
                "ours, never on the caller's thread",
                over!(runtime, tasks, pools.threaded, any::select),
            )
            .variant(
                "rusqlite, one thread",
                thread(|number| {
                    let mut statement = rusqlite.prepare_cached(SELECT).unwrap();
                    let id = number % TABLE_ROWS + 1;
                    let row: Item = statement.query_row([id], |row| row.try_into()).unwrap();
                    assert_eq!(row.0, id);
                }),
            )
            .run(wanted);
    }
}

fn insert(runtime: &Runtime, pools: &Pools, rusqlite: &rusqlite::Connection, wanted: &[String]) {
    for tasks in [1, 64] {
        Subject::new(&format!("SQLite: single insert, {tasks} at a time"))
            .before_turn(|| empty(rusqlite))
            .variant("ours", over!(runtime, tasks, pools.ours, any::insert))
            .variant("stock Any", over!(runtime, tasks, pools.stock, any::insert))
            .goal(1.0)
            .variant(
                "native sqlx",
                over!(runtime, tasks, pools.native, native_sqlite::insert),
            )
            .variant(
                "rusqlite, one thread",
                thread(|number| {
                    let mut statement = rusqlite.prepare_cached(INSERT).unwrap();
                    statement
                        .execute((number, NAME, NOTE, PRICE, WEIGHT, -number))
                        .unwrap();
                }),
            )
            .run(wanted);
    }
}

fn many_rows(
    runtime: &Runtime,
    pools: &Pools,
    rusqlite: &rusqlite::Connection,
    python: Option<&SqlAlchemy>,
    wanted: &[String],
) {
    let subject = Subject::new("SQLite: 1000 rows of 6 columns, 1 at a time")
        .variant("ours", over!(runtime, 1, pools.ours, any::select_many))
        .variant(
            "stock Any",
            over!(runtime, 1, pools.stock, any::select_many),
        )
        .goal(1.0)
        .variant(
            "native sqlx",
            over!(runtime, 1, pools.native, native_sqlite::select_many),
        )
        .variant("rusqlite, one thread", rusqlite_select(rusqlite))
        .goal(0.4)
        .variant(
            "ours, each statement on its thread",
            over!(runtime, 1, pools.threaded, any::select_many),
        );
    with_python(subject, python, "values", 3.0).run(wanted);
    Subject::new("SQLite: 1000 rows of 6 columns, all rows first, 1 at a time")
        .variant("ours", over!(runtime, 1, pools.ours, any::select_then_read))
        .variant(
            "stock Any",
            over!(runtime, 1, pools.stock, any::select_then_read),
        )
        .goal(1.0)
        .variant(
            "native sqlx",
            over!(runtime, 1, pools.native, native_sqlite::select_then_read),
        )
        .variant("rusqlite, one thread", rusqlite_select(rusqlite))
        .run(wanted);
    let subject = Subject::new("SQLite: 1000 rows of 6 columns, not read, 1 at a time")
        .variant("ours", over!(runtime, 1, pools.ours, any::fetch_many))
        .variant("stock Any", over!(runtime, 1, pools.stock, any::fetch_many))
        .goal(1.0)
        .variant(
            "native sqlx",
            over!(runtime, 1, pools.native, native_sqlite::fetch_many),
        );
    with_python(subject, python, "rows", 3.0).run(wanted);
}

fn many_inserts(
    runtime: &Runtime,
    pools: &Pools,
    rusqlite: &rusqlite::Connection,
    python: Option<&SqlAlchemy>,
    wanted: &[String],
) {
    let (marks_10, marks_50, marks_200) = (insert_marks(10), insert_marks(50), insert_marks(200));
    let values_50 = insert_values(50);
    let subject = Subject::new("SQLite: 1000 inserts in one transaction, 1 at a time")
        .before_turn(|| empty(rusqlite))
        .variant(
            "ours, push_values, 200 a statement",
            over!(runtime, 1, pools.ours, any::insert_built),
        )
        .variant(
            "ours, 200 rows of ? a statement",
            over!(runtime, 1, pools.ours, any::insert_many, marks_200, 200),
        )
        .variant(
            "ours, one statement over json_each",
            over!(runtime, 1, pools.ours, any::insert_json, INSERT_JSON),
        )
        .variant(
            "ours, row by row",
            over!(runtime, 1, pools.ours, any::insert_many, INSERT, 1),
        )
        .variant(
            "ours, 10 rows of ? a statement",
            over!(runtime, 1, pools.ours, any::insert_many, marks_10, 10),
        )
        .variant(
            "ours, 50 rows of ? a statement",
            over!(runtime, 1, pools.ours, any::insert_many, marks_50, 50),
        )
        .variant(
            "ours, 50 rows of $n a statement",
            over!(runtime, 1, pools.ours, any::insert_many, values_50, 50),
        )
        .variant(
            "stock Any, json_each",
            over!(runtime, 1, pools.stock, any::insert_json, INSERT_JSON),
        )
        .variant(
            "stock Any, row by row",
            over!(runtime, 1, pools.stock, any::insert_many, INSERT, 1),
        )
        .variant(
            "stock Any, 50 rows of ?",
            over!(runtime, 1, pools.stock, any::insert_many, marks_50, 50),
        )
        .variant(
            "native sqlx, json_each",
            over!(
                runtime,
                1,
                pools.native,
                native_sqlite::insert_json,
                INSERT_JSON
            ),
        )
        .variant(
            "native sqlx, row by row",
            over!(
                runtime,
                1,
                pools.native,
                native_sqlite::insert_many,
                INSERT,
                1
            ),
        )
        .variant(
            "native sqlx, push_values",
            over!(runtime, 1, pools.native, native_sqlite::insert_built),
        )
        .variant("rusqlite, json_each", rusqlite_json(rusqlite))
        .variant("rusqlite, row by row", rusqlite_rows(rusqlite))
        .goal(0.4);
    with_python(subject, python, "inserts", 3.0).run(wanted);
}

fn rusqlite_select(rusqlite: &rusqlite::Connection) -> Work<'_> {
    thread(|_| {
        let mut statement = rusqlite.prepare_cached(SELECT_MANY).unwrap();
        let items: Vec<Item> = statement
            .query_map([MANY_ROWS], |row| row.try_into())
            .unwrap()
            .map(Result::unwrap)
            .collect();
        assert_eq!(items.len(), usize::try_from(MANY_ROWS).unwrap());
    })
}

fn rusqlite_json(rusqlite: &rusqlite::Connection) -> Work<'_> {
    thread(|_| {
        let mut statement = rusqlite.prepare_cached(INSERT_JSON).unwrap();
        statement.execute([json()]).unwrap();
    })
}

fn rusqlite_rows(rusqlite: &rusqlite::Connection) -> Work<'_> {
    thread(|_| {
        let transaction = rusqlite.unchecked_transaction().unwrap();
        for number in 0..MANY_ROWS {
            let mut statement = transaction.prepare_cached(INSERT).unwrap();
            statement
                .execute((number, NAME, NOTE, PRICE, WEIGHT, -number))
                .unwrap();
        }
        transaction.commit().unwrap();
    })
}

fn with_python<'a>(
    subject: Subject<'a>,
    python: Option<&'a SqlAlchemy>,
    what: &'static str,
    goal: f64,
) -> Subject<'a> {
    match python {
        Some(python) => subject
            .variant("SQLAlchemy Core", Box::new(|time| python.run(what, time)))
            .goal(goal),
        None => subject,
    }
}

fn empty(rusqlite: &rusqlite::Connection) {
    rusqlite.busy_timeout(Duration::from_mins(1)).unwrap();
    rusqlite
        .execute_batch("DELETE FROM w; PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
}
