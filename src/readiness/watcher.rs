//! The task that probes, remembers, and tells of every change once.

use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use super::probe::{Answer, Probe};
use super::schema::{Schema, Unfit, WAITING};
use super::state::Migrated;
use super::{DependencyState, Snapshot};
use crate::config::{MigrateConfig, ReadinessConfig};
use crate::database::{Backoff, Database, DatabaseError};
use crate::migration::Migrations;
use crate::telemetry::chain;

/// The pause before the first try after a failure.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How often a migration that runs for long is told of.
const STILL_MIGRATING: Duration = Duration::from_secs(10);

/// How long a database may be silent while it is migrated, before the migration is given up. A server
/// that is down is noticed by the migration itself; this is for a network that drops packets.
const SILENCE: Duration = Duration::from_mins(1);

/// Watches the database from start to stop: every `readiness.interval` while all is well, and with a
/// growing pause of at most `readiness.retry_max` while it is not.
///
/// Whenever the database answers on a new connection, its schema is brought up to date or looked at
/// again: it may be another database by then.
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
        migrate: &MigrateConfig,
        readiness: &ReadinessConfig,
    ) -> Self {
        let (sender, snapshots) = watch::channel(Snapshot::unknown());
        let stop = CancellationToken::new();
        let watch = Watch {
            location: database.target().location(),
            probe: Probe::new(database.clone(), readiness.timeout),
            schema: Schema::new(database, migrations, migrate, readiness.timeout),
            migrated: None,
            was_ready: false,
            backoff: Backoff::new(FIRST_PAUSE, readiness.retry_max),
            interval: readiness.interval,
            sender,
        };
        let task = tokio::spawn(watch.run(stop.clone()));
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

    /// Stops watching and closes the probe's connection.
    pub async fn stop(self) {
        self.stop.cancel();
        if let Err(error) = self.task.await {
            tracing::error!(error = %error, "the readiness watcher ended badly");
        }
    }
}

/// The watching task's own state.
struct Watch {
    location: String,
    probe: Probe,
    schema: Schema,
    migrated: Option<Migrated>,
    /// Whether the schema has been found fit before.
    was_ready: bool,
    backoff: Backoff,
    interval: Duration,
    sender: watch::Sender<Snapshot>,
}

/// What a look found.
enum Finding {
    Ready,
    Migrating,
    Behind(String),
    Waiting(String),
    Away(DatabaseError),
}

impl Watch {
    async fn run(mut self, stop: CancellationToken) {
        loop {
            let pause = tokio::select! {
                () = stop.cancelled() => break,
                finding = self.look() => self.publish(&finding),
            };
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(pause) => {}
            }
        }
        self.probe.close().await;
    }

    async fn look(&mut self) -> Finding {
        match self.ask().await {
            Err(error) => return Finding::Away(error),
            Ok(Answer::New) => self.migrated = None,
            Ok(Answer::Same) => {}
        }
        if self.migrated.is_some() {
            return Finding::Ready;
        }
        match self.settle().await {
            Ok(migrated) => {
                self.migrated = Some(migrated);
                self.was_ready = true;
                Finding::Ready
            }
            Err(Unfit::Behind(problem)) => Finding::Behind(problem),
            Err(Unfit::Waiting(problem)) => Finding::Waiting(problem),
            Err(Unfit::Away(error)) => Finding::Away(error),
        }
    }

    async fn ask(&mut self) -> Result<Answer, DatabaseError> {
        let started = Instant::now();
        let answer = self.probe.ask().await;
        metrics::histogram!("twinbase_readiness_probe_seconds").record(started.elapsed());
        answer
    }

    /// Settles the schema, and goes on to probe while that takes its time.
    async fn settle(&mut self) -> Result<Migrated, Unfit> {
        let schema = self.schema.clone();
        let mut settling = std::pin::pin!(schema.settle(self.was_ready));
        let (started, mut told, mut answered) = (Instant::now(), Instant::now(), Instant::now());
        loop {
            tokio::select! {
                settled = &mut settling => return settled,
                () = tokio::time::sleep(self.interval) => {}
            }
            match self.ask().await {
                Ok(_) => {
                    answered = Instant::now();
                    self.publish(&Finding::Migrating);
                }
                Err(error) if answered.elapsed() > SILENCE => return Err(Unfit::Away(error)),
                Err(error) => {
                    self.publish(&Finding::Away(error));
                }
            }
            if told.elapsed() > STILL_MIGRATING {
                told = Instant::now();
                let for_s = started.elapsed().as_secs();
                tracing::info!(database = self.location, for_s, "still settling the schema");
            }
        }
    }

    /// Makes a finding known, and gives the pause until the next look.
    fn publish(&mut self, finding: &Finding) -> Duration {
        let next_probe = match finding {
            Finding::Ready => {
                self.backoff.reset();
                self.interval
            }
            Finding::Migrating | Finding::Waiting(_) => self.interval,
            Finding::Behind(_) | Finding::Away(_) => self.backoff.pause(),
        };
        let (ready, database, problem) = match finding {
            Finding::Ready => (true, DependencyState::Connected, None),
            Finding::Migrating => (
                false,
                DependencyState::Connected,
                Some(MIGRATING.to_owned()),
            ),
            Finding::Behind(problem) | Finding::Waiting(problem) => {
                (false, DependencyState::Connected, Some(problem.clone()))
            }
            Finding::Away(error) => (false, DependencyState::Disconnected, Some(chain(error))),
        };
        let migration = self.migrated.clone();
        let now = Snapshot {
            ready,
            database,
            problem,
            next_probe,
            migration,
        };
        tell(&self.sender.borrow(), &now, &self.location);
        record(&now);
        self.sender.send_replace(now);
        next_probe
    }
}

const MIGRATING: &str = "the schema is being brought up to date";

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
            if problem == MIGRATING {
                tracing::info!(
                    database = location,
                    "not ready yet: the schema is being brought up to date"
                );
            } else if problem.starts_with(WAITING) {
                tracing::info!(database = location, problem, "not ready yet");
            } else if now.database == DependencyState::Connected {
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
