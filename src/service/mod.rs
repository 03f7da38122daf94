//! The service: it binds, starts to watch its database, serves, and stops in good order.

mod signal;

use std::net::SocketAddr;
use std::time::Instant;

use poem::Server;
use poem::listener::TcpAcceptor;
use poem_openapi::OpenApi;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use signal::stop_signal;

use crate::api::{self, Abandoned};
use crate::config::Config;
use crate::database::{Database, DatabaseError};
use crate::migration::Migrations;
use crate::readiness::{Snapshot, Watcher};
use crate::telemetry;

/// Why a service could not start or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ServiceError {
    /// The address can't be listened on.
    #[error("can't listen on {address} (server.listen): {advice}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What to do.
        advice: &'static str,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The database's pool can't be made.
    #[error(transparent)]
    Database(#[from] DatabaseError),
    /// The server broke off.
    #[error("the HTTP server broke off")]
    Serve(#[source] std::io::Error),
}

/// What an application brings: its operations, its migrations, its name.
///
/// ```no_run
/// use twinbase::config::Config;
/// use twinbase::service::{Application, stop_signal};
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let stop = stop_signal()?;
/// let application = Application::new(Config::default()).build().await?;
/// println!("http://{}", application.address());
/// application.run_until(stop).await?;
/// # Ok(())
/// # }
/// ```
pub struct Application<A = ()> {
    config: Config,
    api: A,
    migrations: Migrations,
    title: String,
    version: String,
}

impl Application {
    /// Twinbase's own operations and migrations, with nothing of an application's yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            api: (),
            migrations: Migrations::embedded(),
            title: "Twinbase".to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

impl<A: OpenApi + 'static> Application<A> {
    /// Adds the application's operations.
    #[must_use]
    pub fn api<B: OpenApi + 'static>(self, api: B) -> Application<B> {
        let Self {
            config,
            migrations,
            title,
            version,
            ..
        } = self;
        Application {
            config,
            api,
            migrations,
            title,
            version,
        }
    }

    /// Replaces the migrations with the application's.
    #[must_use]
    pub fn migrations(self, migrations: Migrations) -> Self {
        Self { migrations, ..self }
    }

    /// Gives the document its title and version.
    #[must_use]
    pub fn named(self, title: impl Into<String>, version: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            version: version.into(),
            ..self
        }
    }

    /// Binds the address, makes the pool, and starts to watch the database, which may be away.
    ///
    /// # Errors
    /// [`ServiceError::Listen`] when the address can't be had; the database is not a reason to fail,
    /// but for [`ServiceError::Database`] when not even its pool can be made.
    pub async fn build(self) -> Result<Built, ServiceError> {
        let listen = self.config.server.listen;
        let database = Database::new(&self.config.database)?;
        let refused = |source: std::io::Error| {
            let advice = match source.kind() {
                std::io::ErrorKind::AddrInUse => {
                    "another process has the port; stop it, or choose another (TWINBASE_SERVER__LISTEN)"
                }
                std::io::ErrorKind::PermissionDenied => {
                    "this process may not use that port; choose one from 1024 up (TWINBASE_SERVER__LISTEN)"
                }
                _ => "choose an address of this machine (TWINBASE_SERVER__LISTEN)",
            };
            ServiceError::Listen {
                address: listen,
                advice,
                source,
            }
        };
        let listener = TcpListener::bind(listen).await.map_err(refused)?;
        let address = listener.local_addr().map_err(refused)?;
        let acceptor = TcpAcceptor::from_tokio(listener).map_err(refused)?;
        let watcher = Watcher::start(
            database.clone(),
            self.migrations,
            &self.config.database,
            &self.config.readiness,
        );
        let state = api::State {
            snapshots: watcher.snapshots(),
            abandoned: Abandoned::default(),
            metrics: telemetry::recorder(),
            body_limit: self.config.server.body_limit,
        };
        let abandoned = state.abandoned.clone();
        let endpoint = api::endpoint(state, self.api, &self.title, &self.version);
        Ok(Built {
            config: self.config,
            database,
            watcher,
            acceptor,
            address,
            abandoned,
            endpoint,
        })
    }
}

/// An application that is bound and watches its database, and does not serve yet.
pub struct Built {
    config: Config,
    database: Database,
    watcher: Watcher,
    acceptor: TcpAcceptor,
    address: SocketAddr,
    abandoned: Abandoned,
    endpoint: poem::endpoint::BoxEndpoint<'static, poem::Response>,
}

impl Built {
    /// The address that is bound: with port 0 in the configuration, the port that the system chose.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The database, for an application that works beside its operations.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// What the readiness probe finds, as it finds it.
    #[must_use]
    pub fn snapshots(&self) -> watch::Receiver<Snapshot> {
        self.watcher.snapshots()
    }

    /// Serves until `stop` is done, then stops: no new connection, requests in hand are finished within
    /// nine tenths of `server.shutdown_timeout`, the watcher ends, the pool is closed in the rest of it.
    ///
    /// # Errors
    /// [`ServiceError::Serve`] when the server breaks off.
    pub async fn run_until(
        self,
        stop: impl Future<Output = ()> + Send,
    ) -> Result<(), ServiceError> {
        let patience = self.config.server.shutdown_timeout;
        let stopped = std::sync::OnceLock::new();
        let before = std::sync::OnceLock::new();
        let noted = async {
            stop.await;
            stopped.get_or_init(Instant::now);
            before.get_or_init(|| self.abandoned.count());
            tracing::info!(
                within_s = patience.as_secs(),
                "stopping: requests in hand are finished first"
            );
        };
        tracing::info!(address = %self.address, "serving");
        // Requests get nine tenths of the time, so that the pool can still close in the rest.
        let served = Server::new_with_acceptor(self.acceptor)
            .run_with_graceful_shutdown(self.endpoint, noted, Some(patience.mul_f64(0.9)))
            .await;
        let cut_off = self.abandoned.count() - before.get().copied().unwrap_or_default();
        if cut_off > 0 {
            tracing::warn!(
                cut_off,
                "requests were not finished in time and were cut off; raise server.shutdown_timeout"
            );
        }
        let left = patience.saturating_sub(stopped.get_or_init(Instant::now).elapsed());
        let closing = async {
            self.watcher.stop().await;
            self.database.close().await;
        };
        if tokio::time::timeout(left, closing).await.is_err() {
            tracing::warn!(
                "connections were still in use at the end of server.shutdown_timeout; they are cut off"
            );
        } else {
            tracing::info!("stopped: the pool is closed");
        }
        served.map_err(ServiceError::Serve)
    }
}
