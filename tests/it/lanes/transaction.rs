use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use twinbase::config::Engine;
use twinbase::database::{Database, DatabaseError, ErrorKind, Isolation, Session, SessionGuard};
use twinbase::testing::run;

use super::{INSERT, configured, count, create, database, until, writers};

async fn add(session: &mut Session, id: i64, by: i64) -> Result<i64, DatabaseError> {
    let n: i64 = sqlx::query_scalar("SELECT n FROM t WHERE id = $1")
        .bind(id)
        .fetch_one(&mut *session)
        .await?;
    let update = sqlx::query("UPDATE t SET n = $1 WHERE id = $2");
    update.bind(n + by).bind(id).execute(session).await?;
    Ok(n + by)
}

async fn balance(database: &Database, id: i64) -> i64 {
    let select = sqlx::query_scalar("SELECT n FROM t WHERE id = $1").bind(id);
    select.fetch_one(database.reader()).await.unwrap()
}

async fn with_accounts(database: &Database, accounts: i64, n: i64) {
    create(database, "t").await;
    for id in 0..accounts {
        sqlx::query(INSERT)
            .bind(id)
            .bind(n)
            .execute(database.writer())
            .await
            .unwrap();
    }
}

twinbase::on_both_engines! {
    async fn transactions_in_each_others_way_run_again_and_lose_no_update(test: TestDatabase) {
        let database = configured(&test, |config| config.retry_deadline = Duration::from_mins(1));
        with_accounts(&database, 1, 0).await;
        let runs = Arc::new(AtomicU32::new(0));
        let tasks: Vec<_> = (0..32)
            .map(|_| {
                let (database, runs) = (database.clone(), Arc::clone(&runs));
                tokio::spawn(async move {
                    let (lane, runs) = (database.writer().isolation(Isolation::Serializable), &*runs);
                    lane.transaction(move |mut session: SessionGuard| async move {
                        runs.fetch_add(1, Ordering::Relaxed);
                        add(&mut session, 0, 1).await
                    })
                    .await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(balance(&database, 0).await, 32);
        if test.engine() == Engine::Postgres {
            assert!(runs.load(Ordering::Relaxed) > 32, "some were in each other's way");
        }
        database.close().await;
    }

    async fn transfers_in_contention_conserve_the_sum(test: TestDatabase) {
        let database = configured(&test, |config| config.retry_deadline = Duration::from_mins(1));
        with_accounts(&database, 5, 100).await;
        let tasks: Vec<_> = (0..16_i64)
            .map(|task| {
                let database = database.clone();
                tokio::spawn(async move {
                    for round in 0..10 {
                        let (from, to) = ((task + round) % 5, (task * 3 + round * 2 + 1) % 5);
                        let work = move |mut session: SessionGuard| async move {
                            add(&mut session, from, -7).await?;
                            add(&mut session, to, 7).await
                        };
                        if round % 2 == 0 {
                            database.writer().isolation(Isolation::Serializable).transaction(work).await.unwrap();
                        } else if test_group(&database) {
                            database.write(work).await.unwrap();
                        } else {
                            database.writer().isolation(Isolation::RepeatableRead).transaction(work).await.unwrap();
                        }
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let sum: i64 = sqlx::query_scalar("SELECT CAST(sum(n) AS BIGINT) FROM t").fetch_one(database.reader()).await.unwrap();
        assert_eq!(sum, 500);
        assert_eq!(writers(&database).in_use, 0);
        database.close().await;
    }

    async fn the_works_own_error_comes_back_after_one_run(test: TestDatabase) {
        #[derive(Debug)]
        enum Own {
            Database(DatabaseError),
            NotEnough,
        }
        impl From<DatabaseError> for Own {
            fn from(error: DatabaseError) -> Self {
                Self::Database(error)
            }
        }
        let database = database(&test, 2, 0);
        with_accounts(&database, 1, 5).await;
        let runs = AtomicU32::new(0);
        let counted = &runs;
        for grouped in [false, true] {
            let work = move |mut session: SessionGuard| async move {
                counted.fetch_add(1, Ordering::Relaxed);
                match add(&mut session, 0, -10).await? {
                    n if n < 0 => Err(Own::NotEnough),
                    n => Ok(n),
                }
            };
            let error = if grouped {
                database.write(work).await.unwrap_err()
            } else {
                database.writer().transaction(work).await.unwrap_err()
            };
            assert!(matches!(error, Own::NotEnough), "{error:?}");
        }
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        assert_eq!(balance(&database, 0).await, 5);
        let twice = move |mut session: SessionGuard| async move {
            sqlx::query(INSERT).bind(0_i64).bind(0_i64).execute(&mut *session).await.map_err(DatabaseError::from)?;
            Ok::<_, Own>(())
        };
        for result in [database.write(twice).await, database.writer().transaction(twice).await] {
            let Err(Own::Database(error)) = result else { panic!("{result:?}") };
            assert_eq!(error.kind(), ErrorKind::Unique);
        }
        database.close().await;
    }

    async fn an_error_that_the_work_swallows_is_not_committed(test: TestDatabase) {
        let database = database(&test, 2, 0);
        with_accounts(&database, 1, 5).await;
        let work = move |mut session: SessionGuard| async move {
            sqlx::query(INSERT).bind(7_i64).bind(0_i64).execute(&mut *session).await?;
            let _ = sqlx::query(INSERT).bind(0_i64).bind(0_i64).execute(&mut *session).await;
            Ok::<_, DatabaseError>(())
        };
        for result in [database.write(work).await, database.writer().transaction(work).await] {
            assert_eq!(result.unwrap_err().kind(), ErrorKind::TransactionFailed);
        }
        assert_eq!(count(&database, "t").await, 1);
        database.close().await;
    }

    async fn many_writers_at_once_are_all_there_once(test: TestDatabase) {
        let database = database(&test, 4, 2);
        create(&database, "t").await;
        let tasks: Vec<_> = (0..200_i64)
            .map(|id| {
                let database = database.clone();
                tokio::spawn(async move {
                    database
                        .write(move |mut session: SessionGuard| async move {
                            sqlx::query(INSERT).bind(id).bind(id).execute(&mut *session).await?;
                            if id % 5 == 0 {
                                // Its own failure, which touches no other.
                                sqlx::query(INSERT).bind(id).bind(id).execute(&mut *session).await?;
                            }
                            Ok::<_, DatabaseError>(())
                        })
                        .await
                })
            })
            .collect();
        for (id, task) in tasks.into_iter().enumerate() {
            let result = task.await.unwrap();
            assert_eq!(result.is_err(), id % 5 == 0, "{id}: {result:?}");
        }
        assert_eq!(count(&database, "t").await, 160);
        assert_eq!(writers(&database).in_use, 0);
        database.close().await;
    }

    async fn one_members_deferred_foreign_key_costs_no_other_its_write(test: TestDatabase) {
        let database = database(&test, 4, 2);
        create(&database, "t").await;
        let child = "CREATE TABLE child (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)";
        sqlx::query(child).execute(database.writer()).await.unwrap();
        let tasks: Vec<_> = (0..40_i64)
            .map(|id| {
                let database = database.clone();
                tokio::spawn(async move {
                    database
                        .write(move |mut session: SessionGuard| async move {
                            if id == 20 {
                                sqlx::query("INSERT INTO child VALUES (1, 999)").execute(&mut *session).await?;
                            } else {
                                sqlx::query(INSERT).bind(id).bind(id).execute(&mut *session).await?;
                            }
                            Ok::<_, DatabaseError>(())
                        })
                        .await
                })
            })
            .collect();
        for (id, task) in tasks.into_iter().enumerate() {
            match task.await.unwrap() {
                Ok(()) => assert_ne!(id, 20),
                Err(error) => assert_eq!((id, error.kind()), (20, ErrorKind::ForeignKey), "{error}"),
            }
        }
        assert_eq!((count(&database, "t").await, count(&database, "child").await), (39, 0));
        database.close().await;
    }

    async fn dropped_members_leave_nothing_and_hold_up_nobody(test: TestDatabase) {
        let database = database(&test, 4, 2);
        create(&database, "t").await;
        let tasks: Vec<_> = (0..60_i64)
            .map(|id| {
                let database = database.clone();
                tokio::spawn(async move {
                    let write = database.write(move |mut session: SessionGuard| async move {
                        sqlx::query(INSERT).bind(id).bind(id).execute(&mut *session).await?;
                        if id % 3 == 0 {
                            std::future::pending::<()>().await;
                        }
                        Ok::<_, DatabaseError>(())
                    });
                    if id % 3 == 0 {
                        // Neither done within the group's limit nor before it is dropped.
                        let patience = Duration::from_millis(u64::try_from(id).unwrap());
                        assert!(tokio::time::timeout(patience, write).await.is_err());
                    } else {
                        write.await.unwrap();
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        let left: Vec<i64> = sqlx::query_scalar("SELECT id FROM t ORDER BY id").fetch_all(database.reader()).await.unwrap();
        let expected: Vec<i64> = (0..60).filter(|id| id % 3 != 0).collect();
        assert_eq!(left, expected);
        until("the writer is free", async || writers(&database).in_use == 0).await;
        database.close().await;
    }

    async fn what_must_not_run_twice_runs_once(test: TestDatabase) {
        let database = database(&test, 2, 0);
        with_accounts(&database, 1, 5).await;
        let mail = String::from("sent");
        let sent = database
            .writer()
            .transaction_once(move |mut session: SessionGuard| async move {
                add(&mut session, 0, 1).await?;
                Ok::<_, DatabaseError>(mail)
            })
            .await
            .unwrap();
        assert_eq!((sent.as_str(), balance(&database, 0).await), ("sent", 6));
        database.close().await;
    }
}

/// PostgreSQL's `write` runs at its default isolation, at which read-modify-write may lose updates.
fn test_group(database: &Database) -> bool {
    database.engine() == Engine::Sqlite
}

#[test]
fn a_member_that_takes_too_long_runs_alone_and_holds_up_the_group_for_its_limit_only() {
    // PostgreSQL has many writers and no groups.
    run(Engine::Sqlite, |test| async move {
        let database = configured(&test, |config| {
            config.sqlite_group_limit = Duration::from_millis(30);
        });
        create(&database, "t").await;
        let start = Instant::now();
        let runs = Arc::new(AtomicU32::new(0));
        let slow = tokio::spawn({
            let (database, runs) = (database.clone(), Arc::clone(&runs));
            async move {
                let runs = &*runs;
                database
                    .write(move |mut session: SessionGuard| async move {
                        let is_alone = runs.fetch_add(1, Ordering::Relaxed) > 0;
                        sqlx::query(INSERT)
                            .bind(1_i64)
                            .bind(1_i64)
                            .execute(&mut *session)
                            .await?;
                        let time = if is_alone { 100 } else { 30_000 };
                        tokio::time::sleep(Duration::from_millis(time)).await;
                        Ok::<_, DatabaseError>(())
                    })
                    .await
            }
        });
        until("it runs", async || runs.load(Ordering::Relaxed) > 0).await;
        let quick = move |mut session: SessionGuard| async move {
            sqlx::query(INSERT)
                .bind(2_i64)
                .bind(2_i64)
                .execute(&mut *session)
                .await?;
            Ok::<_, DatabaseError>(())
        };
        database.write(quick).await.unwrap();
        assert!(
            start.elapsed() < Duration::from_secs(3),
            "{:?}",
            start.elapsed()
        );
        slow.await.unwrap().unwrap();
        assert_eq!(runs.load(Ordering::Relaxed), 2);
        assert_eq!(count(&database, "t").await, 2);
        database.close().await;
    });
}
