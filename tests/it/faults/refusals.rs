use std::time::{Duration, Instant};

use twinbase::config::{DatabaseConfig, Engine};
use twinbase::database::{Database, DatabaseError, ErrorKind, Failure};

use super::{fill, is_whole, one, open, pool, with_server};

#[test]
fn too_many_connections_are_told_in_the_time_out_and_recovered_from() {
    let settings = [
        ("max_connections", "4"),
        ("superuser_reserved_connections", "0"),
    ];
    with_server(&settings, |server| async move {
        let url = server.url("postgres");
        let others = open(&url, |_| {});
        fill(&others, 4).await;
        let database = open(&url, |config| {
            config.acquire_timeout = Duration::from_secs(1);
        });
        let error = database.reader().acquire().await.map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::PoolTimeout, "{error}");
        let text = error.to_string();
        assert!(text.contains("the server has no connection left"), "{text}");
        let DatabaseError::Acquire(error) = error else {
            panic!("{error:?}")
        };
        let (failure, _) = error.last_connect_failure().unwrap();
        assert_eq!(failure, Failure::TooManyConnections);
        assert!(
            pool(&database).connect_errors >= 2,
            "it tried again: {:?}",
            pool(&database)
        );
        assert_eq!(pool(&database).size, 0);

        // Who waits is served as soon as there is room.
        let patient = open(&url, |_| {});
        let waiting = tokio::spawn({
            let patient = patient.clone();
            async move { one(&patient).await }
        });
        super::until("it has been refused", async || {
            pool(&patient).connect_errors > 0
        })
        .await;
        others.close().await;
        waiting.await.unwrap().unwrap();
        one(&database).await.unwrap();
        is_whole(&database).await;
        database.close().await;
        patient.close().await;
    });
}

twinbase::on_both_engines! {
    async fn an_unknown_database_is_told_at_once(test: TestDatabase) {
        let url = match test.engine() {
            Engine::Sqlite => format!("{}.missing", test.url().expose()),
            Engine::Postgres => twinbase::testing::server_url("no_such_database"),
        };
        let config = DatabaseConfig {
            url: Some(url.parse().unwrap()),
            sqlite_create: false,
            ..DatabaseConfig::default()
        };
        let database = Database::new(&config).unwrap();
        for _ in 0..2 {
            let start = Instant::now();
            let error = database.writer().acquire().await.map(drop).unwrap_err();
            assert!(start.elapsed() < Duration::from_secs(5), "{:?}", start.elapsed());
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            let expected = match test.engine() {
                Engine::Sqlite => "the file does not exist",
                Engine::Postgres => "the server has no such database",
            };
            assert!(error.to_string().contains(expected), "{error}");
        }
        let status = pool(&database);
        assert_eq!((status.size, status.timeouts, status.connect_errors), (0, 0, 2), "{status:?}");
        database.close().await;
    }
}

#[test]
fn a_wrong_password_is_told_at_once_and_never_shown() {
    // A file has none.
    with_server(&[], |server| async move {
        let admin = open(&server.url("postgres"), |_| {});
        let role = "CREATE ROLE guarded LOGIN PASSWORD 'p@ss/word#1'";
        sqlx::query(role).execute(admin.writer()).await.unwrap();
        let url = server
            .url("postgres")
            .replace("postgres@", "guarded:hunter2@");
        let database = open(&url, |_| {});
        let start = Instant::now();
        let error = database.writer().acquire().await.map(drop).unwrap_err();
        assert!(
            start.elapsed() < Duration::from_secs(5),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(error.kind(), ErrorKind::Permission, "{error}");
        assert!(
            error
                .to_string()
                .contains("refused the user or the password"),
            "{error}"
        );
        assert!(
            !format!("{error} {error:?}").contains("hunter2"),
            "{error:?}"
        );
        // Those who wait behind it are told as soon.
        let tasks = (0..6).map(|_| {
            let database = database.clone();
            tokio::spawn(async move { one(&database).await })
        });
        for task in tasks.collect::<Vec<_>>() {
            let error = task.await.unwrap().unwrap_err();
            assert_eq!(ErrorKind::of(&error), ErrorKind::Permission, "{error}");
        }
        assert!(
            start.elapsed() < Duration::from_secs(25),
            "{:?}",
            start.elapsed()
        );
        assert_eq!(pool(&database).size, 0);
        sqlx::query("ALTER ROLE guarded PASSWORD 'hunter2'")
            .execute(admin.writer())
            .await
            .unwrap();
        one(&database).await.unwrap();
        database.close().await;
        admin.close().await;
    });
}
