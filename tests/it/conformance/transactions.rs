//! Transactions on one connection and between two.

use std::time::Duration;

use sqlx::{AnyPool, Connection as _};

use super::outcome::refused;
use super::registry::{Case, differs, same, scalar};

const INSERT: &str = "INSERT INTO tr_rows VALUES ($1)";

pub(super) const CASES: &[Case] = &[
    Case::code(
        "an error ends the transaction",
        "errors in a transaction",
        "CREATE TABLE tr_rows (id BIGINT PRIMARY KEY)",
        |pool| Box::pin(error_inside(pool)),
        same(
            "refused: Unique, then refused: TransactionFailed, then refused: TransactionFailed: 0 rows",
        ),
    ),
    Case::code(
        "an error inside a nested transaction ends that one alone",
        "errors in a transaction",
        "CREATE TABLE tr_nested (id BIGINT PRIMARY KEY)",
        |pool| Box::pin(error_nested(pool)),
        same("refused: Unique, then 2 rows"),
    ),
    Case::code(
        "a failed deferred COMMIT rolls back",
        "deferred constraints",
        "CREATE TABLE tr_parent (id BIGINT PRIMARY KEY);\n\
         CREATE TABLE tr_child (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES tr_parent (id) DEFERRABLE INITIALLY DEFERRED)",
        |pool| Box::pin(deferred(pool)),
        same("refused: ForeignKey, then 0 rows, then committed"),
    ),
    Case::code(
        "a deferred constraint that is met in time is no error",
        "deferred constraints",
        "",
        |pool| Box::pin(deferred_in_time(pool)),
        same("1"),
    ),
    Case::code(
        "write skew is possible at PostgreSQL's default isolation and waits on SQLite",
        "isolation",
        "CREATE TABLE tr_skew (id BIGINT PRIMARY KEY, on_call BOOLEAN NOT NULL);\n\
         INSERT INTO tr_skew VALUES (1, TRUE), (2, TRUE)",
        |pool| Box::pin(write_skew(pool)),
        differs("isolation", "refused: Retryable", "0 on call"),
    ),
    Case::code(
        "write skew is refused where PostgreSQL is asked for SERIALIZABLE",
        "isolation",
        "CREATE TABLE tr_serial (id BIGINT PRIMARY KEY, on_call BOOLEAN NOT NULL);\n\
         INSERT INTO tr_serial VALUES (1, TRUE), (2, TRUE)",
        |pool| Box::pin(serializable(pool)),
        same("refused: Retryable"),
    ),
    Case::code(
        "several statements without arguments succeed or fail as one",
        "several statements at once",
        "CREATE TABLE tr_script (id BIGINT PRIMARY KEY)",
        |pool| Box::pin(script(pool)),
        same("refused: Unique, then 0 rows"),
    ),
    Case::code(
        "a transaction that reads first may write later",
        "reads that become writes",
        "CREATE TABLE tr_later (n BIGINT NOT NULL);\nINSERT INTO tr_later VALUES (0)",
        |pool| Box::pin(read_then_write(pool)),
        same("2 commits, 0 refused"),
    ),
];

fn told<T>(result: Result<T, sqlx::Error>, done: &str) -> String {
    result.map_or_else(|error| refused(&error), |_| done.to_owned())
}

async fn error_inside(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut work = pool.begin().await?;
    sqlx::query(INSERT).bind(1_i64).execute(&mut *work).await?;
    let twice = sqlx::query(INSERT).bind(1_i64).execute(&mut *work).await;
    let next = sqlx::query(INSERT).bind(2_i64).execute(&mut *work).await;
    let (twice, next) = (told(twice, "taken"), told(next, "taken"));
    let commit = told(work.commit().await, "committed");
    let stored = scalar(&pool, "SELECT count(*) FROM tr_rows").await?;
    Ok(format!(
        "{twice}, then {next}, then {commit}: {stored} rows"
    ))
}

async fn error_nested(pool: AnyPool) -> Result<String, sqlx::Error> {
    let insert = "INSERT INTO tr_nested VALUES ($1)";
    let mut work = pool.begin().await?;
    sqlx::query(insert).bind(1_i64).execute(&mut *work).await?;
    let mut nested = work.begin().await?;
    let twice = sqlx::query(insert).bind(1_i64).execute(&mut *nested).await;
    nested.rollback().await?;
    sqlx::query(insert).bind(2_i64).execute(&mut *work).await?;
    work.commit().await?;
    let stored = scalar(&pool, "SELECT count(*) FROM tr_nested").await?;
    Ok(format!("{}, then {stored} rows", told(twice, "taken")))
}

async fn deferred(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let mut work = connection.begin().await?;
    sqlx::query("INSERT INTO tr_child VALUES (1, 7)")
        .execute(&mut *work)
        .await?;
    let commit = told(work.commit().await, "committed");
    let count = "SELECT count(*) FROM tr_child";
    let stored: i64 = sqlx::query_scalar(count)
        .fetch_one(&mut *connection)
        .await?;
    let mut work = connection.begin().await?;
    sqlx::query("INSERT INTO tr_child VALUES (2, NULL)")
        .execute(&mut *work)
        .await?;
    let again = told(work.commit().await, "committed");
    Ok(format!("{commit}, then {stored} rows, then {again}"))
}

async fn deferred_in_time(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut work = pool.begin().await?;
    sqlx::query("INSERT INTO tr_child VALUES (9, 9)")
        .execute(&mut *work)
        .await?;
    sqlx::query("INSERT INTO tr_parent VALUES (9)")
        .execute(&mut *work)
        .await?;
    work.commit().await?;
    let count = scalar(&pool, "SELECT count(*) FROM tr_child WHERE parent = 9").await?;
    Ok(count.to_string())
}

/// Two doctors see that two are on call, and each takes leave.
async fn write_skew(pool: AnyPool) -> Result<String, sqlx::Error> {
    const ON_CALL: &str = "SELECT count(*) FROM tr_skew WHERE on_call";
    let mut one = pool.begin().await?;
    let _: i64 = sqlx::query_scalar(ON_CALL).fetch_one(&mut *one).await?;
    let mut other = pool.begin().await?;
    let _: i64 = sqlx::query_scalar(ON_CALL).fetch_one(&mut *other).await?;
    for (work, id) in [(&mut one, 1_i64), (&mut other, 2)] {
        sqlx::query("UPDATE tr_skew SET on_call = FALSE WHERE id = $1")
            .bind(id)
            .execute(&mut **work)
            .await?;
    }
    one.commit().await?;
    other.commit().await?;
    Ok(format!("{} on call", scalar(&pool, ON_CALL).await?))
}

/// As [`write_skew`]; SQLite needs no asking.
async fn serializable(pool: AnyPool) -> Result<String, sqlx::Error> {
    const ON_CALL: &str = "SELECT count(*) FROM tr_serial WHERE on_call";
    let mut both = Vec::new();
    for _ in 0..2 {
        let mut work = pool.begin().await?;
        if work.backend_name() == "PostgreSQL" {
            let ask = "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE";
            sqlx::query(ask).execute(&mut *work).await?;
        }
        let _: i64 = sqlx::query_scalar(ON_CALL).fetch_one(&mut *work).await?;
        both.push(work);
    }
    for (work, id) in both.iter_mut().zip([1_i64, 2]) {
        sqlx::query("UPDATE tr_serial SET on_call = FALSE WHERE id = $1")
            .bind(id)
            .execute(&mut **work)
            .await?;
    }
    for work in both {
        work.commit().await?;
    }
    Ok(format!("{} on call", scalar(&pool, ON_CALL).await?))
}

async fn script(pool: AnyPool) -> Result<String, sqlx::Error> {
    let text = "INSERT INTO tr_script VALUES (1); INSERT INTO tr_script VALUES (1)";
    let done = told(sqlx::raw_sql(text).execute(&pool).await, "taken");
    let stored = scalar(&pool, "SELECT count(*) FROM tr_script").await?;
    Ok(format!("{done}, then {stored} rows"))
}

async fn read_then_write(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let pool = pool.clone();
        tasks.push(tokio::spawn(async move {
            let mut work = pool.begin().await?;
            let _: i64 = sqlx::query_scalar("SELECT n FROM tr_later")
                .fetch_one(&mut *work)
                .await?;
            tokio::time::sleep(Duration::from_millis(30)).await;
            sqlx::query("UPDATE tr_later SET n = n + 1")
                .execute(&mut *work)
                .await?;
            work.commit().await
        }));
    }
    let mut refusals = 0;
    for task in tasks {
        refusals += usize::from(task.await.unwrap().is_err());
    }
    let commits = scalar(&pool, "SELECT n FROM tr_later").await?;
    Ok(format!("{commits} commits, {refusals} refused"))
}
