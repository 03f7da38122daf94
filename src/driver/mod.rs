//! The `Any` drivers that Twinbase installs.

/// Installs the drivers, once a process; later calls do nothing.
#[expect(
    clippy::disallowed_methods,
    reason = "the one place that installs drivers"
)]
pub fn install() {
    sqlx::any::install_default_drivers();
}
