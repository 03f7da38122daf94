//! The `Any` drivers: what an [`sqlx::AnyPool`] of this crate talks through.
//!
//! SQLx's own `Any` loses, refuses or corrupts values on their way (an `f64` bound where an `i64`
//! was bound before is stored as other bits; UUID, NUMERIC and timestamps can't be read at all), so
//! the crate brings drivers of its own. An application still holds an ordinary [`sqlx::AnyPool`]
//! and writes ordinary `sqlx::query`.
//!
//! - [`postgres`]: over SQLx's own `PgConnection`
//! - [`sqlite`]: over rusqlite
//! - `argument`: the errors of arguments, the same on every engine
//! - `decimal`, `moment`, `uuid`: the spellings of values that an argument may have, on every engine
//! - `constraint_name`: PostgreSQL's names for constraints without one
//! - `link`: what a connection tells the one who opened it
//! - `placeholder`: the scanner that finds a text's parameters
//! - `session_state`: which statements outlive their transaction
//!
//! [`install`] makes the drivers known to SQLx, once a process.

pub mod postgres;
pub mod sqlite;

mod argument;
pub(crate) mod constraint_name;
mod decimal;
pub(crate) mod link;
mod moment;
mod placeholder;
mod session_state;
mod uuid;

use std::sync::OnceLock;

use sqlx_core::any::driver::install_drivers;
use thiserror::Error;

pub use argument::ArgumentError;

/// Why the drivers could not be installed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InstallError {
    /// SQLx takes its list of drivers once a process, and something else has given it one.
    #[error(
        "other sqlx `Any` drivers are already installed in this process: remove the application's \
         call of `sqlx::any::install_drivers` or `install_default_drivers`, or make it after \
         `twinbase::driver::install()`"
    )]
    OthersInstalled,
}

/// Installs the drivers of this crate for [`sqlx::AnyPool`] and [`sqlx::AnyConnection`].
///
/// The first call decides; every further call gives the first one's result, from any thread.
///
/// ```
/// twinbase::driver::install()?;
/// twinbase::driver::install()?; // a second call changes nothing
/// # Ok::<(), twinbase::driver::InstallError>(())
/// ```
///
/// # Errors
///
/// [`InstallError::OthersInstalled`] if something else has installed drivers before.
pub fn install() -> Result<(), InstallError> {
    static INSTALLED: OnceLock<Result<(), InstallError>> = OnceLock::new();
    *INSTALLED.get_or_init(|| {
        install_drivers(&[postgres::DRIVER, sqlite::DRIVER])
            .map_err(|_| InstallError::OthersInstalled)
    })
}
