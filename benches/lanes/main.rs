//! What the lanes cost as an application uses them, against their peers in the same run: pools of stock
//! sqlx with and without `Any`, SQLAlchemy 2 async, and pgbench where the server's programs have it.
//!
//! Each peer works in a process of its own when it is told to: sqlx takes one list of `Any` drivers a
//! process. The variants take turns, and what counts is the median of the rounds' ratios, with the least
//! and the greatest beside it. Failures and lost updates are counted, and so is what each operation cost the
//! variant's own process: processor time, and how often a thread went to sleep.
//!
//! `just bench` runs it; `just bench sqlite` or `just bench 'point select'` runs a part.

#![expect(
    clippy::unwrap_used,
    reason = "a bench that can't set up has nothing to measure"
)]
#![expect(clippy::print_stdout, reason = "the figures are the output")]

mod counts;
mod effort;
mod ours;
mod peer;
mod pgbench;
mod postgres;
#[path = "../ratios/rounds.rs"]
mod rounds;
mod served;
mod site;
mod sqlite;
mod turn;

/// Connections of each pool: those that ours keeps and its overflow, by default.
const CONNECTIONS: u32 = 30;
/// Rows of the table that is read.
const TABLE_ROWS: i64 = 100_000;
/// Rows that are read, modified and written.
const COUNTERS: i64 = 8;

const SELECT: &str = "SELECT id, name, note, price, weight, stock FROM t WHERE id = $1";
const INSERT: &str =
    "INSERT INTO w (id, name, note, price, weight, stock) VALUES ($1, $2, $3, $4, $5, $6)";
const UPDATE_COUNTER: &str = "UPDATE counters SET n = $1 WHERE id = $2";

const NAME: &str = "a short name";
const NOTE: &str = "a note that is longer than the name";
const PRICE: f64 = 12.25;
const WEIGHT: f64 = 0.125;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| !argument.starts_with('-'))
        .collect();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    if let [first, pool, url, synchronous] = &*arguments
        && first == peer::SERVE
    {
        served::serve(&runtime, pool, url, synchronous);
        return;
    }
    let wanted: Vec<String> = arguments.iter().map(|part| part.to_lowercase()).collect();
    sqlite::bench(&runtime, &wanted);
    postgres::bench(&runtime, &wanted);
}
