//! A database a test, on either engine.

use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::{AnyConnection, Connection as _, Executor as _};
use tempfile::TempDir;

use super::{PostgresServer, Proxy};
use crate::config::{DatabaseConfig, DatabaseUrl, Engine};
use crate::database::Database;

/// A fresh, empty database: a file in a folder of its own, or a database on the test server.
#[derive(Debug)]
pub struct TestDatabase {
    engine: Engine,
    url: DatabaseUrl,
    name: String,
    folder: Option<TempDir>,
}

/// What [`TestDatabase`] leaves behind on a server.
#[derive(Debug)]
pub(super) struct Remains(Option<String>);

impl TestDatabase {
    /// Makes one.
    ///
    /// # Panics
    /// When no server can be had or the database can't be made; the message says what to do.
    pub async fn create(engine: Engine) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = format!("twinbase_test_{}_{number}", std::process::id());
        match engine {
            Engine::Sqlite => {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let url = format!("sqlite:{}", folder.path().join("test.db").display());
                Self {
                    engine,
                    url: parse(&url),
                    name,
                    folder: Some(folder),
                }
            }
            Engine::Postgres => {
                administer(&format!(
                    "CREATE DATABASE {name} TEMPLATE template0 STRATEGY file_copy"
                ))
                .await;
                Self {
                    engine,
                    url: parse(&server_url(&name)),
                    name,
                    folder: None,
                }
            }
        }
    }

    /// The engine that it is on.
    #[must_use]
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &DatabaseUrl {
        &self.url
    }

    /// A proxy in front of its server, and the URL through it.
    ///
    /// # Panics
    /// When it is on SQLite, which has no server.
    pub async fn through_proxy(&self) -> (Proxy, String) {
        let url = url::Url::parse(self.url.expose()).expect("a well-formed URL");
        let servers = url.socket_addrs(|| Some(5432));
        let servers = servers.expect("a database on a server, whose name is known");
        let proxy = Proxy::start(servers[0]).await;
        let url = proxy.url(url.as_str());
        (proxy, url)
    }

    /// A configuration for it, with defaults for all else but a pool that is small enough for many
    /// tests at once.
    #[must_use]
    pub fn config(&self) -> DatabaseConfig {
        DatabaseConfig {
            url: Some(self.url.clone()),
            pool_size: 4,
            max_overflow: 2,
            ..DatabaseConfig::default()
        }
    }

    /// Opens it, without migrations.
    ///
    /// # Panics
    /// Never for a test database: its configuration is sound.
    #[must_use]
    pub fn open(&self) -> Database {
        Database::new(&self.config()).expect("a sound configuration")
    }

    pub(super) fn remains(&self) -> Remains {
        Remains(self.folder.is_none().then(|| self.name.clone()))
    }
}

impl Remains {
    pub(super) async fn remove(self) {
        if let Some(name) = self.0 {
            administer(&format!("DROP DATABASE {name} WITH (FORCE)")).await;
        }
    }
}

fn parse(url: &str) -> DatabaseUrl {
    url.parse().expect("a well-formed URL")
}

/// The URL of a database on the server that the tests use: this process's own, or the one that
/// `TEST_POSTGRES_URL` names.
///
/// # Panics
/// When no server can be had; the message says what to do.
#[must_use]
pub fn server_url(database: &str) -> String {
    let Some(server) = PostgresServer::shared() else {
        let base = std::env::var("TEST_POSTGRES_URL").expect("it is set");
        let mut url = url::Url::parse(&base).expect("TEST_POSTGRES_URL is a URL");
        url.set_path(database);
        return url.to_string();
    };
    server.url(database)
}

async fn administer(sql: &str) {
    crate::driver::install().expect("no other drivers are installed");
    let mut conn = AnyConnection::connect(&server_url("postgres"))
        .await
        .expect("the test server answers");
    conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(sql)))
        .await
        .expect("the test server obeys");
    conn.close().await.expect("the connection closes");
}
