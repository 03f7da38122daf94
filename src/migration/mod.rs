//! Migrations: SQL files, one list of versions for both engines, history in `_sqlx_migrations`.
//!
//! The path is always the same: [`source`] reads and checks the files, [`translate`] turns a portable
//! text into what the engine runs, [`plan`] puts the two together with the checksum, [`runner`]
//! compares the plan with the [`history`] and applies what is pending under the [`lock`].

pub mod error;
pub mod history;
pub mod lock;
pub mod plan;
pub mod runner;
pub mod source;
pub mod translate;

pub use error::MigrationError;
pub use history::{Standing, Status};
pub use plan::{Migrations, Step};
pub use runner::{Report, Runner};
