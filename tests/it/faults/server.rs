use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use futures_util::TryStreamExt as _;
use metrics_exporter_prometheus::PrometheusBuilder;
use sqlx::{AnyConnection, AssertSqlSafe};
use twinbase::database::{Database, DatabaseError, ErrorKind, SessionGuard};
use twinbase::testing::Proxy;

use super::{
    backend, create, fill, ids, insert, is_whole, one, open, pool, recorded, until, with_server,
};

/// Makes COMMIT take its time: a deferred trigger sleeps, if the row says so.
const SLOW_COMMIT: &str = "CREATE FUNCTION doze() RETURNS trigger LANGUAGE plpgsql AS \
    $$ BEGIN IF NEW.id < 0 THEN PERFORM pg_sleep(600); END IF; RETURN NULL; END $$; \
    CREATE CONSTRAINT TRIGGER doze AFTER INSERT ON t DEFERRABLE INITIALLY DEFERRED \
    FOR EACH ROW EXECUTE FUNCTION doze()";

#[test]
fn after_a_restart_transactions_run_again_and_one_statement_fails_at_the_most() {
    with_server(&[], |server| async move {
        // No rest is long enough to be tested for its length.
        let database = open(&server.url("postgres"), |config| {
            config.pre_ping_idle = Duration::from_hours(1);
        });
        create(&database).await;
        for round in 0..2 {
            fill(&database, 4).await;
            server.restart().unwrap();
            if round == 0 {
                let work = |mut session: SessionGuard| async move { insert(&mut session, 1).await };
                database.writer().transaction(work).await.unwrap();
            } else {
                // What befalls the first has the others tested.
                let mut failed = 0;
                for _ in 0..20 {
                    // On the writer lane: the reader's would be told first that they read only.
                    let statement = sqlx::query("SELECT 1").execute(database.writer());
                    if let Err(error) = statement.await {
                        // On this lane it may have been a write.
                        assert_eq!(ErrorKind::of(&error), ErrorKind::OutcomeUnknown, "{error}");
                        failed += 1;
                    }
                }
                assert_eq!(failed, 1);
            }
        }
        assert_eq!(ids(&database).await, [1]);
        is_whole(&database).await;
        let status = pool(&database);
        assert_eq!(
            (status.discarded, status.dropped_by_ping, status.timeouts),
            (2, 2, 0),
            "{status:?}"
        );
        database.close().await;
    });
}

#[test]
fn a_statement_whose_backend_is_killed_fails_as_a_lost_connection_and_the_next_one_works() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |_| {});
        create(&database).await;
        let other = open(&server.url("postgres"), |_| {});
        // On the writer lane it may have been a write, of which nobody knows whether it was carried out.
        for (reads, kind) in [
            (true, ErrorKind::Connection),
            (false, ErrorKind::OutcomeUnknown),
        ] {
            let running = tokio::spawn({
                let database = database.clone();
                async move {
                    let sleep = sqlx::query("SELECT CAST(pg_sleep(600) AS TEXT)");
                    let lane = if reads {
                        database.reader()
                    } else {
                        database.writer()
                    };
                    sleep.fetch_one(lane).await.map(drop)
                }
            });
            server.kill_backend(backend(&other, "SELECT CAST(pg_sleep").await);
            let error = running.await.unwrap().unwrap_err();
            assert_eq!(ErrorKind::of(&error), kind, "{error}");
            // The server recovers and takes nobody meanwhile: the pool waits for it. One more statement
            // may have come before the server took note.
            let mut failed = 0;
            for _ in 0..20 {
                failed += u32::from(one(&database).await.is_err());
            }
            assert!(failed <= 1, "{failed} failed");
            until("the other way in", async || one(&other).await.is_ok()).await;
        }
        is_whole(&database).await;
        database.close().await;
        other.close().await;
    });
}

#[test]
fn a_transaction_whose_backend_is_killed_runs_again() {
    with_server(&[], |server| async move {
        let (database, runs) = (open(&server.url("postgres"), |_| {}), AtomicU32::new(0));
        create(&database).await;
        let (server, counted) = (&server, &runs);
        let work = |mut session: SessionGuard| async move {
            let first = counted.fetch_add(1, Ordering::Relaxed) == 0;
            insert(&mut session, 1).await?;
            if first {
                let select = sqlx::query_scalar("SELECT pg_backend_pid()");
                server.kill_backend(select.fetch_one(&mut *session).await?);
            }
            insert(&mut session, 2).await
        };
        let recorder = PrometheusBuilder::new().build_recorder();
        recorded(&recorder, database.write(work)).await.unwrap();
        // Once more where the second one came before the server took note.
        let runs = runs.load(Ordering::Relaxed);
        assert!((2..=3).contains(&runs), "{runs} runs");
        assert_eq!(ids(&database).await, [1, 2]);
        let metrics = recorder.handle().render();
        let told = format!(
            "twinbase_transaction_retries_total{{kind=\"Connection\"}} {}",
            runs - 1
        );
        assert!(metrics.contains(&told), "{metrics}");
        is_whole(&database).await;
        database.close().await;
    });
}

#[test]
fn a_commit_whose_backend_is_killed_has_an_unknown_outcome_and_is_not_run_again() {
    with_server(&[], |server| async move {
        let (database, runs) = (open(&server.url("postgres"), |_| {}), AtomicU32::new(0));
        create(&database).await;
        let other = open(&server.url("postgres"), |_| {});
        sqlx::raw_sql(SLOW_COMMIT)
            .execute(database.writer())
            .await
            .unwrap();
        let counted = &runs;
        let work = |mut session: SessionGuard| async move {
            counted.fetch_add(1, Ordering::Relaxed);
            insert(&mut session, -1).await
        };
        let killing = async { server.kill_backend(backend(&other, "SELECT 1; COMMIT").await) };
        let recorder = PrometheusBuilder::new().build_recorder();
        let committing = recorded(&recorder, database.write(work));
        let (result, ()) = tokio::join!(committing, killing);
        assert_unknown(result);
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        let metrics = recorder.handle().render();
        assert!(
            metrics.contains("twinbase_commit_outcomes_unknown_total 1"),
            "{metrics}"
        );
        until("the server has recovered", async || {
            one(&database).await.is_ok()
        })
        .await;
        assert_eq!(ids(&database).await, [0_i64; 0]);
        is_whole(&database).await;
        database.close().await;
        other.close().await;
    });
}

#[test]
fn a_commit_whose_answer_is_lost_has_an_unknown_outcome_and_is_not_run_again() {
    with_server(&[], |server| async move {
        let proxy = Proxy::start(server.address()).await;
        let database = open(&proxy.url(&server.url("postgres")), |_| {});
        create(&database).await;
        let other = open(&server.url("postgres"), |_| {});
        let runs = AtomicU32::new(0);
        let (counted, network) = (&runs, &proxy);
        let work = |mut session: SessionGuard| async move {
            counted.fetch_add(1, Ordering::Relaxed);
            insert(&mut session, 1).await?;
            network.lose_answers(true);
            Ok::<_, DatabaseError>(())
        };
        let cutting = async {
            until("it is committed", async || ids(&other).await == [1]).await;
            network.cut();
            network.lose_answers(false);
        };
        let (result, ()) = tokio::join!(database.write(work), cutting);
        assert_unknown(result);
        assert_eq!(runs.load(Ordering::Relaxed), 1);
        assert_eq!(ids(&database).await, [1]);
        is_whole(&database).await;
        database.close().await;
        other.close().await;
    });
}

fn assert_unknown(result: Result<(), DatabaseError>) {
    let error = result.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::OutcomeUnknown, "{error}");
    let text = error.to_string();
    assert!(text.contains("look before doing it again"), "{text}");
}

#[test]
fn a_connection_that_an_operator_ended_is_not_used_again() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |_| {});
        let other = open(&server.url("postgres"), |_| {});
        create(&database).await;
        fill(&database, 2).await;
        let running = tokio::spawn({
            let database = database.clone();
            async move {
                let sleep = sqlx::query("SELECT CAST(pg_sleep(600) AS TEXT)");
                sleep.fetch_one(database.writer()).await.map(drop)
            }
        });
        let process = backend(&other, "SELECT CAST(pg_sleep").await;
        end(&other, &[process]).await;
        let error = running.await.unwrap().unwrap_err();
        assert_eq!(ErrorKind::of(&error), ErrorKind::OutcomeUnknown, "{error}");
        for _ in 0..10 {
            one(&database).await.unwrap();
        }
        is_whole(&database).await;
        // The other one was alive, and was kept.
        let status = pool(&database);
        assert_eq!(
            (status.discarded, status.dropped_by_ping, status.recycled),
            (1, 0, 0),
            "{status:?}"
        );
        database.close().await;
        other.close().await;
    });
}

#[test]
fn a_connection_that_has_just_answered_is_asked_where_another_was_lost_since() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |config| {
            config.pre_ping_idle = Duration::from_hours(1);
        });
        let other = open(&server.url("postgres"), |_| {});
        for _ in 0..5 {
            fill(&database, 2).await;
            let mut leases = [
                database.writer().acquire().await.unwrap(),
                database.writer().acquire().await.unwrap(),
            ];
            let mut processes = Vec::new();
            for lease in &mut leases {
                processes.push(own_process(lease).await);
            }
            drop(leases);
            end(&other, &processes).await;
            let statement = || sqlx::query("SELECT 1").execute(database.writer());
            statement().await.unwrap_err();
            statement().await.unwrap();
        }
        database.close().await;
        other.close().await;
    });
}

#[test]
fn of_the_plain_pool_s_connections_that_were_lost_together_the_first_fails_a_statement() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |_| {});
        let other = open(&server.url("postgres"), |_| {});
        let plain = database.pool();
        let mut rounds = Vec::new();
        // None fails in a round for which the machine took 10 ms.
        while rounds.len() < 200 && !rounds.contains(&1) {
            let mut held = Vec::new();
            for _ in 0..3 {
                held.push(plain.acquire().await.unwrap());
            }
            let mut processes = Vec::new();
            for connection in &mut held {
                processes.push(own_process(connection).await);
            }
            for mut connection in held {
                connection.return_to_pool().await;
            }
            end(&other, &processes).await;
            let mut failed = 0;
            for _ in 0..4 {
                let statement = sqlx::query("SELECT 1").execute(plain);
                failed += i32::from(statement.await.is_err());
            }
            rounds.push(failed);
        }
        assert_eq!(
            rounds.last(),
            Some(&1),
            "of four statements {rounds:?} failed"
        );
        assert!(rounds.iter().all(|failed| *failed <= 1), "{rounds:?}");
        database.close().await;
        other.close().await;
    });
}

#[test]
fn a_connection_that_is_always_tested_is_asked_though_it_has_just_answered() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |config| {
            config.pre_ping_idle = Duration::ZERO;
        });
        let other = open(&server.url("postgres"), |_| {});
        for _ in 0..5 {
            let mut lease = database.writer().acquire().await.unwrap();
            let in_lane = own_process(&mut lease).await;
            drop(lease);
            let mut connection = database.pool().acquire().await.unwrap();
            let in_pool = own_process(&mut connection).await;
            connection.return_to_pool().await;
            end(&other, &[in_lane, in_pool]).await;
            let statement = || sqlx::query("SELECT 1");
            statement().execute(database.writer()).await.unwrap();
            statement().execute(database.pool()).await.unwrap();
        }
        database.close().await;
        other.close().await;
    });
}

#[test]
fn an_answer_that_was_read_late_does_not_stand_for_a_ping() {
    with_server(&[], |server| async move {
        let database = open(&server.url("postgres"), |_| {});
        let other = open(&server.url("postgres"), |_| {});
        let mut connection = database.pool().acquire().await.unwrap();
        let process = own_process(&mut connection).await;
        let three = "SELECT CAST(i AS BIGINT) FROM generate_series(1, 3) i";
        let mut rows = sqlx::query(three).fetch(&mut *connection);
        rows.try_next().await.unwrap().unwrap();
        end(&other, &[process]).await;
        tokio::time::sleep(Duration::from_millis(11)).await;
        while rows.try_next().await.unwrap().is_some() {}
        drop(rows);
        connection.return_to_pool().await;
        let statement = sqlx::query("SELECT 1").execute(database.pool());
        statement.await.unwrap();
        database.close().await;
        other.close().await;
    });
}

async fn own_process(connection: &mut AnyConnection) -> i32 {
    let own = sqlx::query_scalar("SELECT pg_backend_pid()");
    own.fetch_one(connection).await.unwrap()
}

/// Ends the server's processes, and waits until they have.
async fn end(other: &Database, processes: &[i32]) {
    let processes: Vec<_> = processes.iter().map(i32::to_string).collect();
    let all = format!("pg_stat_activity WHERE pid IN ({})", processes.join(", "));
    let end = format!("SELECT count(pg_terminate_backend(pid)) FROM {all}");
    let ended = sqlx::query_scalar::<_, i64>(AssertSqlSafe(end));
    let ended = ended.fetch_one(other.writer()).await.unwrap();
    assert_eq!(usize::try_from(ended).unwrap(), processes.len());
    let alive = format!("SELECT count(*) FROM {all}");
    until("they have ended", async || {
        let alive = sqlx::query_scalar::<_, i64>(AssertSqlSafe(alive.clone()));
        alive.fetch_one(other.writer()).await.unwrap() == 0
    })
    .await;
}
