//! Migrations: SQL files, one list of versions for both engines, history in `_sqlx_migrations`.
//!
//! The path is always the same: [`folder`] and [`source`] read and check the files, [`translate`] turns
//! a portable text into what the engine runs, [`plan`] puts the two together with the checksum,
//! [`runner`] takes the [`lock`], sets the plan beside the ledger ([`standing`]: sqlx's [`history`] and
//! Twinbase's own [`record`]s), and applies what is pending, a version at a time: in a transaction (`apply`), or without
//! one (`alone`).
//!
//! What else there is to do with a plan: undo versions ([`down`]), write them as SQL ([`render`]), adopt
//! a database that has none of it ([`baseline`]), try them out ([`rehearsal`]), compare what they make of the
//! two engines ([`parity`]), copy a SQLite file before it is changed ([`backup`]). And before there is a
//! database: look for what goes wrong later ([`lint`]).

mod alone;
mod apply;
pub mod backup;
pub mod baseline;
mod checksum;
mod difference;
mod directive;
pub mod down;
pub mod error;
mod failure;
pub mod folder;
pub mod history;
mod index;
pub mod lint;
pub mod lock;
mod orphans;
pub mod parity;
pub mod plan;
pub mod record;
pub mod rehearsal;
pub mod render;
mod repair;
pub mod runner;
mod schema;
pub mod source;
pub mod standing;
pub mod statement;
pub mod translate;
mod written;

pub use down::DownOptions;
pub use error::MigrationError;
pub use failure::{Failure, Undone};
pub use plan::{Down, Migrations, Step};
pub use repair::Repair;
pub use runner::{Report, Runner, UpOptions};
pub use standing::{Ledger, Standing, State, Status};
