//! PostgreSQL: the tests' server on loopback, which never waits for the disk, so that what is
//! measured is not the disk.

use sqlx::any::AnyPoolOptions;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AnyPool, AssertSqlSafe, Connection as _, Executor as _, PgConnection, PgPool};
use tokio::runtime::Runtime;

use crate::rounds::Subject;
use crate::workload::{INSERT, insert_marks, insert_values, over};
use crate::{CONNECTIONS, TABLE_ROWS, trips};

const INSERT_JSON: &str = "INSERT INTO w (id, name, note, price, weight, stock) \
     SELECT id, name, note, price, weight, stock FROM json_to_recordset($1::json) \
     AS r(id BIGINT, name TEXT, note TEXT, price DOUBLE PRECISION, weight DOUBLE PRECISION, stock BIGINT)";

pub(crate) struct Pools {
    ours: AnyPool,
    /// Without the pool's ping before each acquire, which ours seldom sends.
    untested: AnyPool,
    stock: AnyPool,
    native: PgPool,
}

impl Pools {
    async fn open(url: &str) -> Self {
        let native = PgPoolOptions::new().max_connections(CONNECTIONS);
        Self {
            ours: pool(&private(url), true).await,
            untested: pool(&private(url), false).await,
            stock: pool(url, true).await,
            native: native.connect(url).await.unwrap(),
        }
    }
}

/// The URL under the scheme that only our driver knows.
pub(crate) fn private(url: &str) -> String {
    let (_, rest) = url.split_once(':').unwrap();
    format!("twinbase-postgres:{rest}")
}

async fn pool(url: &str, tested: bool) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(CONNECTIONS)
        .test_before_acquire(tested)
        .connect(url)
        .await
        .unwrap()
}

pub(crate) fn bench(runtime: &Runtime, wanted: &[String]) {
    let name = format!("twinbase_bench_{}", std::process::id());
    runtime.block_on(administer(&format!("CREATE DATABASE {name}")));
    let url = twinbase::testing::server_url(&name);
    let pools = runtime.block_on(Pools::open(&url));
    runtime.block_on(fill(&pools.native));

    runtime.block_on(trips::print(&url));
    single(runtime, &pools, wanted);
    many_rows(runtime, &pools, wanted);
    many_inserts(runtime, &pools, wanted);
    runtime.block_on(administer(&format!("DROP DATABASE {name} WITH (FORCE)")));
}

async fn administer(sql: &str) {
    let url = twinbase::testing::server_url("postgres");
    let mut connection = PgConnection::connect(&url).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}

async fn fill(pool: &PgPool) {
    pool.execute(
        "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, note TEXT, price DOUBLE PRECISION,
                         weight DOUBLE PRECISION, stock BIGINT);
         CREATE TABLE w (id BIGINT, name TEXT, note TEXT, price DOUBLE PRECISION,
                         weight DOUBLE PRECISION, stock BIGINT)",
    )
    .await
    .unwrap();
    let rows = "INSERT INTO t SELECT i, 'name ' || i, 'a longer note on ' || i, i * 0.25, i * 0.125, -i \
                FROM generate_series(1, $1) i";
    sqlx::query(rows)
        .bind(TABLE_ROWS)
        .execute(pool)
        .await
        .unwrap();
    pool.execute("ANALYZE").await.unwrap();
}

fn single(runtime: &Runtime, pools: &Pools, wanted: &[String]) {
    for tasks in [1, 64] {
        Subject::new(&format!("PostgreSQL: point select, {tasks} at a time"))
            .variant("ours", over!(runtime, tasks, pools.ours, any::select))
            .variant("stock Any", over!(runtime, tasks, pools.stock, any::select))
            .goal(1.0)
            .variant(
                "native sqlx",
                over!(runtime, tasks, pools.native, native_postgres::select),
            )
            .variant(
                "ours, not tested on acquire",
                over!(runtime, tasks, pools.untested, any::select),
            )
            .run(wanted);
    }
    for tasks in [1, 64] {
        Subject::new(&format!("PostgreSQL: single insert, {tasks} at a time"))
            .before_turn(|| empty(runtime, pools))
            .variant("ours", over!(runtime, tasks, pools.ours, any::insert))
            .variant("stock Any", over!(runtime, tasks, pools.stock, any::insert))
            .goal(1.0)
            .variant(
                "native sqlx",
                over!(runtime, tasks, pools.native, native_postgres::insert),
            )
            .run(wanted);
    }
}

fn many_rows(runtime: &Runtime, pools: &Pools, wanted: &[String]) {
    Subject::new("PostgreSQL: 1000 rows of 6 columns, 1 at a time")
        .variant("ours", over!(runtime, 1, pools.ours, any::select_many))
        .variant(
            "stock Any",
            over!(runtime, 1, pools.stock, any::select_many),
        )
        .goal(1.0)
        .variant(
            "native sqlx",
            over!(runtime, 1, pools.native, native_postgres::select_many),
        )
        .goal(0.77)
        .run(wanted);
    Subject::new("PostgreSQL: 1000 rows of 6 columns, all rows first, 1 at a time")
        .variant("ours", over!(runtime, 1, pools.ours, any::select_then_read))
        .variant(
            "stock Any",
            over!(runtime, 1, pools.stock, any::select_then_read),
        )
        .goal(1.0)
        .variant(
            "native sqlx",
            over!(runtime, 1, pools.native, native_postgres::select_then_read),
        )
        .goal(0.77)
        .run(wanted);
    Subject::new("PostgreSQL: 1000 rows of 6 columns, not read, 1 at a time")
        .variant("ours", over!(runtime, 1, pools.ours, any::fetch_many))
        .variant("stock Any", over!(runtime, 1, pools.stock, any::fetch_many))
        .goal(1.0)
        .variant(
            "native sqlx",
            over!(runtime, 1, pools.native, native_postgres::fetch_many),
        )
        .run(wanted);
}

fn many_inserts(runtime: &Runtime, pools: &Pools, wanted: &[String]) {
    let (marks_10, marks_50, marks_200) = (insert_marks(10), insert_marks(50), insert_marks(200));
    let values_50 = insert_values(50);
    Subject::new("PostgreSQL: 1000 inserts in one transaction, 1 at a time")
        .before_turn(|| empty(runtime, pools))
        .variant(
            "ours, push_values, 200 a statement",
            over!(runtime, 1, pools.ours, any::insert_built),
        )
        .variant(
            "ours, 200 rows of ? a statement",
            over!(runtime, 1, pools.ours, any::insert_many, marks_200, 200),
        )
        .variant(
            "ours, json_to_recordset",
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
            "stock Any, json_to_recordset",
            over!(runtime, 1, pools.stock, any::insert_json, INSERT_JSON),
        )
        .variant(
            "stock Any, row by row",
            over!(runtime, 1, pools.stock, any::insert_many, INSERT, 1),
        )
        .variant(
            "stock Any, 50 rows of $n",
            over!(runtime, 1, pools.stock, any::insert_many, values_50, 50),
        )
        .variant(
            "native sqlx, json_to_recordset",
            over!(
                runtime,
                1,
                pools.native,
                native_postgres::insert_json,
                INSERT_JSON
            ),
        )
        .variant(
            "native sqlx, push_values",
            over!(runtime, 1, pools.native, native_postgres::insert_built),
        )
        .variant(
            "native sqlx, row by row",
            over!(
                runtime,
                1,
                pools.native,
                native_postgres::insert_many,
                INSERT,
                1
            ),
        )
        .variant(
            "native sqlx, 50 rows of $n",
            over!(
                runtime,
                1,
                pools.native,
                native_postgres::insert_many,
                values_50,
                50
            ),
        )
        .run(wanted);
}

fn empty(runtime: &Runtime, pools: &Pools) {
    runtime
        .block_on(pools.native.execute("TRUNCATE w"))
        .unwrap();
}
