//! `twinbase serve`

use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use tokio::sync::watch;

use super::output;
use crate::config::{DatabaseUrl, Loaded, LogFormat, OnStart};
use crate::readiness::{DependencyState, Snapshot};
use crate::service::{Application, stop_signal};

/// How long the banner waits for the first look at the database. Serving does not wait for it.
const PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn run(loaded: Loaded) -> anyhow::Result<ExitCode> {
    // From here on a signal stops the service in good order, also before it serves.
    let stop = stop_signal()?;
    let format = loaded.config.log.format;
    let looks = loaded.config.migrate.on_start != OnStart::Off;
    let application = Application::new(loaded.config).build().await?;
    if format == LogFormat::Pretty {
        let banner = Banner {
            address: application.address(),
            target: application.database().target().clone(),
            snapshots: application.snapshots(),
            looks,
        };
        tokio::spawn(banner.print());
    }
    application.run_until(stop).await?;
    Ok(ExitCode::SUCCESS)
}

/// What a person wants to know first.
struct Banner {
    address: SocketAddr,
    target: DatabaseUrl,
    snapshots: watch::Receiver<Snapshot>,
    /// Whether the service looks at the schema at all.
    looks: bool,
}

impl Banner {
    /// Waits for the first look at the database, while the service already serves.
    async fn print(self) {
        let mut snapshots = self.snapshots.clone();
        let settled = snapshots.wait_for(|now| now.problem.is_some() || now.ready);
        let snapshot = match tokio::time::timeout(PATIENCE, settled).await {
            Ok(Ok(snapshot)) => snapshot.clone(),
            Ok(Err(_)) | Err(_) => self.snapshots.borrow().clone(),
        };
        if let Err(error) = output::line(&self.text(&snapshot)) {
            tracing::warn!(error = %error, "the banner could not be printed");
        }
    }

    fn text(&self, snapshot: &Snapshot) -> String {
        let Self {
            address, target, ..
        } = self;
        let schema = match (&snapshot.migration, snapshot.database) {
            _ if !self.looks => "not looked at (migrate.on_start)".to_owned(),
            (Some(migrated), _) => {
                let current = migrated.current.as_ref().map_or_else(
                    || "none".to_owned(),
                    |(version, description)| format!("{version} {description}"),
                );
                match migrated.applied {
                    0 => current,
                    applied => format!("{current} ({applied} applied now)"),
                }
            }
            (None, DependencyState::Connected) => "not current yet; the log says more".to_owned(),
            (None, _) => "unknown: the database is away; it is tried until it answers".to_owned(),
        };
        format!(
            "\ntwinbase {}\n  engine      {}\n  database    {}\n  migrations  {schema}\n  \
             serving     http://{address}\n  Swagger UI  http://{address}/docs\n  stop        Ctrl-C\n",
            env!("CARGO_PKG_VERSION"),
            target.engine().name(),
            target.location(),
        )
    }
}
