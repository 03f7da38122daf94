//! PostgreSQL: a server of the bench's own on loopback, which waits for the disk at each commit.

use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};
use tokio::runtime::Runtime;
use twinbase::config::DatabaseConfig;
use twinbase::database::Database;
use twinbase::testing::PostgresServer;

use super::peer::Peer;
use super::pgbench::PgBench;
use super::rounds::Subject;
use super::site::{Goals, Site};
use super::sqlite::disk;
use super::turn::Work;

/// As a server is by default, where the tests' is not.
const SETTINGS: &[(&str, &str)] = &[
    ("fsync", "on"),
    ("full_page_writes", "on"),
    ("synchronous_commit", "on"),
    ("autovacuum", "on"),
    ("shared_buffers", "128MB"),
];

const DATABASE: &str = "bench";

pub(crate) fn bench(runtime: &Runtime, wanted: &[String]) {
    let server = PostgresServer::start_in(disk(), SETTINGS).unwrap();
    runtime.block_on(administer(&server, "postgres", "CREATE DATABASE bench"));
    let site = site(runtime, &server);
    let pgbench = PgBench::prepare(&server, DATABASE);
    for tasks in [1, 64] {
        let mut goals = Goals::default();
        if tasks > 1 {
            (goals.stock, goals.sqlalchemy) = (Some(1.8), Some(30.0));
        }
        let title = format!("PostgreSQL: point select, {tasks} at a time");
        let subject = site.subject(&title, Work::Select, tasks, goals);
        with_pgbench(subject, pgbench.as_ref(), tasks).run(wanted);
    }
    for tasks in [1, 64] {
        let mut goals = Goals::default();
        if tasks > 1 {
            (goals.stock, goals.sqlalchemy) = (Some(1.3), Some(8.0));
        }
        let title = format!("PostgreSQL: single insert, {tasks} at a time");
        let subject = site.subject(&title, Work::Insert, tasks, goals);
        subject.run(wanted);
    }
    for tasks in [1, 64] {
        let title = format!("PostgreSQL: read-modify-write, {tasks} at a time");
        let subject = site.subject(&title, Work::Increment, tasks, Goals::default());
        subject.run(wanted);
    }
    runtime.block_on(site.ours.close());
}

fn with_pgbench<'a>(subject: Subject<'a>, pgbench: Option<&'a PgBench>, tasks: u64) -> Subject<'a> {
    let Some(pgbench) = pgbench else {
        return subject;
    };
    let goal = (tasks > 1).then_some(0.9);
    subject
        .variant(
            "pgbench -S -M prepared",
            Box::new(move |time| pgbench.run(tasks, time, false)),
        )
        .goal(goal)
        .variant(
            "pgbench -M prepared, this SELECT",
            Box::new(move |time| pgbench.run(tasks, time, true)),
        )
}

fn site<'a>(runtime: &'a Runtime, server: &'a PostgresServer) -> Site<'a> {
    let url = server.url(DATABASE);
    let config = DatabaseConfig {
        url: Some(url.parse().unwrap()),
        ..DatabaseConfig::default()
    };
    let ours = {
        let _inside = runtime.enter();
        Database::new(&config).unwrap()
    };
    let site = Site {
        runtime,
        ours,
        stock: Peer::sqlx("stock", &url, "on"),
        native: Peer::sqlx("native", &url, "on"),
        sqlalchemy: Peer::sqlalchemy(&url.replacen("postgres:", "postgresql+psycopg:", 1), "on"),
        empty: Box::new(move || runtime.block_on(administer(server, DATABASE, "TRUNCATE w"))),
    };
    site.fill("SELECT i FROM generate_series(1, $1) AS i");
    site
}

async fn administer(server: &PostgresServer, database: &str, sql: &str) {
    let mut connection = PgConnection::connect(&server.url(database)).await.unwrap();
    connection.execute(AssertSqlSafe(sql)).await.unwrap();
    connection.close().await.unwrap();
}
