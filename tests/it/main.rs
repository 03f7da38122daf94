//! Twinbase's integration tests, a module a subject. Every claim about behaviour runs on both engines.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
/// One line and an exit code for whatever is wrong with the input.
mod bad_input;
/// Operations that are dropped half-way: nothing lost, nothing twice, nothing left open.
mod cancellation;
/// Both engines side by side, case by case: the same, refused alike, or a listed difference.
mod conformance;
/// The committed document is the program's, valid, and holds against the running service.
mod document;
/// The two `Any` drivers: arguments, columns, transactions, cancellation, statements, streams.
mod drivers;
/// Every error is problem details, and in the document.
mod errors;
/// The example `orders`, started on each engine and used over HTTP.
mod example;
/// Servers, networks, disks and processes that fail: what is said, and that it passes.
mod faults;
/// Computed NUMERICs: right on both engines, or an error on SQLite.
mod gate;
/// Each kind of error, and the constraint that was broken, the same on both engines.
mod kinds;
/// The reader and the writer lane: their pools, sessions, transactions.
mod lanes;
/// The migration runner: first start, many starters, refusals, failures.
mod migrations;
/// Databases that go away and come back.
mod outages;
/// The pool's sizes, time-outs, recycling, pre-ping, and each connection's settings.
mod pool;
/// Portable column types: what one engine refuses the other refuses, what both take agrees.
mod portable_columns;
/// The program itself, run as a user does.
mod program;
/// Readiness and liveness while all is well.
mod readiness;
/// README and the code say the same.
mod readme;
/// A session for a request: committed before the answer, rolled back on all else.
mod request_sessions;
/// Units of work over the pool: committed, rolled back, dropped, many at once.
mod sessions;
/// Swagger UI in a real browser.
mod swagger_ui;
/// The value types in a row, in an argument, in the API.
mod types;
