//! The real application, on a port of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use poem_openapi::OpenApi;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::http::{Answer, request};
use crate::config::{Config, DatabaseConfig, ReadinessConfig, ServerConfig};
use crate::database::Database;
use crate::service::{Application, ServiceError};

/// A running application. Stop it at the end of the test.
#[derive(Debug)]
pub struct TestApplication {
    address: SocketAddr,
    database: Database,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), ServiceError>>,
}

impl TestApplication {
    /// A configuration for tests: port 0, and probes quick enough to watch.
    #[must_use]
    pub fn config(database: DatabaseConfig) -> Config {
        Config {
            server: ServerConfig {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                ..ServerConfig::default()
            },
            readiness: ReadinessConfig {
                interval: Duration::from_millis(50),
                retry_max: Duration::from_millis(500),
                ..ReadinessConfig::default()
            },
            database,
            ..Config::default()
        }
    }

    /// Starts Twinbase's own application on a database.
    pub async fn start(database: DatabaseConfig) -> Self {
        Self::serve(Application::new(Self::config(database))).await
    }

    /// Starts any application; its configuration should have port 0.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn serve<A: OpenApi + 'static>(application: Application<A>) -> Self {
        let built = application.build().await.expect("the application starts");
        let (stop, stopped) = oneshot::channel();
        let address = built.address();
        let database = built.database().clone();
        let running = tokio::spawn(built.run_until(async {
            // A dropped sender stops it too.
            let _ = stopped.await;
        }));
        Self {
            address,
            database,
            stop,
            running,
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// Sends a request without a body.
    pub async fn send(&self, line: &str) -> Answer {
        request(self.address, line, &[], &[]).await
    }

    /// Asks `GET /api/v1/ready` until it answers with `status`, and gives that answer.
    ///
    /// # Panics
    /// When it has not done so within 20 s.
    pub async fn until_ready_answers(&self, status: u16) -> Answer {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let answer = self.send("GET /api/v1/ready").await;
            if answer.status == status {
                return answer;
            }
            assert!(
                Instant::now() < deadline,
                "still {answer:?}, and not {status}"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Stops it in good order.
    ///
    /// # Panics
    /// When it ends with an error.
    pub async fn stop(self) {
        drop(self.stop);
        self.running
            .await
            .expect("no panic")
            .expect("a stop in good order");
    }
}
