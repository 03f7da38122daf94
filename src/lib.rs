//! The database foundation of a service: the same code on an embedded `SQLite` file and on `PostgreSQL`.
//!
//! The layers, from the top. Each imports only those below it.
//!
//! - [`cli`]: the `twinbase` program's commands.
//! - [`service`]: an application that binds, serves, and stops in good order.
//! - [`api`]: the HTTP operations, their `OpenAPI` document, Swagger UI, errors as problem details.
//! - [`readiness`]: a probe of its own that watches the database and remembers what it found.
//! - [`database`]: where the database is, its pool, and what its failures mean.
//! - [`migration`]: SQL files, one list of versions for both engines, and the runner.
//! - [`driver`]: the `Any` drivers for the two engines.
//! - [`types`]: values that mean the same on both engines: Uuid, Timestamp, Date, Decimal, Json.
//! - [`config`]: defaults, `twinbase.toml`, environment, and where each value came from.
//! - [`telemetry`]: log lines and metrics, beside `config`.
//! - `testing`: the harness for tests on both engines, with the feature `testing`.
//!
//! To build an application on it, start with [`service`]; README has a whole one.
//!
//! Features, both off by default: `testing`, for `[dev-dependencies]`; `derive`, which turns on sqlx's
//! `#[derive(FromRow)]` and costs a build a second copy of sqlx's `PostgreSQL` driver for the macro.

pub mod api;
pub mod cli;
pub mod config;
pub mod database;
pub mod driver;
pub mod migration;
pub mod readiness;
pub mod service;
pub mod telemetry;
#[cfg(feature = "testing")]
pub mod testing;
pub mod types;

/// README's examples are compiled with those of the documentation.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
