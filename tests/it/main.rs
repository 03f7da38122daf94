//! Twinbase's integration tests, a module a subject. Every claim about behaviour runs on both engines.

#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
/// One line and an exit code for whatever is wrong with the input.
mod bad_input;
/// The committed document is the program's, valid, and holds against the running service.
mod document;
/// Every error is problem details, and in the document.
mod errors;
/// Computed NUMERICs: right on both engines, or an error on SQLite.
mod gate;
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
/// Units of work over the pool: committed, rolled back, dropped, many at once.
mod sessions;
/// Swagger UI in a real browser.
mod swagger_ui;
/// The value types in a row, in an argument, in the API.
mod types;
