use std::time::{Duration, Instant};

use sqlx::Executor as _;
use twinbase::config::Engine;
use twinbase::database::{DatabaseError, ErrorKind, Isolation};

use super::{INSERT, count, create, database, readers, slow, writers};

twinbase::on_both_engines! {
    async fn a_session_takes_its_connection_with_its_first_statement(test: TestDatabase) {
        let database = database(&test, 1, 0);
        create(&database, "t").await;
        let mut session = database.writer().session();
        assert!(!session.has_begun());
        assert_eq!(writers(&database).in_use, 0);
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut session).await.unwrap();
        assert!(session.has_begun());
        assert_eq!(writers(&database).in_use, 1);
        session.commit().await.unwrap();
        assert_eq!(writers(&database).in_use, 0);
        assert_eq!(count(&database, "t").await, 1);
        // One that did nothing needs none.
        let acquired = writers(&database).acquired;
        database.writer().session().commit().await.unwrap();
        assert_eq!(writers(&database).acquired, acquired);
        database.close().await;
    }

    async fn the_first_error_fails_the_session(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        let mut session = database.writer().session();
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut session).await.unwrap();
        let error = sqlx::query(INSERT).bind(1_i64).bind(2_i64).execute(&mut session).await.unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Unique);
        assert_eq!(session.failure(), Some(ErrorKind::Unique));
        let error = sqlx::query("SELECT 1").fetch_one(&mut session).await.map(drop).unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::TransactionFailed);
        let text = error.to_string();
        assert!(text.contains("this session has failed: "), "{text}");
        let error = session.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransactionFailed);
        assert!(matches!(&error, DatabaseError::Session(failed) if failed.first() == ErrorKind::Unique), "{error:?}");
        assert_eq!(count(&database, "t").await, 0);
        database.close().await;
    }

    async fn an_error_on_the_sessions_connection_fails_it_too(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        let mut session = database.writer().session();
        let conn = session.connection().await.unwrap();
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut *conn).await.unwrap();
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut *conn).await.unwrap_err();
        let error = session.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransactionFailed, "{error}");
        assert_eq!(count(&database, "t").await, 0);
        database.close().await;
    }

    async fn no_row_is_an_answer_and_no_failure(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        let mut session = database.writer().session();
        let error = sqlx::query("SELECT n FROM t").fetch_one(&mut session).await.map(drop).unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::NotFound);
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut session).await.unwrap();
        session.commit().await.unwrap();
        assert_eq!(count(&database, "t").await, 1);
        database.close().await;
    }

    async fn a_savepoint_bounds_the_damage(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        let mut session = database.writer().session();
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut session).await.unwrap();
        let mut part = session.savepoint().await.unwrap();
        sqlx::query(INSERT).bind(2_i64).bind(1_i64).execute(&mut *part).await.unwrap();
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut *part).await.unwrap_err();
        let error = part.release().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TransactionFailed);
        assert_eq!(session.failure(), None);
        {
            let mut part = session.savepoint().await.unwrap();
            let mut inner = part.savepoint().await.unwrap();
            sqlx::query(INSERT).bind(3_i64).bind(1_i64).execute(&mut *inner).await.unwrap();
            inner.release().await.unwrap();
            let mut inner = part.savepoint().await.unwrap();
            sqlx::query(INSERT).bind(4_i64).bind(1_i64).execute(&mut *inner).await.unwrap();
            inner.rollback().await.unwrap();
            part.release().await.unwrap();
        }
        let mut part = session.savepoint().await.unwrap();
        sqlx::query(INSERT).bind(5_i64).bind(1_i64).execute(&mut *part).await.unwrap();
        drop(part);
        session.commit().await.unwrap();
        let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t ORDER BY id").fetch_all(database.reader()).await.unwrap();
        assert_eq!(ids, [1, 3]);
        database.close().await;
    }

    async fn a_savepoint_whose_begin_was_dropped_costs_the_one_around_it_nothing(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        for polls in 0..4 {
            sqlx::query("DELETE FROM t").execute(database.writer()).await.unwrap();
            let mut session = database.writer().session();
            sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut session).await.unwrap();
            let mut outer = session.savepoint().await.unwrap();
            sqlx::query(INSERT).bind(2_i64).bind(1_i64).execute(&mut *outer).await.unwrap();
            // One that was dropped leaves a roll-back to do, so that the next has to wait for it.
            drop(outer.savepoint().await.unwrap());
            {
                let mut inner = Box::pin(outer.savepoint());
                for _ in 0..polls {
                    if futures_util::FutureExt::now_or_never(inner.as_mut()).is_some() {
                        break;
                    }
                    tokio::time::sleep(Duration::from_millis(1)).await;
                }
            }
            drop(outer);
            sqlx::query(INSERT).bind(3_i64).bind(1_i64).execute(&mut session).await.unwrap();
            session.commit().await.unwrap();
            let ids: Vec<i64> = sqlx::query_scalar("SELECT id FROM t ORDER BY id").fetch_all(database.reader()).await.unwrap();
            assert_eq!(ids, [1, 3], "{polls} polls");
        }
        database.close().await;
    }

    async fn a_savepoint_that_was_leaked_is_never_taken_for_a_commit(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        let mut session = database.writer().session();
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut session).await.unwrap();
        std::mem::forget(session.savepoint().await.unwrap());
        assert!(session.commit().await.is_err());
        let leaking = database.write(|mut session| async move {
            sqlx::query(INSERT).bind(2_i64).bind(1_i64).execute(&mut *session).await?;
            std::mem::forget(session.savepoint().await?);
            Ok::<_, DatabaseError>(())
        });
        assert!(leaking.await.is_err());
        assert_eq!(count(&database, "t").await, 0);
        database.close().await;
    }

    async fn sql_text_can_not_end_a_sessions_transaction(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        for text in ["COMMIT", "ROLLBACK", "end", "SELECT 1; COMMIT"] {
            let mut session = database.writer().session();
            sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut session).await.unwrap();
            let error = session.execute(sqlx::raw_sql(text)).await.unwrap_err();
            assert_eq!(ErrorKind::of(&error), ErrorKind::Statement, "{text}: {error}");
            assert!(session.commit().await.is_err());
            assert_eq!(count(&database, "t").await, 0, "{text}");
        }
        database.close().await;
    }

    async fn a_failure_before_a_savepoint_is_not_mended_by_leaving_it(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        let mut session = database.writer().session();
        sqlx::query("SELECT nonsense").execute(&mut session).await.unwrap_err();
        assert!(session.savepoint().await.is_err());
        assert!(session.commit().await.is_err());
        database.close().await;
    }

    async fn dropped_and_rolled_back_sessions_leave_nothing(test: TestDatabase) {
        let database = database(&test, 1, 0);
        create(&database, "t").await;
        let mut session = database.writer().session();
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(&mut session).await.unwrap();
        drop(session);
        let mut session = database.writer().session();
        sqlx::query(INSERT).bind(2_i64).bind(1_i64).execute(&mut session).await.unwrap();
        session.rollback().await.unwrap();
        assert_eq!(count(&database, "t").await, 0);
        assert_eq!(writers(&database).connects, 1);
        database.close().await;
    }

    async fn a_commit_that_fails_rolls_back(test: TestDatabase) {
        let database = database(&test, 2, 0);
        for sql in [
            "CREATE TABLE parent (id BIGINT PRIMARY KEY)",
            "CREATE TABLE child (id BIGINT PRIMARY KEY, parent BIGINT REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED)",
        ] {
            sqlx::query(sql).execute(database.writer()).await.unwrap();
        }
        let mut session = database.writer().session();
        sqlx::query("INSERT INTO child VALUES (1, 1)").execute(&mut session).await.unwrap();
        let error = session.commit().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignKey, "{error}");
        assert_eq!(count(&database, "child").await, 0);
        sqlx::query("INSERT INTO parent VALUES (1)").execute(database.writer()).await.unwrap();
        database.close().await;
    }

    async fn a_reader_session_sees_one_moment(test: TestDatabase) {
        let database = database(&test, 2, 0);
        create(&database, "t").await;
        let mut session = database.reader().isolation(Isolation::RepeatableRead).session();
        let first: i64 = sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&mut session).await.unwrap();
        sqlx::query(INSERT).bind(1_i64).bind(1_i64).execute(database.writer()).await.unwrap();
        let second: i64 = sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&mut session).await.unwrap();
        assert_eq!((first, second), (0, 0));
        session.commit().await.unwrap();
        assert_eq!(count(&database, "t").await, 1);
        database.close().await;
    }

    async fn write_skew_is_refused_at_serializable(test: TestDatabase) {
        let database = database(&test, 4, 0);
        create(&database, "t").await;
        for id in 1..=2_i64 {
            sqlx::query(INSERT).bind(id).bind(1_i64).execute(database.writer()).await.unwrap();
        }
        // Each may leave only while the other stays.
        let leave = |id: i64| {
            let database = database.clone();
            async move {
                let mut session = database.writer().isolation(Isolation::Serializable).session();
                let left: i64 = sqlx::query_scalar("SELECT count(*) FROM t WHERE n = 1").fetch_one(&mut session).await?;
                tokio::time::sleep(Duration::from_millis(100)).await;
                if left > 1 {
                    sqlx::query("UPDATE t SET n = 0 WHERE id = $1").bind(id).execute(&mut session).await?;
                }
                session.commit().await
            }
        };
        let (one, two) = tokio::join!(leave(1), leave(2));
        for error in [one, two].into_iter().filter_map(Result::err) {
            assert_eq!(error.kind(), ErrorKind::Retryable, "{error}");
        }
        let left: i64 = sqlx::query_scalar("SELECT count(*) FROM t WHERE n = 1").fetch_one(database.reader()).await.unwrap();
        assert_eq!(left, 1);
        database.close().await;
    }

    async fn a_statement_timeout_is_for_one_session_alone(test: TestDatabase) {
        let database = database(&test, 1, 0);
        sqlx::query("SELECT 1").fetch_one(database.reader()).await.unwrap();
        let mut session = database.reader().statement_timeout(Duration::from_millis(50)).session();
        let start = Instant::now();
        let error = sqlx::query(slow(test.engine())).fetch_one(&mut session).await.map(drop).unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::Timeout, "{error}");
        assert!(start.elapsed() < Duration::from_secs(5));
        drop(session);
        // The next one on the same connection has none: it runs for longer.
        let long = match test.engine() {
            Engine::Sqlite => "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c WHERE x < 1000000) SELECT max(x) FROM c",
            Engine::Postgres => "SELECT CAST(pg_sleep(0.2) AS TEXT)",
        };
        let mut session = database.reader().session();
        let start = Instant::now();
        session.execute(long).await.unwrap();
        assert!(start.elapsed() > Duration::from_millis(50), "{:?}", start.elapsed());
        session.commit().await.unwrap();
        assert_eq!(readers(&database).connects, 1);
        database.close().await;
    }
}
