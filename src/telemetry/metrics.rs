//! Metrics: recorded through the `metrics` facade, shown in Prometheus' text format.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Upper bounds of the histograms' buckets, in seconds: from a read of an embedded file to a time-out.
const SECONDS: &[f64] = &[
    0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 30.0,
];

/// The process's metrics.
#[derive(Clone)]
pub struct Metrics(Option<PrometheusHandle>);

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Metrics").field(&self.0.is_some()).finish()
    }
}

impl Metrics {
    /// All metrics in Prometheus' text format; a comment where the application has installed a
    /// recorder of its own, which then has them.
    #[must_use]
    pub fn render(&self) -> String {
        match &self.0 {
            Some(handle) => handle.render(),
            None => "# the application records its metrics elsewhere\n".to_owned(),
        }
    }

    /// Makes room: histograms keep their samples until they are read or this is called.
    pub fn upkeep(&self) {
        if let Some(handle) = &self.0 {
            handle.run_upkeep();
        }
    }
}

/// Installs the process's recorder, once; later calls give the same one.
#[must_use]
pub fn recorder() -> Metrics {
    static METRICS: OnceLock<Metrics> = OnceLock::new();
    METRICS
        .get_or_init(|| {
            let handle = PrometheusBuilder::new()
                .set_buckets(SECONDS)
                .and_then(PrometheusBuilder::install_recorder)
                .inspect_err(|error| {
                    tracing::info!(error = %error, "the application has a metrics recorder of its own; /metrics stays empty");
                })
                .ok();
            describe();
            Metrics(handle)
        })
        .clone()
}

fn describe() {
    describe_gauge!("twinbase_ready", "1 while the service is ready, else 0");
    describe_gauge!(
        "twinbase_dependency_up",
        "1 while the dependency answers its probe, else 0"
    );
    describe_counter!(
        "twinbase_readiness_probes_total",
        "Probes of a dependency, by result"
    );
    describe_counter!(
        "twinbase_readiness_changes_total",
        "How often readiness changed"
    );
    describe_histogram!(
        "twinbase_readiness_probe_seconds",
        Unit::Seconds,
        "How long a probe took"
    );
    describe_counter!(
        "twinbase_database_connect_errors_total",
        "Connections that could not be opened"
    );
    describe_pool();
    describe_work();
    describe_counter!(
        "twinbase_migrations_applied_total",
        "Migrations that this process applied"
    );
    describe_counter!(
        "twinbase_migrations_undone_total",
        "Migrations that this process undid"
    );
    describe_counter!(
        "twinbase_migration_lock_timeouts_total",
        "Waits for another process's migration lock that were given up"
    );
    describe_counter!(
        "twinbase_migration_retries_total",
        "Migrations rolled back and tried again because a table was not had in time"
    );
    describe_counter!(
        "twinbase_migration_backups_total",
        "SQLite files copied before their schema was changed"
    );
    describe_counter!(
        "twinbase_migration_invalid_indexes_total",
        "Invalid indexes of unfinished migrations that were dropped"
    );
    describe_histogram!(
        "twinbase_http_request_seconds",
        Unit::Seconds,
        "How long an answer took"
    );
    describe_counter!(
        "twinbase_http_requests_abandoned_total",
        "Requests dropped before their answer was ready"
    );
    describe_counter!(
        "twinbase_readiness_reconnects_total",
        "Probes whose connection had failed"
    );
    describe_counter!(
        "twinbase_driver_statements_reprepared_total",
        "Statements prepared again because the schema had changed"
    );
    describe_counter!(
        "twinbase_driver_transactions_left_open_total",
        "Transactions that SQL text began and left open, rolled back"
    );
    describe_counter!(
        "twinbase_driver_connections_given_up_total",
        "Connections that a dropped statement kept busy, closed"
    );
    describe_counter!(
        "twinbase_driver_silent_connections_total",
        "Connections given up because the server did not answer, long after statement_timeout"
    );
    describe_counter!(
        "twinbase_sqlite_statements_moved_total",
        "Statements moved from the caller's thread to the connection's own"
    );
    describe_counter!(
        "twinbase_sqlite_read_marks_held_total",
        "Read marks that were held for a few milliseconds, while short reads were many"
    );
    describe_counter!(
        "twinbase_sqlite_read_marks_failed_total",
        "Times that the read mark of a database that is read often could not be held"
    );
    describe_counter!(
        "twinbase_http_panics_total",
        "Requests whose handler panicked"
    );
}

/// The figures of the lanes' pools; the label `pool` tells which.
fn describe_pool() {
    for (name, about) in [
        (
            "twinbase_pool_size",
            "Connections open, being opened or being put in order",
        ),
        ("twinbase_pool_idle", "Connections that nobody uses"),
        ("twinbase_pool_in_use", "Connections that somebody has"),
        (
            "twinbase_pool_overflow",
            "Connections beyond pool_size, closed when they come back",
        ),
        (
            "twinbase_pool_waiting",
            "Callers that wait for a connection",
        ),
    ] {
        describe_gauge!(name, about);
    }
    for (name, about) in [
        (
            "twinbase_pool_acquired_total",
            "How often a connection was taken",
        ),
        (
            "twinbase_pool_connects_total",
            "Connections that the pool opened",
        ),
        (
            "twinbase_pool_connect_errors_total",
            "Tries to open a connection that failed",
        ),
        (
            "twinbase_pool_recycled_total",
            "Pooled connections replaced for their age",
        ),
        (
            "twinbase_pool_dropped_by_ping_total",
            "Pooled connections found dead at checkout",
        ),
        (
            "twinbase_pool_put_in_order_total",
            "Connections that came back with something left to do, and serve again",
        ),
        (
            "twinbase_pool_discarded_total",
            "Connections that came back unfit for another use",
        ),
        (
            "twinbase_pool_timeouts_total",
            "Callers for whom no connection came free in time",
        ),
        (
            "twinbase_pool_shed_total",
            "Callers refused because of overload",
        ),
        (
            "twinbase_pool_leaked_total",
            "Connections held for longer than leak_warning",
        ),
        (
            "twinbase_pool_statements_stopped_total",
            "Statements stopped on the server because their caller had gone",
        ),
        (
            "twinbase_pool_statements_not_stopped_total",
            "Statements of callers that had gone which could not be stopped",
        ),
    ] {
        describe_counter!(name, about);
    }
    describe_histogram!(
        "twinbase_pool_acquire_seconds",
        Unit::Seconds,
        "How long a caller waited for its connection"
    );
    describe_histogram!(
        "twinbase_pool_held_seconds",
        Unit::Seconds,
        "How long a caller had its connection"
    );
}

/// The figures of units of work.
fn describe_work() {
    for (name, about) in [
        (
            "twinbase_transaction_retries_total",
            "Transactions run again, by the kind of error",
        ),
        (
            "twinbase_transaction_retries_exhausted_total",
            "Transactions not run again because retry_deadline was over",
        ),
        (
            "twinbase_commit_outcomes_unknown_total",
            "COMMITs during which the connection was lost",
        ),
        (
            "twinbase_sqlite_snapshots_ended_total",
            "Readers whose snapshot was held for too long",
        ),
        (
            "twinbase_sqlite_wal_restarts_total",
            "Times that the write-ahead log was too large and begun anew",
        ),
        (
            "twinbase_group_members_total",
            "Members of shared COMMITs on SQLite, by what became of them",
        ),
    ] {
        describe_counter!(name, about);
    }
    describe_gauge!(
        "twinbase_sqlite_wal_bytes",
        Unit::Bytes,
        "The size of SQLite's write-ahead log"
    );
    describe_histogram!(
        "twinbase_group_size",
        "Members of a shared COMMIT on SQLite"
    );
}
