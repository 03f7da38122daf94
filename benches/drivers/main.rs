//! What this crate's drivers cost, against their peers in the same run: sqlx's own drivers under
//! `Any`, sqlx without `Any`, rusqlite on one thread, and SQLAlchemy Core where it is installed.
//!
//! A machine is never quiet: the variants take turns in short rounds, and what counts is the median
//! of the rounds' ratios, with the least and the greatest beside it. Round trips are counted.
//!
//! `just bench` runs it; `just bench sqlite` or `just bench 'point select'` runs a part.

#![expect(
    clippy::unwrap_used,
    reason = "a bench that can't set up has nothing to measure"
)]
#![expect(clippy::print_stdout, reason = "the figures are the output")]

mod postgres;
#[path = "../ratios/rounds.rs"]
mod rounds;
mod sqlalchemy;
mod sqlite;
mod tasks;
mod trips;
mod workload;

use sqlx::any::install_drivers;
use twinbase::driver::{postgres::DRIVER as POSTGRES, sqlite::DRIVER as SQLITE};

/// Connections of each pool.
const CONNECTIONS: u32 = 30;
/// Rows of the table that is read.
const TABLE_ROWS: i64 = 100_000;
/// Rows of a large read and of a bulk insert.
const MANY_ROWS: i64 = 1000;

fn main() {
    // The first that knows a scheme gets the URL: the stock drivers have theirs, ours the private ones.
    install_drivers(
        &const {
            [
                sqlx::sqlite::any::DRIVER,
                sqlx::postgres::any::DRIVER,
                SQLITE,
                POSTGRES,
            ]
        },
    )
    .unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let wanted: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .map(|argument| argument.to_lowercase())
        .collect();
    sqlite::bench(&runtime, &wanted);
    postgres::bench(&runtime, &wanted);
}
