//! What the rules about a PostgreSQL in use say is so: which lock the newest migration of each case holds,
//! whether it reads the table, writes it anew, or writes every row; and who then waits.

use std::time::Duration;

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};
use twinbase::config::Engine;
use twinbase::migration::Step;
use twinbase::migration::lint::{Family, rules};
use twinbase::testing::TestDatabase;

use super::corpus::{self, Case};
use super::portability::ROWS;

/// The locks of a table, weakest first.
const LOCKS: [&str; 8] = [
    "AccessShareLock",
    "RowShareLock",
    "RowExclusiveLock",
    "ShareUpdateExclusiveLock",
    "ShareLock",
    "ShareRowExclusiveLock",
    "ExclusiveLock",
    "AccessExclusiveLock",
];

async fn connect(database: &TestDatabase) -> AnyConnection {
    twinbase::driver::install().unwrap();
    AnyConnection::connect(database.url().expose())
        .await
        .unwrap()
}

async fn run(conn: &mut AnyConnection, sql: &str) -> Result<(), sqlx::Error> {
    let sql = sqlx::raw_sql(sqlx::AssertSqlSafe(sql.to_owned()));
    conn.execute(sql).await.map(|_| ())
}

async fn text(conn: &mut AnyConnection, sql: &str) -> Option<String> {
    let sql = sqlx::AssertSqlSafe(format!("SELECT CAST(({sql}) AS TEXT)"));
    conn.fetch_one(sql).await.unwrap().get(0)
}

/// Makes the schema that the newest migration meets, with rows, and gives that migration.
async fn before(conn: &mut AnyConnection, case: &Case) -> Step {
    run(conn, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .await
        .unwrap();
    let mut steps = case.migrations().plan(Engine::Postgres).unwrap();
    let newest = steps.pop().unwrap();
    for (at, step) in steps.iter().enumerate() {
        for statement in step.statements(Engine::Postgres) {
            run(conn, &statement.sql).await.unwrap();
        }
        if at == 0 {
            run(conn, ROWS).await.unwrap();
        }
    }
    newest
}

/// What became of the table `on`, after what `conn` has done in its transaction.
async fn facts(conn: &mut AnyConnection, on: &str, file: Option<&str>, rows: &str) -> Vec<String> {
    let there = format!("to_regclass('{on}')");
    if text(conn, &there).await.is_none() {
        return vec!["gone".to_owned()];
    }
    let mut facts = Vec::new();
    let modes = conn
        .fetch_all(sqlx::AssertSqlSafe(format!(
            "SELECT mode FROM pg_locks WHERE pid = pg_backend_pid() AND relation = {there}"
        )))
        .await
        .unwrap();
    facts.extend(strongest(modes.iter().map(|row| row.get(0))));
    let counted =
        |what: &str| format!("SELECT {what} FROM pg_stat_xact_user_tables WHERE relid = {there}");
    if text(conn, &counted("seq_scan > 0")).await.as_deref() == Some("true") {
        facts.push("read".to_owned());
    }
    if file.is_some()
        && text(conn, &format!("pg_relation_filenode({there})"))
            .await
            .as_deref()
            != file
    {
        facts.push("rewritten".to_owned());
    }
    let written = text(conn, &counted("n_tup_upd + n_tup_del")).await;
    if written.as_deref() == Some(rows) && rows != "0" {
        facts.push("every row".to_owned());
    }
    facts
}

fn strongest(modes: impl Iterator<Item = String>) -> Option<String> {
    let place = |mode: &String| LOCKS.iter().position(|lock| lock == mode);
    modes.max_by_key(place)
}

/// Who has to wait for a table under this lock.
fn waiting(facts: &[String]) -> [bool; 2] {
    let at = LOCKS
        .iter()
        .position(|lock| facts.iter().any(|fact| fact == lock));
    [at >= Some(7), at >= Some(4)]
}

/// Whether readers, and writers, of the table have to wait now.
async fn waits(database: &TestDatabase, on: &str) -> [bool; 2] {
    let mut conn = connect(database).await;
    run(&mut conn, "SET lock_timeout = '50ms'").await.unwrap();
    let reads = run(&mut conn, &format!("SELECT 1 FROM {on} LIMIT 1")).await;
    let writes = run(&mut conn, &format!("DELETE FROM {on} WHERE false")).await;
    conn.close().await.unwrap();
    [reads, writes].map(|result| match result {
        Ok(()) => false,
        Err(sqlx::Error::Database(error)) => error.code().as_deref() == Some("55P03"),
        Err(error) => panic!("{error}"),
    })
}

async fn in_transaction(database: &TestDatabase, case: &Case) -> Vec<String> {
    let on = case.says("on").unwrap_or("orders");
    let mut conn = connect(database).await;
    let newest = before(&mut conn, case).await;
    let file = text(
        &mut conn,
        &format!("pg_relation_filenode(to_regclass('{on}'))"),
    )
    .await;
    let rows = text(&mut conn, "SELECT count(*) FROM orders")
        .await
        .unwrap();
    conn.close().await.unwrap();
    // A session of its own: the counters are those of a session that are not reported yet.
    let mut conn = connect(database).await;
    run(&mut conn, "SET enable_seqscan = off; BEGIN")
        .await
        .unwrap();
    for statement in newest.statements(Engine::Postgres) {
        if let Err(error) = run(&mut conn, &statement.sql).await {
            return vec![format!("fails: {error}")];
        }
    }
    let facts = facts(&mut conn, on, file.as_deref(), &rows).await;
    if facts != ["gone"] && on != "totals" {
        let on = case.says("was").unwrap_or(on);
        // A lock on an index stops those who would read it too.
        let expected = match case.says("waits") {
            Some(who) => ["readers", "writers"].map(|word| who.contains(word)),
            None => waiting(&facts),
        };
        assert_eq!(waits(database, on).await, expected, "{}", case.name());
    }
    run(&mut conn, "COMMIT").await.unwrap();
    conn.close().await.unwrap();
    facts
}

/// The lock that a statement asks for, seen while another session has it wait.
async fn alone(database: &TestDatabase, case: &Case) -> Vec<String> {
    let (mut conn, mut other, mut third) = (
        connect(database).await,
        connect(database).await,
        connect(database).await,
    );
    let newest = before(&mut conn, case).await;
    let file = text(&mut conn, "pg_relation_filenode('orders')").await;
    run(
        &mut other,
        "BEGIN; LOCK TABLE orders IN SHARE UPDATE EXCLUSIVE MODE",
    )
    .await
    .unwrap();
    let process = text(&mut conn, "pg_backend_pid()").await.unwrap();
    let work = tokio::spawn(async move {
        let [statement] = newest.statements(Engine::Postgres).try_into().unwrap();
        run(&mut conn, &statement.sql).await.unwrap();
        conn
    });
    let asked = format!(
        "SELECT mode FROM pg_locks WHERE pid = {process} AND relation = to_regclass('orders') AND NOT granted"
    );
    let mode = loop {
        if let Some(mode) = text(&mut third, &asked).await {
            break mode;
        }
        assert!(!work.is_finished(), "{} did not wait", case.name());
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    run(&mut other, "COMMIT").await.unwrap();
    let mut conn = work.await.unwrap();
    let mut facts = vec![mode];
    if text(&mut conn, "pg_relation_filenode('orders')").await != file {
        facts.push("rewritten".to_owned());
    }
    for conn in [conn, other, third] {
        conn.close().await.unwrap();
    }
    facts
}

async fn observe(database: &TestDatabase, case: &Case) -> String {
    let plan = case.migrations().plan(Engine::Postgres).unwrap();
    let facts = if plan.last().unwrap().transactional {
        in_transaction(database, case).await
    } else {
        alone(database, case).await
    };
    if let Some(query) = case.says("breaks") {
        let mut conn = connect(database).await;
        let error = run(&mut conn, query).await.unwrap_err();
        // It has no such table or column.
        let code = error
            .as_database_error()
            .and_then(sqlx::error::DatabaseError::code);
        let code = code.as_deref();
        assert!(
            matches!(code, Some("42P01" | "42703")),
            "{}: {error}",
            case.name()
        );
        conn.close().await.unwrap();
    }
    if facts.is_empty() {
        return "none".to_owned();
    }
    facts.join(", ")
}

#[test]
fn bad_migrations_do_to_a_live_server_what_their_rules_say_and_good_ones_do_less() {
    twinbase::testing::run(Engine::Postgres, |database: TestDatabase| async move {
        let mut wrong = Vec::new();
        for rule in rules().filter(|rule| rule.family == Family::Live) {
            let [bad, good] = corpus::of(rule.name);
            for case in [&bad, &good] {
                let shown = observe(&database, case).await;
                if !case.agrees("shows", &shown) {
                    let said = case.says("shows");
                    wrong.push(format!("{}: {shown} is not {said:?}", case.name()));
                }
            }
            let proof = |case: &Case| {
                [case.says("shows"), case.says("breaks")].map(|s| s.map(str::to_owned))
            };
            if proof(&bad) == proof(&good) {
                wrong.push(format!("{}: good is no better than bad", rule.name));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    });
}
