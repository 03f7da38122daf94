//! The PostgreSQL driver: SQLx's `PgConnection` behind `Any`, with nothing lost on the way.
//!
//! What it does that SQLx's own `Any` does not:
//!
//! - A statement is prepared first, and each argument is encoded as the type that the server gives
//!   its parameter, checked: see the table in [Arguments](#arguments).
//! - Every type of the table in [Columns](#columns) is read; any other one is an error that names
//!   the column and the cast to write, before the statement runs.
//! - `QueryBuilder`'s `?` is understood; too few or too many arguments are an error.
//! - A statement that was prepared before a table changed is prepared again.
//! - A cancelled `begin` leaves no transaction behind, a cancelled nested one leaves the outer one
//!   alone, and COMMIT of a transaction that has failed is an error.
//! - A transaction that a text of one's own began is rolled back when the connection is pinged, as
//!   it is on its return to a pool, or when the text itself fails.
//! - A ping is sent unless the server has answered what the connection sent within 10 ms before, and no
//!   connection of this process was lost since: sqlx's pool pings one that comes back to it, and again before it
//!   hands it out.
//! - A server that has not answered 5 s after its statement timeout is not waited for any longer.
//!
//! # Arguments
//!
//! | bound | taken by |
//! |---|---|
//! | an integer | SMALLINT, INTEGER, BIGINT in range; NUMERIC; REAL and DOUBLE PRECISION where exact |
//! | a float | DOUBLE PRECISION; REAL where exact. Never NUMERIC: bind the decimal as text |
//! | a boolean | BOOLEAN |
//! | text | TEXT, VARCHAR, CHAR, NAME, CITEXT, enums, UUID, TIMESTAMPTZ, TIMESTAMP, DATE, TIME, NUMERIC, JSON, JSONB |
//! | bytes | BYTEA |
//! | NULL of any type | every type |
//!
//! Domains count as the type they are made over. Nothing is rounded and nothing is cut off. Where
//! the server can't infer a parameter's type, or infers text where the argument is none, or a
//! narrower integer than the argument needs, the statement is prepared once more with the Rust type
//! of that argument, and kept beside the first. INSERT, UPDATE and MERGE do this for integers only:
//! text is what their column is.
//!
//! # Columns
//!
//! | column | read as |
//! |---|---|
//! | SMALLINT, INTEGER, BIGINT | an integer |
//! | REAL | `f32` |
//! | DOUBLE PRECISION | `f64` |
//! | BOOLEAN | `bool` |
//! | BYTEA | bytes |
//! | TEXT, VARCHAR, CHAR(n), `"char"`, NAME, CITEXT, enums, JSON, JSONB | text |
//! | UUID | text, hyphenated lower case |
//! | TIMESTAMPTZ | text, `2024-02-29T12:00:00.000000Z` |
//! | TIMESTAMP | text, `2024-02-29T12:00:00.000000` |
//! | DATE | text, `2024-02-29` |
//! | TIME | text, `12:00:00.000000` |
//! | NUMERIC | text, every digit, no zeros at the end of the fraction |
//!
//! `last_insert_id` is always `None`: write RETURNING, which works on both engines.

mod asked;
mod bind;
mod column_name;
mod connection;
mod database;
mod decode;
mod encode;
mod execute;
mod inference;
mod migrate;
mod numeric;
mod options;
mod outline;
mod row;
mod server_type;
mod settle;
mod silence;
mod simple;
mod statement;
mod taker;
mod transaction;

use sqlx_core::any::driver::AnyDriver;

pub use decode::DecodeError;
pub use server_type::UnsupportedColumn;

/// The URL schemes of the driver. The last is for programs that have SQLx's own PostgreSQL driver
/// installed beside it, to compare the two.
const URL_SCHEMES: [&str; 3] = ["postgres", "postgresql", "twinbase-postgres"];

/// The driver, for [`install_drivers`](sqlx_core::any::driver::install_drivers).
#[doc(hidden)]
pub const DRIVER: AnyDriver = AnyDriver::with_migrate::<database::Database>();
