//! How to connect: a URL, read by SQLx's own PostgreSQL options.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use log::LevelFilter;
use sqlx::any::AnyConnectOptions;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions, Error, Executor as _, Row as _, SqlStr};
use thiserror::Error as ThisError;
use url::Url;

use super::connection::Connection;
use crate::driver::link::{Backend, Link, PARAMETER};

/// The statements kept prepared on a connection unless the URL says otherwise, which is SQLx's
/// default.
const DEFAULT_STATEMENT_CAPACITY: usize = 100;

/// The URL's parameter for the number of statements kept prepared.
const STATEMENT_CAPACITY: &str = "statement-cache-capacity";

/// The URL's parameter for the server's limit of a statement's time.
const STATEMENT_TIMEOUT: &str = "options[statement_timeout]";

macro_rules! backend {
    () => {
        "SELECT pid, CAST(extract(epoch FROM backend_start) * 1000000 AS BIGINT) AS since \
         FROM pg_catalog.pg_stat_activity WHERE pid = pg_catalog.pg_backend_pid()"
    };
}

/// Has the server look every second whether the client of a running statement is still there, so
/// that a statement ends with its connection. PostgreSQL has the setting from version 14 on; what
/// the operator set, in the URL or on the server, stays.
const CHECK_CLIENT: &str = concat!(
    "SELECT pid, since, (SELECT set_config(name, '1000', false) FROM pg_catalog.pg_settings \
     WHERE name = 'client_connection_check_interval' AND source = 'default') FROM (",
    backend!(),
    ") AS backend"
);

/// The process that serves the connection, by which its statements can be stopped: SQLx knows it and
/// tells nobody.
const BACKEND: &str = backend!();

/// A URL that the driver can't work with.
#[derive(Debug, ThisError)]
enum OptionError {
    /// The driver asks the server for the types of each statement's parameters, which SQLx does
    /// with named statements only; without a cache each of them would stay on the server.
    #[error(
        "statement-cache-capacity=0 would leave every statement on the server: leave it out, and \
         behind PgBouncer set max_prepared_statements (1.21 or later)"
    )]
    NoStatementCache,
}

/// Where and how to connect.
#[derive(Clone)]
pub(super) struct Options {
    inner: PgConnectOptions,
    statement_capacity: usize,
    statement_timeout: Duration,
    link: Arc<Link>,
}

/// Without the user, the password and the URL's parameters.
impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("host", &self.inner.get_host())
            .field("port", &self.inner.get_port())
            .field("database", &self.inner.get_database())
            .finish_non_exhaustive()
    }
}

impl FromStr for Options {
    type Err = Error;

    fn from_str(url: &str) -> Result<Self, Error> {
        Self::from_url(&url.parse::<Url>().map_err(Error::config)?)
    }
}

impl TryFrom<&AnyConnectOptions> for Options {
    type Error = Error;

    fn try_from(options: &AnyConnectOptions) -> Result<Self, Error> {
        let log = &options.log_settings;
        Ok(Self::from_url(&options.database_url)?
            .log_statements(log.statements_level)
            .log_slow_statements(log.slow_statements_level, log.slow_statements_duration))
    }
}

impl ConnectOptions for Options {
    type Connection = Connection;

    fn from_url(url: &Url) -> Result<Self, Error> {
        let link = Link::taken(url);
        let inner = PgConnectOptions::from_url(&without_link(url))?;
        let last = |key: &str| url.query_pairs().filter(|(name, _)| name == key).last();
        let statement_capacity = last(STATEMENT_CAPACITY)
            .and_then(|(_, value)| value.parse().ok())
            .unwrap_or(DEFAULT_STATEMENT_CAPACITY);
        // In milliseconds, as the configuration writes it; with a unit it is not known.
        let statement_timeout = last(STATEMENT_TIMEOUT).and_then(|(_, value)| value.parse().ok());
        if statement_capacity == 0 {
            return Err(Error::config(OptionError::NoStatementCache));
        }
        Ok(Self {
            inner,
            statement_capacity,
            statement_timeout: Duration::from_millis(statement_timeout.unwrap_or(0)),
            link,
        })
    }

    fn to_url_lossy(&self) -> Url {
        self.inner.to_url_lossy()
    }

    async fn connect(&self) -> Result<Connection, Error> {
        let mut inner = self.inner.connect().await?;
        let row = match inner.fetch_one(SqlStr::from_static(CHECK_CLIENT)).await {
            // A platform without the means (not Linux, macOS or a BSD) takes no value but zero.
            Err(Error::Database(error)) => {
                tracing::debug!(%error, "the server can't check for clients that have gone");
                inner.fetch_one(SqlStr::from_static(BACKEND)).await?
            }
            row => row?,
        };
        let (pid, since) = (row.try_get(0)?, row.try_get(1)?);
        self.link.set_backend(Backend { pid, since });
        let link = Arc::clone(&self.link);
        Ok(Connection::new(
            inner,
            self.statement_capacity,
            link,
            self.statement_timeout,
        ))
    }

    fn log_statements(mut self, level: LevelFilter) -> Self {
        self.inner = self.inner.log_statements(level);
        self
    }

    fn log_slow_statements(mut self, level: LevelFilter, duration: Duration) -> Self {
        self.inner = self.inner.log_slow_statements(level, duration);
        self
    }
}

/// SQLx warns of parameters that it does not know.
fn without_link(url: &Url) -> Url {
    if url.query_pairs().all(|(key, _)| key != PARAMETER) {
        return url.clone();
    }
    let kept: Vec<_> = url
        .query_pairs()
        .filter(|(key, _)| key != PARAMETER)
        .map(|(key, value)| (key.into_owned(), value.into_owned()))
        .collect();
    let mut url = url.clone();
    url.set_query(None);
    if !kept.is_empty() {
        url.query_pairs_mut().extend_pairs(kept);
    }
    url
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_no_secret() {
        let url = "postgres://someone:hunter2@localhost/app?sslmode=disable&password=hunter3";
        let shown = format!("{:?}", url.parse::<Options>().unwrap());
        assert!(shown.contains("localhost") && shown.contains("app"));
        assert!(!shown.contains("hunter") && !shown.contains("someone"));
    }

    #[test]
    fn a_connection_without_a_statement_cache_is_refused() {
        let url = "postgres://localhost/app?statement-cache-capacity=0";
        let refused = url.parse::<Options>().unwrap_err().to_string();
        assert!(refused.contains("max_prepared_statements"), "{refused}");
    }
}
