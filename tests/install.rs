//! Drivers that the application installed first. A process of its own, because it can be done once.

#[test]
fn drivers_installed_by_others_are_a_clear_error_every_time() {
    sqlx_core::any::driver::install_drivers(&[]).expect("nothing is installed yet");
    for _ in 0..2 {
        let refused = twinbase::driver::install();
        assert_eq!(
            refused,
            Err(twinbase::driver::InstallError::OthersInstalled)
        );
    }
}
