//! `twinbase serve`

use std::process::ExitCode;
use std::time::Duration;

use super::output;
use crate::config::{Loaded, LogFormat};
use crate::readiness::{DependencyState, Snapshot};
use crate::service::{Application, Built, stop_signal};

/// How long the banner waits for the first look at the database. Serving does not wait for it.
const BANNER_PATIENCE: Duration = Duration::from_secs(3);

pub(super) async fn run(loaded: Loaded) -> anyhow::Result<ExitCode> {
    // From here on a signal stops the service in good order, also before it serves.
    let stop = stop_signal()?;
    let format = loaded.config.log.format;
    let mut application = Application::new(loaded.config).build().await?;
    if format == LogFormat::Pretty {
        let snapshot = application.first_look(BANNER_PATIENCE).await;
        output::line(&banner(&application, &snapshot))?;
    }
    application.run_until(stop).await?;
    Ok(ExitCode::SUCCESS)
}

fn banner(application: &Built, snapshot: &Snapshot) -> String {
    let address = application.address();
    let target = application.database().target();
    let schema = match (&snapshot.migration, snapshot.database) {
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
        (None, DependencyState::Connected) => "not current; the log says why".to_owned(),
        (None, _) => "unknown: the database is away; it will be tried until it answers".to_owned(),
    };
    format!(
        "\ntwinbase {}\n  engine      {}\n  database    {}\n  migrations  {schema}\n  serving     http://{address}\n  \
         Swagger UI  http://{address}/docs\n  stop        Ctrl-C\n",
        env!("CARGO_PKG_VERSION"),
        target.engine().name(),
        target.location(),
    )
}
