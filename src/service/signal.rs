//! The signals that stop a service.

/// Is done at the first SIGTERM or Ctrl-C. A second Ctrl-C or SIGTERM ends the process at once.
pub async fn stop_signal() {
    wait().await;
    tokio::spawn(async {
        wait().await;
        tracing::warn!("a second signal: the process ends at once");
        std::process::exit(130);
    });
}

#[cfg(unix)]
async fn wait() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = terminate.recv() => {}
                () = ctrl_c() => {}
            }
        }
        Err(error) => {
            tracing::warn!(error = %error, "SIGTERM can't be listened for; only Ctrl-C stops the service");
            ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn wait() {
    ctrl_c().await;
}

async fn ctrl_c() {
    if let Err(error) = tokio::signal::ctrl_c().await {
        tracing::warn!(error = %error, "Ctrl-C can't be listened for");
        std::future::pending::<()>().await;
    }
}
