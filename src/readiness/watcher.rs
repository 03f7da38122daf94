//! The task that probes, remembers, and tells of every change once.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::backoff::Backoff;
use super::probe::{Finding, Probe};
use super::{DependencyState, Snapshot};
use crate::config::{DatabaseConfig, ReadinessConfig};
use crate::database::Database;
use crate::migration::Migrations;
use crate::telemetry::chain;

/// Watches the database from start to stop: every `readiness.interval` while all is well, and with a
/// growing pause of at most `readiness.retry_max` while it is not.
///
/// The first time that the database answers, it also applies the migrations.
#[derive(Debug)]
pub struct Watcher {
    snapshots: watch::Receiver<Snapshot>,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Watcher {
    /// Starts to watch. Needs a tokio runtime.
    #[must_use]
    pub fn start(
        database: Database,
        migrations: Migrations,
        config: &DatabaseConfig,
        readiness: &ReadinessConfig,
    ) -> Self {
        let (sender, snapshots) = watch::channel(Snapshot::unknown());
        let stop = CancellationToken::new();
        let location = database.target().location();
        let probe = Probe::new(database, migrations, config, readiness);
        let readiness = readiness.clone();
        let task = tokio::spawn(watch(probe, location, readiness, sender, stop.clone()));
        Self {
            snapshots,
            stop,
            task,
        }
    }

    /// What the last probe found; reading it never waits.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.snapshots.clone()
    }

    /// Waits for the first probe's result, for `patience` at most, and gives what is known then.
    pub async fn first(&mut self, patience: Duration) -> Snapshot {
        let known = self
            .snapshots
            .wait_for(|now| now.database != DependencyState::Unknown);
        match tokio::time::timeout(patience, known).await {
            Ok(Ok(snapshot)) => snapshot.clone(),
            Ok(Err(_)) | Err(_) => Snapshot::unknown(),
        }
    }

    /// Stops watching and closes the probe's connection.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(error = %error, "the readiness watcher ended badly");
        }
    }
}

async fn watch(
    mut probe: Probe,
    location: String,
    config: ReadinessConfig,
    sender: watch::Sender<Snapshot>,
    stop: CancellationToken,
) {
    let mut backoff = Backoff::new(config.retry_max);
    loop {
        let started = Instant::now();
        let finding = tokio::select! {
            () = stop.cancelled() => break,
            finding = probe.look() => finding,
        };
        metrics::histogram!("twinbase_readiness_probe_seconds").record(started.elapsed());
        let pause = match finding {
            Finding::Ready => {
                backoff.reset();
                config.interval
            }
            Finding::Behind(_) | Finding::Away(_) => backoff.pause(),
        };
        let snapshot = Snapshot {
            migration: probe.migrated.clone(),
            ..snapshot(&finding, pause)
        };
        tell(&sender.borrow(), &snapshot, &location);
        record(&snapshot);
        sender.send_replace(snapshot);
        tokio::select! {
            () = stop.cancelled() => break,
            () = tokio::time::sleep(pause) => {}
        }
    }
    probe.close().await;
}

fn snapshot(finding: &Finding, next_probe: Duration) -> Snapshot {
    let (ready, database, problem) = match finding {
        Finding::Ready => (true, DependencyState::Connected, None),
        Finding::Behind(problem) => (false, DependencyState::Connected, Some(problem.clone())),
        Finding::Away(error) => (false, DependencyState::Disconnected, Some(chain(error))),
    };
    Snapshot {
        ready,
        database,
        problem,
        next_probe,
        migration: None,
    }
}

/// Writes a line for a change, and none for a state that goes on.
fn tell(before: &Snapshot, now: &Snapshot, location: &str) {
    match &now.problem {
        None if !before.ready => {
            metrics::counter!("twinbase_readiness_changes_total").increment(1);
            tracing::info!(
                database = location,
                "ready: the database answers and its schema is current"
            );
        }
        Some(problem) if now.problem != before.problem => {
            if before.ready {
                metrics::counter!("twinbase_readiness_changes_total").increment(1);
            }
            let retry_in_ms = u64::try_from(now.next_probe.as_millis()).unwrap_or(u64::MAX);
            if now.database == DependencyState::Connected {
                tracing::error!(
                    database = location,
                    problem,
                    retry_in_ms,
                    "not ready: the schema is not current"
                );
            } else {
                tracing::warn!(problem, retry_in_ms, "not ready: the database is away");
            }
        }
        _ => {}
    }
}

fn record(now: &Snapshot) {
    let up = now.database == DependencyState::Connected;
    let result = if up { "up" } else { "down" };
    metrics::counter!("twinbase_readiness_probes_total", "dependency" => "db", "result" => result)
        .increment(1);
    metrics::gauge!("twinbase_dependency_up", "dependency" => "db").set(u8::from(up));
    metrics::gauge!("twinbase_ready").set(u8::from(now.ready));
}
