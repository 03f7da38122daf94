//! What is wrong with sqlx's own `Any` drivers, each fault held on to by a test.
//!
//! This crate's drivers exist because of these faults. A canary runs the stock driver and passes as
//! long as the fault is there; once an upgrade of sqlx mends it, the canary fails and says so, and
//! what this crate does about it can go. A canary is named after the upstream issue where there is
//! one (transact-rs/sqlx#4205 is `sqlx_4205_…`).
//!
//! Drivers are installed once a process, so the stock ones have this test binary to themselves.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod postgres_changes;
mod postgres_values;
mod sqlite_changes;
mod sqlite_values;
mod transactions;

use std::fmt::Debug;

use sqlx::{AnyConnection, AssertSqlSafe, Connection as _};

/// Passes while the fault is there. What the stock driver gave is shown once it is not.
#[track_caller]
fn still(faulty: bool, found: &impl Debug) {
    assert!(
        faulty,
        "upstream mended this: the workaround can go; the stock driver gave {found:?}"
    );
}

#[expect(
    clippy::disallowed_methods,
    reason = "the stock drivers are what a canary watches"
)]
fn install_stock() {
    sqlx::any::install_default_drivers();
}

/// A stock connection to the test server, for temporary tables, which leave nothing behind.
async fn postgres() -> AnyConnection {
    install_stock();
    let url = twinbase::testing::server_url("postgres");
    AnyConnection::connect(&url).await.unwrap()
}

/// A database file of the test's own.
struct File(tempfile::TempDir);

impl File {
    fn new() -> Self {
        install_stock();
        Self(tempfile::tempdir().unwrap())
    }

    fn url(&self) -> String {
        let path = self.0.path().join("canary.db");
        format!("sqlite:{}?mode=rwc", path.display())
    }

    /// A stock connection to it.
    async fn connect(&self) -> AnyConnection {
        AnyConnection::connect(&self.url()).await.unwrap()
    }
}

/// Runs statements without arguments, one or more.
async fn run(connection: &mut AnyConnection, sql: &str) {
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(connection)
        .await
        .unwrap();
}

/// The numbers in the one column of a query.
async fn numbers(connection: &mut AnyConnection, sql: &'static str) -> Vec<i64> {
    sqlx::query_scalar(sql).fetch_all(connection).await.unwrap()
}
