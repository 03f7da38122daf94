use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use sqlx::Row as _;
use tempfile::TempDir;
use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::Database;
use twinbase::testing::{PostgresServer, TestApplication, run_alone};

/// A database of a test's own that can be taken away and brought back: a server that is stopped, a
/// folder that is moved.
enum Outage {
    Sqlite {
        _home: TempDir,
        here: PathBuf,
        away: PathBuf,
    },
    Postgres(PostgresServer),
}

impl Outage {
    fn prepare(engine: Engine) -> Self {
        match engine {
            Engine::Sqlite => {
                let home = tempfile::tempdir().unwrap();
                let (here, away) = (home.path().join("here"), home.path().join("away"));
                fs::create_dir(&here).unwrap();
                Self::Sqlite {
                    _home: home,
                    here,
                    away,
                }
            }
            Engine::Postgres => Self::Postgres(PostgresServer::start().unwrap()),
        }
    }

    fn config(&self) -> DatabaseConfig {
        let url = match self {
            Self::Sqlite { here, .. } => format!("sqlite:{}", here.join("test.db").display()),
            Self::Postgres(server) => server.url("postgres"),
        };
        DatabaseConfig {
            url: Some(url.parse().unwrap()),
            ..DatabaseConfig::default()
        }
    }

    fn begin(&self) {
        match self {
            Self::Sqlite { here, away, .. } => fs::rename(here, away).unwrap(),
            Self::Postgres(server) => server.stop(),
        }
    }

    fn end(&self) {
        match self {
            Self::Sqlite { here, away, .. } => fs::rename(away, here).unwrap(),
            Self::Postgres(server) => server.start_again().unwrap(),
        }
    }
}

impl Outage {
    /// Puts an empty database in the place of the one that is there.
    async fn replace(&self) {
        match self {
            Self::Sqlite { here, .. } => {
                for file in fs::read_dir(here).unwrap() {
                    fs::remove_file(file.unwrap().path()).unwrap();
                }
                fs::write(here.join("test.db"), "").unwrap();
            }
            Self::Postgres(server) => {
                let config = DatabaseConfig {
                    url: Some(server.url("template1").parse().unwrap()),
                    ..DatabaseConfig::default()
                };
                let other = Database::new(&config).unwrap();
                for sql in [
                    "DROP DATABASE postgres WITH (FORCE)",
                    "CREATE DATABASE postgres TEMPLATE template0",
                ] {
                    sqlx::raw_sql(sql).execute(other.pool()).await.unwrap();
                }
                other.close().await;
            }
        }
    }
}

/// Both engines, without the shared server that `on_both_engines!` would bring.
macro_rules! with_an_outage_on_both_engines {
    ($($name:ident => $claim:ident),* $(,)?) => {$(
        mod $name {
            use super::*;

            #[test]
            fn sqlite() {
                run_alone($claim(Outage::prepare(Engine::Sqlite)));
            }

            #[test]
            fn postgres() {
                twinbase::testing::run(Engine::Postgres, |_| $claim(Outage::prepare(Engine::Postgres)));
            }
        }
    )*};
}

with_an_outage_on_both_engines! {
    readiness_goes_200_503_200_as_the_database_goes_and_comes => goes_and_comes,
    a_start_without_a_database_serves_503_and_migrates_when_it_comes => comes_late,
    the_pool_serves_again_after_an_outage => pool_recovers,
    a_database_that_was_replaced_is_migrated_before_it_counts_as_ready => replaced,
}

const AWAY: &str = r#"{"ready":false,"dependencies":{"db":"disconnected","redis":"unknown"}}"#;

async fn goes_and_comes(outage: Outage) {
    let application = TestApplication::start(outage.config()).await;
    application.until_ready_answers(200).await;
    for _ in 0..2 {
        outage.begin();
        let answer = application.until_ready_answers(503).await;
        assert_eq!(answer.body, AWAY);
        let seconds: u64 = answer.header("retry-after").unwrap().parse().unwrap();
        assert!((1..=5).contains(&seconds), "Retry-After: {seconds}");
        assert_eq!(application.send("GET /api/v1/live").await.status, 200);
        outage.end();
        application.until_ready_answers(200).await;
    }
    application.stop().await;
}

async fn comes_late(outage: Outage) {
    outage.begin();
    let application = TestApplication::start(outage.config()).await;
    assert_eq!(application.until_ready_answers(503).await.body, AWAY);
    outage.end();
    application.until_ready_answers(200).await;
    let row = sqlx::query("SELECT count(*) FROM _sqlx_migrations")
        .fetch_one(application.database().pool())
        .await
        .unwrap();
    assert_eq!(row.get::<i64, _>(0), 1);
    application.stop().await;
}

async fn pool_recovers(outage: Outage) {
    let database = Database::new(&outage.config()).unwrap();
    let ask = || async {
        sqlx::query("SELECT count(*) FROM pg_or_sqlite")
            .fetch_one(database.pool())
            .await
    };
    sqlx::query("CREATE TABLE pg_or_sqlite (id BIGINT)")
        .execute(database.pool())
        .await
        .unwrap();
    ask().await.unwrap();
    outage.begin();
    tokio::time::sleep(Duration::from_millis(50)).await;
    outage.end();
    // Pre-ping finds the connections that died; none of them reaches the caller.
    ask().await.unwrap();
    database.close().await;
}

async fn replaced(outage: Outage) {
    let application = TestApplication::start(outage.config()).await;
    application.until_ready_answers(200).await;
    let pool = application.database().pool();
    sqlx::query("CREATE TABLE old (id BIGINT)")
        .execute(pool)
        .await
        .unwrap();
    outage.replace().await;
    let versions = || async {
        sqlx::query("SELECT count(*) FROM _sqlx_migrations")
            .fetch_one(pool)
            .await
            .map(|row| row.get::<i64, _>(0))
    };
    let migrated = async {
        // The old database has a version too: it is the new one once the table is gone.
        while sqlx::query("SELECT * FROM old")
            .fetch_all(pool)
            .await
            .is_ok()
            || !matches!(versions().await, Ok(1))
        {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), migrated)
        .await
        .expect("the new database is migrated");
    application.until_ready_answers(200).await;
    application.stop().await;
}
