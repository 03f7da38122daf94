//! The service: it binds, starts to watch its database, serves, and stops in good order.
//!
//! An application brings its configuration, its operations and its migrations; all that Twinbase's
//! own program has is around them: readiness, liveness, metrics, Swagger UI, problem details.
//!
//! ```
//! use poem::web::Data;
//! use poem_openapi::{OpenApi, payload, param::Path};
//! use poem::http::StatusCode;
//! use twinbase::config::Config;
//! use twinbase::database::{Database, DatabaseError};
//! use twinbase::migration::Migrations;
//! use twinbase::service::Application;
//!
//! struct Notes;
//!
//! #[OpenApi]
//! impl Notes {
//!     /// One note.
//!     #[oai(path = "/notes/:id", method = "get")]
//!     async fn note(
//!         &self,
//!         database: Data<&Database>,
//!         id: Path<i64>,
//!     ) -> poem::Result<payload::PlainText<String>> {
//!         let text = sqlx::query_scalar("SELECT text FROM notes WHERE id = $1")
//!             .bind(id.0)
//!             .fetch_optional(database.reader())
//!             .await
//!             .map_err(DatabaseError::from)?;
//!         let nothing = || poem::Error::from_string("no note has this id", StatusCode::NOT_FOUND);
//!         text.map(payload::PlainText).ok_or_else(nothing)
//!     }
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! let mut config = Config::default(); // a program's own comes from `twinbase::config::load`
//! config.database.url = Some("sqlite::memory:".parse()?);
//! config.server.listen = "127.0.0.1:0".parse()?; // any free port
//! let migrations = Migrations::from_files([(
//!     "20260301090000_notes.sql",
//!     "CREATE TABLE notes (id BIGINT PRIMARY KEY, text TEXT NOT NULL);
//!      INSERT INTO notes VALUES (7, 'buy ink')",
//! )])?;
//! let application = Application::new(config).api(Notes).migrations(migrations).build().await?;
//! application.snapshots().wait_for(|now| now.ready).await?; // the migrations are applied
//! let address = application.address();
//! // It serves until this future is done; a program's own is `stop_signal()`.
//! let visit = async move {
//!     let note = twinbase::testing::request(address, "GET /notes/7", &[], &[]).await;
//!     assert_eq!((note.status, note.body.as_str()), (200, "buy ink"));
//!     let none = twinbase::testing::request(address, "GET /notes/8", &[], &[]).await;
//!     assert_eq!((none.status, &none.json()["detail"]), (404, &"no note has this id".into()));
//! };
//! application.run_until(visit).await?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # Operations
//! They are poem-openapi's. One that takes `Data<&Database>` has the application's [`Database`], and
//! so the type that implements `OpenApi` needs no state for it; [`api::document`] then
//! writes the document without a server. Operations are served from the start, also while
//! the database is away or its migrations are still being applied; `GET /api/v1/ready` tells a load
//! balancer when to send requests.
//!
//! One that takes a [`WriteSession`](api::WriteSession) or a [`ReadSession`](api::ReadSession) has a
//! unit of work of its own, which is committed before its answer is sent and undone if that is an error.
//!
//! # Answers that are errors
//! Every error becomes problem details (RFC 9457):
//!
//! - A path, query or body that does not fit its type is a 400 before the operation runs.
//! - A [`DatabaseError`] that an operation gives up with `?` has the status of its kind, and 503 a
//!   `Retry-After`.
//! - `poem::Error::from_string(detail, status)` gives the client that status and that text.
//! - `poem::error::InternalServerError(error)`, and every other error of 500 and above, is logged with
//!   its cause; the client learns only that the log has it.
//! - [`Problem`](api::Problem) is for a `type` of one's own:
//!   `poem::Error::from_response(problem.into_response())`.
//!
//! [`database`](crate::database#errors) says which database error deserves which status.
//!
//! # Migrations
//! [`Application::migrations`] takes the whole list: Twinbase needs no table of its own. They are
//! applied at the start, or as soon as the database answers, unless `migrate.on_start` says otherwise.
//!
//! # Configuration
//! [`config::load`](crate::config::load()) reads `twinbase.toml`, `TWINBASE_*` and `DATABASE_*`, for an
//! application as for Twinbase's own program. What it has to say before the start is in
//! [`Loaded::warnings`](crate::config::Loaded::warnings): log it, after
//! [`telemetry::init`].

mod signal;

use std::net::SocketAddr;
use std::time::Instant;

use poem::Server;
use poem::listener::TcpAcceptor;
use poem_openapi::OpenApi;
use tokio::net::TcpListener;
use tokio::sync::watch;

pub use signal::stop_signal;

use crate::api::{self, Abandoned, Callers, WatchedAcceptor};
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
    /// Adds the application's operations; several types of them go in as a tuple. Called again, it
    /// replaces them.
    ///
    /// An operation that takes `Data<&Database>` has the application's database.
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

    /// Replaces the migrations, of which Twinbase's own are an empty start, with the application's.
    #[must_use]
    pub fn migrations(self, migrations: Migrations) -> Self {
        Self { migrations, ..self }
    }

    /// Gives the document its title and version. Default: "Twinbase" and its version.
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
        // Before what is counted: figures go to the recorder that is there.
        let metrics = telemetry::recorder();
        let database = Database::new(&self.config.database)?;
        database.publish_figures();
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
        let callers = Callers::default();
        let acceptor = TcpAcceptor::from_tokio(listener).map_err(refused)?;
        let acceptor = callers.watch(acceptor);
        let watcher = Watcher::start(
            database.clone(),
            self.migrations,
            &self.config.migrate,
            &self.config.readiness,
        );
        let state = api::State {
            database: database.clone(),
            snapshots: watcher.snapshots(),
            abandoned: Abandoned::default(),
            callers,
            metrics,
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
    acceptor: WatchedAcceptor,
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

    /// The database, for an application that works beside its operations. Operations take it as
    /// `Data<&Database>`.
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
