//! The SQLite driver for sqlx's `Any`, over rusqlite.
//!
//! Install [`DRIVER`] with [`install_drivers`](sqlx_core::any::driver::install_drivers), and open
//! pools as usual: `sqlite://x.db`, `sqlite:x.db?mode=rwc`, `sqlite::memory:`, or the URL of
//! [`Options::to_url`] for settings that sqlx's URLs do not have.
//!
//! # What it does
//! - A connection has a thread of its own. A statement costs one message to it and one back; many
//!   rows come in one message, and the thread waits where the caller is slow. Reads that have
//!   proven short, of up to 1024 rows, run on the caller's thread; where one takes longer than it
//!   did, 200 to 750 µs, it is stopped and runs on the connection's thread.
//! - Such a read, outside of a transaction, may go through another connection of the same options and
//!   file: the one that the caller's thread used last, whose pages are in the processor's caches. It sees
//!   what is committed, as it would through its own.
//! - While such reads are many, a connection on a thread of its own holds their read mark of the write-ahead
//!   log, for 5 ms at a time; see `docs/performance.md`.
//! - A statement whose future or stream is dropped is stopped at once.
//! - Values are read by the declared type of their column; what does not fit is an error. An
//!   expression has no declared type: its storage class decides, except that
//!   `CAST(… AS BOOLEAN)` and `EXISTS (…)` in the outermost select list are boolean.
//! - Arguments are taken, refused and put into canonical form by the type of the column that their
//!   parameter is put into or stands beside, as PostgreSQL does; see `docs/portability.md`,
//!   "Arguments". Where the text of the statement does not tell the column, an argument is bound as it
//!   is.
//! - `$1` and `?` parameters, not both; each has to be bound. `::` and casts to types that SQLite
//!   would make a number of are refused.
//! - CASTs to whole numbers, DOUBLE PRECISION and BOOLEAN answer as on PostgreSQL, errors included, but
//!   in definitions and in `sqlx::raw_sql`.
//! - LIKE tells letters of either case apart and takes a backslash as its escape, as on PostgreSQL.
//! - Statements that compute with a NUMERIC column, where SQLite would be wrong in silence, are
//!   refused when they are prepared; `sum` over one is exact.
//! - `"x"` is never a string. Foreign keys are on, and so is the write-ahead log.
//! - Text of several statements without arguments runs in one transaction, as on PostgreSQL.
//! - `last_insert_id` is the rowid of an INSERT that inserted; `None` for one with ON CONFLICT DO
//!   UPDATE and for tables WITHOUT ROWID. The portable way is RETURNING.
//! - A statement that fails ends its transaction, or the savepoint that is open, as on PostgreSQL: what
//!   follows is refused until it is rolled back. A transaction that SQLite has ended by itself takes no
//!   more statements either. A commit that fails
//!   rolls back.
//! - `sqlite::memory:` is a private temporary file, so that the connections of a pool share it and
//!   don't block each other. [`Options`] keep theirs; the bare URL is one database for all
//!   connections of the process that have it, while one of them is open.
//!
//! ```
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! use twinbase::driver::sqlite::{DRIVER, Location, MemoryDatabase, Options};
//!
//! sqlx::any::install_drivers(&const { [DRIVER] })?;
//! let mut options = Options::new(Location::Memory(MemoryDatabase::new()?));
//! options.begin_immediate = true;
//! let pool = sqlx::AnyPool::connect(&options.to_url()).await?;
//! let exists: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1)").fetch_one(&pool).await?;
//! assert!(exists);
//! # Ok::<(), Box<dyn std::error::Error + Send + Sync>>(()) }).unwrap();
//! ```
//!
//! # Names of constraints
//! An error names the table and the constraint as PostgreSQL's does. SQLite itself names only CHECKs
//! and indexes over expressions, so the driver looks the rest up when the error happens, in the
//! table's CREATE TABLE and in the indexes. A constraint without a name gets the name that PostgreSQL
//! would have given it (`<table>_<columns>_key`), by the table's present name: PostgreSQL keeps the
//! old one when a table is renamed, so name those that a program asks for.
//!
//! Which foreign key failed SQLite does not say. It is the only one that the statement could have
//! broken, or else found by running the statement again in a savepoint that is rolled back, with the
//! check put off and `PRAGMA foreign_key_check` after it. That check may take 50 ms for each table;
//! beyond that the error has the table alone, or nothing where several tables refer to the row. A key
//! that was checked at COMMIT is found by `PRAGMA foreign_key_check` over the whole database, under
//! the same limit. A file with rows that broke a key before may have the wrong one of several named.
//!
//! The upstream driver differs in these: transact-rs/sqlx#2657, #2778, #4205 and others.

mod analysis;
mod arguments;
mod batch;
mod booleans;
mod calls;
mod cast_functions;
mod casts;
mod checked_casts;
mod columns;
mod connection;
mod constraints;
mod control;
mod conversion;
mod database;
mod decimal_collation;
mod declared;
mod definition;
mod engine;
mod error;
mod file;
mod foreign_key;
mod forms;
mod functions;
mod gate;
mod gathered;
mod generation;
mod inline;
mod lexer;
mod like;
mod memory;
mod migrate;
mod names;
mod opcodes;
mod options;
mod plan;
mod plans;
mod read_mark;
mod refusals;
mod rows;
mod session;
mod setup;
mod shortness;
mod snapshot;
mod straight;
mod sum;
mod targets;
mod transaction;
mod turn;
mod violation;
mod warm;
mod worker;

pub use connection::SqliteConnection;
pub(crate) use constraints::{Constraint, Rule, declared as declared_constraints};
pub use database::{ConnectOptions, Never, NoArguments, NoResult, Sqlite};
pub use decimal_collation::NAME as DECIMAL_COLLATION;
pub(crate) use definition::{
    ColumnDefinition, columns as column_definitions, index as index_definition, standard,
};
pub use error::{SqliteError, SqliteErrorCause};
pub use memory::MemoryDatabase;
pub use options::{Location, Options, OptionsError, Synchronous};
pub use transaction::SqliteTransactionManager;
pub(crate) use turn::give_way_if_due;

use sqlx_core::any::driver::AnyDriver;

/// The URL schemes of the driver. The second is for programs that have sqlx's own SQLite driver
/// installed beside it, to compare the two.
pub(crate) const URL_SCHEMES: [&str; 2] = ["sqlite", "twinbase-sqlite"];

/// The driver, to be installed.
pub const DRIVER: AnyDriver = AnyDriver::with_migrate::<Sqlite>();
