use std::time::Duration;

use sqlx::Executor as _;
use twinbase::config::Engine;
use twinbase::database::{Database, ErrorKind, SessionGuard};
use twinbase::testing::run;

use super::{create, ids, insert, open};

#[test]
fn a_lock_that_outlasts_the_busy_time_out_is_waited_for_by_whoever_may_run_again() {
    // PostgreSQL has no lock of the whole database.
    run(Engine::Sqlite, |test| async move {
        let url = test.url().expose();
        let database = open(url, |config| {
            config.sqlite_busy_timeout = Duration::from_millis(20);
        });
        create(&database).await;
        let other = Database::new(&test.config()).unwrap();
        let mut lease = other.writer().acquire().await.unwrap();
        lease
            .execute(sqlx::raw_sql("BEGIN IMMEDIATE"))
            .await
            .unwrap();
        // A single statement is told.
        let error = sqlx::query("DELETE FROM t")
            .execute(database.writer())
            .await
            .unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Retryable, "{error}");
        let writes: Vec<_> = (0..8)
            .map(|id| {
                let database = database.clone();
                tokio::spawn(async move {
                    let work = move |mut session: SessionGuard| async move {
                        insert(&mut session, id).await
                    };
                    if id % 2 == 0 {
                        database.write(work).await
                    } else {
                        database.writer().transaction(work).await
                    }
                })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(300)).await;
        lease.execute(sqlx::raw_sql("ROLLBACK")).await.unwrap();
        for write in writes {
            write.await.unwrap().unwrap();
        }
        assert_eq!(ids(&database).await, [0, 1, 2, 3, 4, 5, 6, 7]);
        drop(lease);
        other.close().await;
        database.close().await;
    });
}
