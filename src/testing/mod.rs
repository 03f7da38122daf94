//! The test harness, for Twinbase's tests and for applications' own: real engines, a database a test,
//! the real application on a port of its own.
//!
//! A claim is written once and runs on both engines:
//!
//! ```
//! twinbase::on_both_engines! {
//!     async fn two_is_more_than_one(database: TestDatabase) {
//!         let pool = database.open().pool().clone();
//!         let (two,): (i64,) = sqlx::query_as("SELECT 1 + 1").fetch_one(&pool).await.unwrap();
//!         assert!(two > 1);
//!         pool.close().await;
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! The first test that needs `PostgreSQL` starts one server for the process, which ends with it. Where
//! there are no server binaries the test fails and says how to get them. The one way to leave
//! `PostgreSQL` out is by name: `TWINBASE_TEST_ENGINES=sqlite`.
//!
//! Faults are the real thing: a [`Proxy`] is a network that is slow, cut or silent; a
//! [`PostgresServer`] of a test's own is restarted, has a process killed, or stands still; a
//! [`SmallDisk`] is soon full. A [`Pooler`] stands between a program and its server.

mod application;
mod database;
mod engines;
mod http;
mod pooler;
mod postgres;
mod process;
mod proxy;
mod server_faults;
mod small_disk;

pub use application::TestApplication;
pub use database::{TestDatabase, server_url};
pub use engines::{run, run_alone};
pub use http::{Answer, request};
pub use pooler::Pooler;
pub use postgres::{Binaries, HarnessError, PostgresServer};
pub use proxy::Proxy;
pub use small_disk::SmallDisk;
