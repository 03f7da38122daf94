//! The SQLite driver under genuine pools of sqlx's `Any`.
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use futures_util::StreamExt as _;
use sqlx::any::{AnyPoolOptions, install_drivers};
use sqlx::error::ErrorKind;
use sqlx::{
    AnyPool, AssertSqlSafe, Column as _, Connection as _, Either, Executor as _, Row as _,
    Statement as _, TypeInfo as _,
};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};
use twinbase::driver::sqlite::{
    DRIVER, Location, MemoryDatabase, Options, SqliteError, SqliteErrorCause, Synchronous,
};

/// A query that runs for minutes.
const SLOW: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                    WHERE i < 10000000000) SELECT count(*) FROM n";

fn install() {
    static INSTALL: Once = Once::new();
    INSTALL.call_once(|| install_drivers(&const { [DRIVER] }).unwrap());
}

/// A database of the test's own, in a folder that goes with it.
struct Database {
    options: Options,
    _folder: tempfile::TempDir,
}

impl Database {
    fn new() -> Self {
        install();
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(Location::File(folder.path().join("test.db")));
        options.create = true;
        options.synchronous = Synchronous::Normal;
        Self {
            options,
            _folder: folder,
        }
    }

    async fn pool(&self, size: u32) -> AnyPool {
        pool(&self.options, size).await
    }
}

async fn pool(options: &Options, size: u32) -> AnyPool {
    AnyPoolOptions::new()
        .max_connections(size)
        .connect(&options.to_url())
        .await
        .unwrap()
}

fn sqlite_error(error: &sqlx::Error) -> &SqliteError {
    error
        .as_database_error()
        .unwrap()
        .try_downcast_ref()
        .unwrap()
}

async fn count(pool: &AnyPool, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_one(pool)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_row_of_every_type_comes_back_as_it_went_in() {
    let database = Database::new();
    let pool = database.pool(2).await;
    sqlx::raw_sql(
        "CREATE TABLE every (id BIGINT PRIMARY KEY, flag BOOLEAN, small SMALLINT, ratio DOUBLE PRECISION,
           name VARCHAR(20), body TEXT, bytes BYTEA, uid UUID_TEXT, at TIMESTAMPTZ_TEXT, day DATE_TEXT,
           price NUMERIC_TEXT(20,8), doc JSONB_TEXT)",
    )
    .execute(&pool)
    .await
    .unwrap();
    sqlx::query("INSERT INTO every VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)")
        .bind(i64::MAX)
        .bind(true)
        .bind(-7_i16)
        .bind(1.0_f64)
        .bind("näme")
        .bind(Arc::<str>::from("slice").to_string())
        .bind(vec![0_u8, 255])
        .bind("0190a7c3-4f2e-7abc-8def-0123456789ab")
        .bind("2024-02-29T23:59:59.000001Z")
        .bind("2024-02-29")
        .bind("12345678901.12340000")
        .bind("{\"a\":[1,true]}")
        .execute(&pool)
        .await
        .unwrap();
    let row = sqlx::query("SELECT * FROM every")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>("id"), i64::MAX);
    assert!(row.get::<bool, _>("flag"));
    assert_eq!(row.get::<i16, _>("small"), -7);
    assert!((row.get::<f64, _>("ratio") - 1.0).abs() < f64::EPSILON);
    assert_eq!(row.get::<String, _>("name"), "näme");
    assert_eq!(row.get::<&[u8], _>("bytes"), [0, 255]);
    assert_eq!(
        row.get::<&str, _>("uid"),
        "0190a7c3-4f2e-7abc-8def-0123456789ab"
    );
    assert_eq!(row.get::<&str, _>("at"), "2024-02-29T23:59:59.000001Z");
    assert_eq!(row.get::<&str, _>("day"), "2024-02-29");
    assert_eq!(row.get::<&str, _>("price"), "12345678901.1234");
    assert_eq!(row.get::<&str, _>("doc"), "{\"a\":[1,true]}");
    assert_eq!(row.column("flag").type_info().name(), "BOOLEAN");
}

#[tokio::test]
async fn a_null_of_any_type_goes_in_and_out() {
    let database = Database::new();
    let pool = database.pool(1).await;
    let row = sqlx::query("SELECT $1, $2, $3, $4, $5, $6, $7")
        .bind(None::<bool>)
        .bind(None::<i16>)
        .bind(None::<i32>)
        .bind(None::<f32>)
        .bind(None::<f64>)
        .bind(None::<String>)
        .bind(None::<Vec<u8>>)
        .fetch_one(&pool)
        .await
        .unwrap();
    for at in 0..7 {
        assert_eq!(row.get::<Option<i64>, _>(at), None);
    }
}

#[tokio::test]
async fn boolean_expressions_are_booleans_where_they_say_so() {
    let database = Database::new();
    let pool = database.pool(1).await;
    let row = sqlx::query(
        "SELECT CAST(count(*) > 0 AS BOOLEAN) AS many, EXISTS (SELECT 1) AS some, count(*) AS n \
         FROM sqlite_schema",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert!(!row.get::<bool, _>("many"));
    assert!(row.get::<bool, _>("some"));
    assert_eq!(row.get::<i64, _>("n"), 0);
}

#[tokio::test]
async fn a_value_that_does_not_fit_its_column_is_an_error_that_names_it() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE foreign_table (price NUMERIC(20,8), flag BOOLEAN)")
        .await
        .unwrap();
    pool.execute("INSERT INTO foreign_table VALUES ('0.1', 2)")
        .await
        .unwrap();
    let error = sqlx::query("SELECT price FROM foreign_table")
        .fetch_one(&pool)
        .await
        .map(drop)
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("\"price\"") && text.contains("NUMERIC(20,8)"),
        "{text}"
    );
    let error = sqlx::query("SELECT flag FROM foreign_table")
        .fetch_all(&pool)
        .await
        .map(drop)
        .unwrap_err();
    assert!(error.to_string().contains("0 or 1"), "{error}");
    assert_eq!(count(&pool, "foreign_table").await, 1);
}

#[tokio::test]
async fn parameters_are_as_many_as_arguments_or_it_is_an_error() {
    let database = Database::new();
    let pool = database.pool(1).await;
    let twice: i64 = sqlx::query_scalar("SELECT $2 - $1 + $1 + $1")
        .bind(1_i64)
        .bind(10_i64)
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(twice, 11);
    let error = sqlx::query("SELECT $1, $2")
        .bind(1_i64)
        .fetch_all(&pool)
        .await
        .map(drop)
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("SQL has 2 parameters, 1 values were given"),
        "{error}"
    );
    let error = sqlx::query("SELECT 1")
        .bind(1_i64)
        .execute(&pool)
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("SQL has 0 parameters, 1 values were given"),
        "{error}"
    );
    let mut builder = sqlx::QueryBuilder::<sqlx::Any>::new("SELECT ");
    builder.push_bind(3_i64).push(" * ").push_bind(4_i64);
    assert_eq!(
        builder
            .build_query_scalar::<i64>()
            .fetch_one(&pool)
            .await
            .unwrap(),
        12
    );
    for text in [
        "SELECT $1::text",
        "SELECT :name",
        "SELECT \"no_such_column\"",
        "SELECT CAST($1 AS DATE)",
    ] {
        let error = sqlx::query(text)
            .bind("x")
            .fetch_all(&pool)
            .await
            .map(drop)
            .unwrap_err();
        assert_eq!(
            sqlite_error(&error).cause(),
            SqliteErrorCause::Statement,
            "{text}"
        );
    }
}

#[tokio::test]
async fn nan_and_nul_are_refused() {
    let database = Database::new();
    let pool = database.pool(1).await;
    for query in [
        sqlx::query("SELECT $1").bind(f64::NAN),
        sqlx::query("SELECT $1").bind(f32::NAN),
        sqlx::query("SELECT $1").bind("a\0b"),
    ] {
        let error = query.fetch_all(&pool).await.map(drop).unwrap_err();
        assert!(matches!(error, sqlx::Error::Encode(_)), "{error}");
    }
}

#[tokio::test]
async fn a_statement_sees_the_columns_that_another_connection_made() {
    let database = Database::new();
    let one = database.pool(1).await;
    let other = database.pool(1).await;
    one.execute("CREATE TABLE t (a BIGINT, b TEXT)")
        .await
        .unwrap();
    one.execute("INSERT INTO t VALUES (1, 'x')").await.unwrap();
    for _ in 0..5 {
        let row = sqlx::query("SELECT * FROM t")
            .fetch_one(&one)
            .await
            .unwrap();
        assert_eq!(row.len(), 2);
    }
    other
        .execute("ALTER TABLE t ADD COLUMN c BOOLEAN NOT NULL DEFAULT 1")
        .await
        .unwrap();
    let rows = sqlx::query("SELECT * FROM t")
        .fetch_all(&one)
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert!(rows[0].get::<bool, _>("c"));
    other.execute("ALTER TABLE t DROP COLUMN b").await.unwrap();
    let row = sqlx::query("SELECT * FROM t")
        .fetch_one(&one)
        .await
        .unwrap();
    assert_eq!(row.len(), 2);
    assert!(row.get::<bool, _>(1));
    other
        .execute("ALTER TABLE t RENAME COLUMN c TO d")
        .await
        .unwrap();
    let row = sqlx::query("SELECT * FROM t")
        .fetch_one(&one)
        .await
        .unwrap();
    assert!(row.get::<bool, _>("d"));
}

#[tokio::test]
async fn figures_are_those_of_the_statement() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, a BIGINT UNIQUE)")
        .await
        .unwrap();
    pool.execute("CREATE TABLE w (id BIGINT PRIMARY KEY) WITHOUT ROWID")
        .await
        .unwrap();
    let insert = "INSERT INTO t (id, a) VALUES ($1, $2)";
    let done = sqlx::query(insert)
        .bind(40_i64)
        .bind(1_i64)
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!((done.rows_affected(), done.last_insert_id()), (1, Some(40)));
    let done = sqlx::query("SELECT * FROM t").execute(&pool).await.unwrap();
    assert_eq!((done.rows_affected(), done.last_insert_id()), (0, None));
    let done = pool.execute("CREATE TABLE u (a)").await.unwrap();
    assert_eq!((done.rows_affected(), done.last_insert_id()), (0, None));
    let done = sqlx::query("UPDATE t SET a = 2 WHERE id = 77")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!((done.rows_affected(), done.last_insert_id()), (0, None));
    let done = sqlx::query("INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 3")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!((done.rows_affected(), done.last_insert_id()), (1, None));
    let done = sqlx::query("INSERT INTO w VALUES (5)")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!((done.rows_affected(), done.last_insert_id()), (1, None));
    let done = sqlx::query("INSERT OR IGNORE INTO t (id) VALUES (40)")
        .execute(&pool)
        .await
        .unwrap();
    assert_eq!((done.rows_affected(), done.last_insert_id()), (0, None));
    let id: i64 = sqlx::query_scalar("INSERT INTO t (a) VALUES (9) RETURNING id")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(id, 41);
    let done = sqlx::query("DELETE FROM t").execute(&pool).await.unwrap();
    assert_eq!(done.rows_affected(), 2);
}

#[tokio::test]
async fn a_dropped_query_is_stopped_and_leaves_nothing() {
    let database = Database::new();
    let pool = database.pool(1).await;
    for _ in 0..3 {
        let slow = sqlx::query(SLOW).fetch_one(&pool);
        assert!(
            tokio::time::timeout(Duration::from_millis(50), slow)
                .await
                .is_err()
        );
        let start = Instant::now();
        let one: i64 = sqlx::query_scalar("SELECT 1")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(one, 1);
        assert!(
            start.elapsed() < Duration::from_millis(500),
            "{:?}",
            start.elapsed()
        );
    }
}

#[tokio::test]
async fn a_dropped_stream_leaves_no_rows_for_the_next() {
    let database = Database::new();
    let pool = database.pool(1).await;
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000000) \
                   SELECT i FROM n";
    for taken in [1, 10, 500] {
        let mut stream = sqlx::query(numbers).fetch(&pool);
        for expected in 1..=taken {
            assert_eq!(
                stream.next().await.unwrap().unwrap().get::<i64, _>(0),
                expected
            );
        }
        drop(stream);
        let row = sqlx::query("SELECT 'other' AS a")
            .fetch_one(&pool)
            .await
            .unwrap();
        assert_eq!(row.get::<&str, _>("a"), "other");
    }
    let rows = sqlx::query(numbers).fetch_all(&pool).await.unwrap();
    assert_eq!(rows.len(), 1_000_000);
}

#[tokio::test]
async fn a_dropped_wait_for_a_lock_is_over_at_once() {
    let database = Database::new();
    let (writer, waiter) = (database.pool(1).await, database.pool(1).await);
    let held = writer.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let waiting = waiter.begin_with("BEGIN IMMEDIATE");
    assert!(
        tokio::time::timeout(Duration::from_millis(50), waiting)
            .await
            .is_err()
    );
    let start = Instant::now();
    sqlx::query("SELECT 1").fetch_one(&waiter).await.unwrap();
    assert!(
        start.elapsed() < Duration::from_millis(500),
        "{:?}",
        start.elapsed()
    );
    drop(held);
    writer.execute("CREATE TABLE t (a)").await.unwrap();
    let connection = waiter.acquire().await.unwrap();
    assert!(!connection.is_in_transaction());
}

#[tokio::test]
async fn a_statement_timeout_stops_a_statement() {
    let mut database = Database::new();
    database.options.statement_timeout = Duration::from_millis(50);
    let pool = database.pool(1).await;
    let start = Instant::now();
    let error = sqlx::query(SLOW)
        .fetch_one(&pool)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(
        sqlite_error(&error).cause(),
        SqliteErrorCause::StatementTimeout
    );
    assert!(start.elapsed() < Duration::from_secs(1));
    sqlx::query("SELECT 1").fetch_one(&pool).await.unwrap();
}

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
            let database = Database::new();
            let pool = database.pool(1).await;
            pool.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n BIGINT)")
                .await
                .unwrap();
            pool.execute("INSERT INTO t VALUES (1, 10), (2, 1000000000)")
                .await
                .unwrap();
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

#[tokio::test]
async fn transactions_nest_and_end() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    let mut outer = pool.begin().await.unwrap();
    outer.execute("INSERT INTO t VALUES (1)").await.unwrap();
    let mut inner = outer.begin().await.unwrap();
    inner.execute("INSERT INTO t VALUES (2)").await.unwrap();
    drop(inner);
    let mut inner = outer.begin().await.unwrap();
    inner.execute("INSERT INTO t VALUES (3)").await.unwrap();
    inner.commit().await.unwrap();
    outer.commit().await.unwrap();
    let sum: i64 = sqlx::query_scalar("SELECT sum(a) FROM t")
        .fetch_one(&pool)
        .await
        .unwrap();
    assert_eq!(sum, 4);
    let mut dropped = pool.begin().await.unwrap();
    dropped.execute("DELETE FROM t").await.unwrap();
    drop(dropped);
    assert_eq!(count(&pool, "t").await, 2);
}

#[tokio::test]
async fn a_nested_begin_that_fails_leaves_the_outer_transaction() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    let mut outer = pool.begin().await.unwrap();
    outer.execute("INSERT INTO t VALUES (1)").await.unwrap();
    let nested = outer.begin_with("BEGIN IMMEDIATE").await.map(drop);
    assert!(matches!(
        nested,
        Err(sqlx::Error::InvalidSavePointStatement)
    ));
    {
        let mut cancelled = Box::pin(outer.begin());
        let waker = futures_util::task::noop_waker();
        let _ = cancelled
            .as_mut()
            .poll(&mut std::task::Context::from_waker(&waker));
    }
    outer.execute("INSERT INTO t VALUES (2)").await.unwrap();
    outer.rollback().await.unwrap();
    assert_eq!(count(&pool, "t").await, 0);
}

#[tokio::test]
async fn a_cancelled_begin_leaves_no_open_transaction() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    for attempt in 0..50 {
        {
            let mut begin = Box::pin(pool.begin());
            let waker = futures_util::task::noop_waker();
            let _ = begin
                .as_mut()
                .poll(&mut std::task::Context::from_waker(&waker));
            #[expect(clippy::disallowed_methods, reason = "a thread of the test's own")]
            std::thread::sleep(Duration::from_micros(attempt * 10));
        }
        let mut connection = pool.acquire().await.unwrap();
        assert!(!connection.is_in_transaction());
        connection
            .execute("INSERT INTO t VALUES (1)")
            .await
            .unwrap();
    }
    assert_eq!(count(&database.pool(1).await, "t").await, 50);
}

#[tokio::test]
async fn a_transaction_that_sqlite_ended_takes_no_more_statements() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    transaction
        .execute("INSERT OR ROLLBACK INTO t SELECT a FROM nowhere")
        .await
        .unwrap_err();
    transaction.execute("ROLLBACK").await.unwrap();
    let error = transaction
        .execute("INSERT INTO t VALUES (2)")
        .await
        .unwrap_err();
    assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::RolledBack);
    let error = sqlx::query("SELECT 1")
        .fetch_one(&mut *transaction)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::RolledBack);
    transaction.commit().await.unwrap_err();
    assert_eq!(count(&pool, "t").await, 0);
    pool.execute("INSERT INTO t VALUES (3)").await.unwrap();
    assert_eq!(count(&pool, "t").await, 1);
}

#[tokio::test]
async fn a_write_stopped_in_a_transaction_ends_the_transaction() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    let slow = format!("INSERT INTO t {SLOW}");
    let write = sqlx::query(AssertSqlSafe(slow)).execute(&mut *transaction);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), write)
            .await
            .is_err()
    );
    let error = transaction
        .execute("INSERT INTO t VALUES (2)")
        .await
        .unwrap_err();
    assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::RolledBack);
    drop(transaction);
    assert_eq!(count(&pool, "t").await, 0);
}

#[tokio::test]
async fn a_read_stopped_in_a_transaction_leaves_the_transaction() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (1)")
        .await
        .unwrap();
    let read = sqlx::query(SLOW).fetch_one(&mut *transaction);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), read)
            .await
            .is_err()
    );
    transaction
        .execute("INSERT INTO t VALUES (2)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(count(&pool, "t").await, 2);
}

#[tokio::test]
async fn a_full_database_is_told_apart_and_commits_nothing_of_its_transaction() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BYTEA)").await.unwrap();
    pool.execute("PRAGMA max_page_count = 20").await.unwrap();
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("INSERT INTO t VALUES (x'00')")
        .await
        .unwrap();
    let big = sqlx::query("INSERT INTO t VALUES ($1)").bind(vec![0_u8; 1 << 20]);
    let error = big.execute(&mut *transaction).await.unwrap_err();
    assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::Full);
    drop(transaction);
    assert_eq!(count(&pool, "t").await, 0);
}

#[tokio::test]
async fn a_failed_deferred_commit_rolls_back() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute(
        "CREATE TABLE p (id BIGINT PRIMARY KEY);
         CREATE TABLE c (p BIGINT REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)",
    )
    .await
    .unwrap();
    let mut transaction = pool.begin().await.unwrap();
    transaction
        .execute("INSERT INTO c VALUES (1)")
        .await
        .unwrap();
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(
        error.as_database_error().unwrap().kind(),
        ErrorKind::ForeignKeyViolation
    );
    let connection = pool.acquire().await.unwrap();
    assert!(!connection.is_in_transaction());
    drop(connection);
    assert_eq!(count(&pool, "c").await, 0);
}

#[tokio::test]
async fn a_plain_begin_takes_the_write_lock_where_asked() {
    let mut database = Database::new();
    database.options.begin_immediate = true;
    database.options.busy_timeout = Duration::from_millis(20);
    let pool = database.pool(2).await;
    let _held = pool.begin().await.unwrap();
    let error = pool.begin().await.map(drop).unwrap_err();
    assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::Busy);
    assert!(sqlite_error(&error).is_retryable());
}

#[tokio::test]
async fn several_statements_succeed_or_fail_as_one() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BIGINT PRIMARY KEY)")
        .await
        .unwrap();
    let both = "INSERT INTO t VALUES (1); INSERT INTO t VALUES (1)";
    let error = sqlx::raw_sql(both).execute(&pool).await.unwrap_err();
    assert_eq!(
        error.as_database_error().unwrap().kind(),
        ErrorKind::UniqueViolation
    );
    assert_eq!(count(&pool, "t").await, 0);
    let mut results =
        sqlx::raw_sql("INSERT INTO t VALUES (1); SELECT a FROM t; -- end").fetch_many(&pool);
    let mut seen = String::new();
    while let Some(item) = results.next().await {
        seen.push(match item.unwrap() {
            Either::Left(_) => 'f',
            Either::Right(_) => 'r',
        });
    }
    assert_eq!(seen, "frf");
    drop(results);
    let error = sqlx::query("SELECT 1; SELECT 2")
        .fetch_all(&pool)
        .await
        .map(drop)
        .unwrap_err();
    assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::Statement);
}

#[tokio::test]
async fn a_memory_url_is_one_database_for_the_whole_pool_and_goes_with_it() {
    install();
    let options = Options::new(Location::Memory(MemoryDatabase::new().unwrap()));
    let file = options.path();
    let pool = pool(&options, 4).await;
    pool.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    let mut writer = pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    writer.execute("INSERT INTO t VALUES (1)").await.unwrap();
    assert_eq!(count(&pool, "t").await, 0);
    writer.commit().await.unwrap();
    assert_eq!(count(&pool, "t").await, 1);
    assert!(file.exists());
    pool.close().await;
    assert!(file.exists(), "the options keep it");
    drop(options);
    assert!(!file.exists());
}

#[tokio::test]
async fn the_bare_memory_url_is_one_database_while_a_connection_is_open() {
    install();
    let url = "sqlite::memory:?twinbase_memory=bare-url-test";
    let (one, other) = (
        AnyPool::connect(url).await.unwrap(),
        AnyPool::connect(url).await.unwrap(),
    );
    one.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    assert_eq!(count(&other, "t").await, 0);
    one.close().await;
    assert_eq!(count(&other, "t").await, 0);
    other.close().await;
    let again = AnyPool::connect(url).await.unwrap();
    again.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
}

#[tokio::test]
async fn a_begin_statement_that_begins_nothing_is_an_error() {
    let database = Database::new();
    let pool = database.pool(1).await;
    let error = pool.begin_with("SELECT 1").await.map(drop).unwrap_err();
    assert!(matches!(error, sqlx::Error::BeginFailed), "{error}");
    let mut transaction = pool.begin_with("BEGIN EXCLUSIVE").await.unwrap();
    transaction
        .execute("CREATE TABLE t (a BIGINT)")
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    assert_eq!(count(&pool, "t").await, 0);
}

#[tokio::test]
async fn a_transaction_begun_by_sql_is_seen() {
    let database = Database::new();
    let pool = database.pool(1).await;
    let mut connection = pool.acquire().await.unwrap();
    connection.execute("BEGIN").await.unwrap();
    assert!(connection.is_in_transaction());
    connection.execute("ROLLBACK").await.unwrap();
    assert!(!connection.is_in_transaction());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn short_reads_of_many_tasks_are_right_on_any_thread() {
    let database = Database::new();
    let pool = database.pool(4).await;
    pool.execute("CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT)")
        .await
        .unwrap();
    let fill = "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n \
                WHERE i < 1000) SELECT i, 'name ' || i FROM n";
    pool.execute(fill).await.unwrap();
    let tasks: Vec<_> = (0..16_i64)
        .map(|task| {
            let pool = pool.clone();
            tokio::spawn(async move {
                for number in 0..300 {
                    let id = (task * 61 + number) % 1000 + 1;
                    let query = sqlx::query_scalar("SELECT name FROM t WHERE id = $1").bind(id);
                    let name: String = query.fetch_one(&pool).await.unwrap();
                    assert_eq!(name, format!("name {id}"));
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
}

#[tokio::test]
async fn settings_hold_on_every_connection() {
    let mut database = Database::new();
    database.options.cache_size_kib = 1234;
    database.options.foreign_keys = false;
    let pool = database.pool(3).await;
    let mut held = Vec::new();
    for _ in 0..3 {
        let mut connection = pool.acquire().await.unwrap();
        for (pragma, expected) in [
            ("foreign_keys", 0),
            ("synchronous", 1),
            ("cache_size", -1234),
            ("trusted_schema", 0),
        ] {
            let sql = format!("PRAGMA {pragma}");
            let found: i64 = sqlx::query_scalar(AssertSqlSafe(sql))
                .fetch_one(&mut *connection)
                .await
                .unwrap();
            assert_eq!(found, expected, "{pragma}");
        }
        let mode: String = sqlx::query_scalar("PRAGMA journal_mode")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        assert_eq!(mode, "wal");
        held.push(connection);
    }
}

#[tokio::test]
async fn a_file_is_not_created_unless_asked_and_may_be_read_only() {
    let mut database = Database::new();
    database.options.create = false;
    let missing = AnyPool::connect(&database.options.to_url())
        .await
        .unwrap_err();
    assert_eq!(sqlite_error(&missing).cause(), SqliteErrorCause::CannotOpen);
    assert!(missing.to_string().contains("test.db"), "{missing}");
    database.options.create = true;
    database
        .pool(1)
        .await
        .execute("CREATE TABLE t (a BIGINT)")
        .await
        .unwrap();
    database.options.read_only = true;
    let pool = database.pool(1).await;
    assert_eq!(count(&pool, "t").await, 0);
    let error = pool.execute("INSERT INTO t VALUES (1)").await.unwrap_err();
    assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::ReadOnly);
    let other = database.options.path().with_file_name("other.db");
    std::fs::write(
        &other,
        "this is no database, but it is long enough".repeat(30),
    )
    .unwrap();
    let url = format!("sqlite:{}", other.display());
    let error = AnyPool::connect(&url).await.unwrap_err();
    assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::NotADatabase);
}

#[tokio::test]
async fn sqlx_migrations_run_and_are_found_by_sqlx() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("1_first.sql"),
        "CREATE TABLE a (x BIGINT); INSERT INTO a VALUES (1);",
    )
    .unwrap();
    std::fs::write(
        folder.path().join("2_second.sql"),
        "-- no-transaction\nCREATE INDEX a_x ON a (x)",
    )
    .unwrap();
    let migrator = sqlx::migrate::Migrator::new(folder.path()).await.unwrap();
    let pool = database.pool(2).await;
    migrator.run(&pool).await.unwrap();
    migrator.run(&pool).await.unwrap();
    let rows = sqlx::query("SELECT * FROM _sqlx_migrations ORDER BY version")
        .fetch_all(&pool)
        .await
        .unwrap();
    assert_eq!(rows.len(), 2);
    assert!(rows[0].get::<bool, _>("success"));
    assert!(rows[0].get::<i64, _>("execution_time") > 0);
    assert_eq!(rows[0].get::<&str, _>("installed_on").len(), 19);
    pool.close().await;
    let stock = sqlx::SqlitePool::connect(&format!("sqlite:{}", database.options.path().display()))
        .await
        .unwrap();
    migrator.run(&stock).await.unwrap();
    std::fs::write(
        folder.path().join("3_third.sql"),
        "INSERT INTO a VALUES (2); INSERT INTO nowhere VALUES (1);",
    )
    .unwrap();
    let migrator = sqlx::migrate::Migrator::new(folder.path()).await.unwrap();
    let pool = database.pool(2).await;
    migrator.run(&pool).await.unwrap_err();
    assert_eq!(count(&pool, "a").await, 1);
    assert_eq!(count(&pool, "_sqlx_migrations").await, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_first_starts_at_once_all_succeed() {
    let database = Database::new();
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("1_first.sql"),
        "CREATE TABLE a (x BIGINT)",
    )
    .unwrap();
    let starts: Vec<_> = (0..20)
        .map(|_| {
            let (options, path) = (database.options.clone(), folder.path().to_owned());
            tokio::spawn(async move {
                let pool = pool(&options, 2).await;
                sqlx::migrate::Migrator::new(path)
                    .await
                    .unwrap()
                    .run(&pool)
                    .await
            })
        })
        .collect();
    for start in starts {
        start.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_prepared_statement_tells_its_columns() {
    let database = Database::new();
    let pool = database.pool(1).await;
    pool.execute("CREATE TABLE t (a BIGINT, b BOOLEAN)")
        .await
        .unwrap();
    let mut connection = pool.acquire().await.unwrap();
    let sql = sqlx::SqlSafeStr::into_sql_str("SELECT a, b FROM t WHERE a = $1");
    let statement = connection.prepare(sql).await.unwrap();
    assert_eq!(statement.parameters(), Some(Either::Right(1)));
    let types: Vec<_> = statement
        .columns()
        .iter()
        .map(|column| column.type_info().name())
        .collect();
    assert_eq!(types, ["BIGINT", "BOOLEAN"]);
}

#[tokio::test]
async fn a_closed_pool_leaves_no_thread_and_no_log() {
    let database = Database::new();
    let pool = database.pool(3).await;
    pool.execute("CREATE TABLE t (a BIGINT)").await.unwrap();
    let log = database.options.path().with_extension("db-wal");
    assert!(log.exists());
    pool.close().await;
    assert!(
        !log.exists(),
        "the last connection copies the log into the database"
    );
}
