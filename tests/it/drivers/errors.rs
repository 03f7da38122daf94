use std::time::{Duration, Instant};

use sqlx::Connection as _;
use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::Database;
use twinbase::driver::sqlite::SqliteErrorCause;
use twinbase::testing::run_alone;

use super::{SLOW, code, refused, sqlite_error};

twinbase::on_both_engines! {
    async fn a_statement_timeout_stops_a_statement(test: TestDatabase) {
        let config = DatabaseConfig { statement_timeout: Duration::from_millis(100), ..test.config() };
        let database = Database::new(&config).unwrap();
        sqlx::query("SELECT 1").fetch_one(database.pool()).await.unwrap();
        let start = Instant::now();
        let error = refused(sqlx::query(SLOW).fetch_one(database.pool()).await);
        match test.engine() {
            Engine::Sqlite => assert_eq!(sqlite_error(&error).cause(), SqliteErrorCause::StatementTimeout),
            Engine::Postgres => assert_eq!(code(&error), "57014"),
        }
        assert!(start.elapsed() < Duration::from_secs(5), "it runs for minutes");
        sqlx::query("SELECT 1").fetch_one(database.pool()).await.unwrap();
        database.close().await;
    }
}

#[test]
fn a_connection_that_fails_does_not_show_its_password() {
    run_alone(async {
        twinbase::driver::install().unwrap();
        let url = "postgres://nobody:hunter2@127.0.0.1:1/none";
        let error = refused(sqlx::AnyConnection::connect(url).await);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("hunter2"), "{shown}");
    });
}
