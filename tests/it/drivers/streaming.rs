use futures_util::{StreamExt as _, TryStreamExt as _};
use sqlx::{AssertSqlSafe, Row as _};
use std::sync::Arc;

use super::{count, pool, raw, text};

const NUMBERS: &str = "WITH RECURSIVE n(i) AS (SELECT CAST(1 AS BIGINT) UNION ALL SELECT i + 1 FROM n \
                       WHERE i < 100000) SELECT i FROM n";

twinbase::on_both_engines! {
    async fn a_dropped_stream_leaves_no_rows_for_the_next(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        for taken in [1, 10, 500] {
            let mut stream = sqlx::query(NUMBERS).fetch(&pool);
            for expected in 1..=taken {
                assert_eq!(stream.next().await.unwrap().unwrap().get::<i64, _>(0), expected);
            }
            drop(stream);
            assert_eq!(text(&pool, "SELECT 'other'").await, "other");
        }
    }

    async fn a_write_whose_stream_was_dropped_after_its_first_row_is_kept(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT)").await;
        let insert = NUMBERS.replace("SELECT i FROM", "INSERT INTO t SELECT i FROM") + " RETURNING a";
        let insert = insert.replace("100000", "5000");
        let insert: Arc<str> = insert.into();
        for round in 1..=20 {
            let query = sqlx::query(AssertSqlSafe(Arc::clone(&insert)));
            if round % 2 == 0 {
                let mut stream = query.fetch(&pool);
                stream.next().await.unwrap().unwrap();
            } else {
                let mut transaction = pool.begin().await.unwrap();
                let mut stream = query.fetch(&mut *transaction);
                stream.next().await.unwrap().unwrap();
                drop(stream);
                transaction.commit().await.unwrap();
            }
            assert_eq!(count(&pool, "t").await, 5_000, "round {round}");
            raw(&pool, "DELETE FROM t").await;
        }
    }

    async fn large_results_come_whole(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let streamed = sqlx::query(NUMBERS).fetch(&pool).try_fold(0, async |count, _| Ok(count + 1)).await;
        assert_eq!(streamed.unwrap(), 100_000);
        assert_eq!(sqlx::query(NUMBERS).fetch_all(&pool).await.unwrap().len(), 100_000);
    }

    async fn a_read_repeated_gives_the_same_rows_whatever_thread_it_runs_on(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, half DOUBLE PRECISION, data BYTEA, odd BOOLEAN)").await;
        for id in 1..=1100_i64 {
            let insert = sqlx::query("INSERT INTO t VALUES ($1, $2, $3, $4, $5)");
            let insert = insert.bind(id).bind((id % 7 != 0).then(|| format!("näme {id}")));
            let insert = insert.bind(0.5 * f64::from(i32::try_from(id).unwrap())).bind(vec![0, u8::try_from(id % 256).unwrap()]);
            insert.bind(id % 2 == 1).execute(&pool).await.unwrap();
        }
        // Short, at the most that is run on the caller's thread, and above it.
        for most in [0_i64, 1, 65, 1023, 1024, 1025, 1100] {
            for _ in 0..8 {
                let query = sqlx::query("SELECT id, name, half, data, odd, id + 1 FROM t WHERE id <= $1 ORDER BY id");
                let rows = query.bind(most).fetch_all(&pool).await.unwrap();
                assert_eq!(rows.len(), usize::try_from(most).unwrap());
                for (row, id) in rows.iter().zip(1..) {
                    let name = (id % 7 != 0).then(|| format!("näme {id}"));
                    assert_eq!(row.get::<i64, _>("id"), id);
                    assert_eq!(row.get::<Option<String>, _>("name"), name);
                    assert!((row.get::<f64, _>(2) * 2.0 - f64::from(i32::try_from(id).unwrap())).abs() < f64::EPSILON);
                    assert_eq!(row.get::<Vec<u8>, _>(3), [0, u8::try_from(id % 256).unwrap()]);
                    assert_eq!(row.get::<bool, _>(4), id % 2 == 1);
                    assert_eq!(row.get::<i64, _>(5), id + 1);
                }
            }
        }
    }

    async fn short_reads_of_many_tasks_are_right_on_any_thread(test: TestDatabase) {
        let pool = pool(&test, 4).await;
        raw(&pool, "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT)").await;
        raw(
            &pool,
            "INSERT INTO t WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000) \
             SELECT i, 'name ' || i FROM n",
        )
        .await;
        let tasks: Vec<_> = (0..16_i64)
            .map(|task| {
                let pool = pool.clone();
                tokio::spawn(async move {
                    for number in 0..300 {
                        let id = (task * 61 + number) % 1000 + 1;
                        let query = sqlx::query_scalar("SELECT name FROM t WHERE id = $1").bind(id);
                        let name: String = query.fetch_one(&pool).await.unwrap();
                        assert_eq!(name, format!("name {id}"));
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
    }

    async fn a_row_that_is_kept_does_not_change_when_the_next_are_read(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (id BIGINT PRIMARY KEY, name TEXT, note TEXT)").await;
        let text = |id: i64, long: i64| match id % 7 {
            0 => None,
            1 => Some(String::new()),
            2 => Some(format!("ä{}", "x".repeat(usize::try_from(long).unwrap()))),
            _ => Some(format!("row {id}")),
        };
        for id in 0..200_i64 {
            let insert = sqlx::query("INSERT INTO t (id, name, note) VALUES ($1, $2, $3)").bind(id);
            insert.bind(text(id, 255)).bind(text(id + 3, 3000)).execute(&pool).await.unwrap();
        }
        // On SQLite some of these run on the caller's thread, and some on the connection's.
        for _ in 0..8 {
            let mut rows = sqlx::query("SELECT id, name, note FROM t ORDER BY id").fetch(&pool);
            let mut kept = Vec::new();
            while let Some(row) = rows.try_next().await.unwrap() {
                match row.get::<i64, _>(0) % 5 {
                    0 => kept.push(row.clone()),
                    1 | 2 => kept.push(row),
                    _ => {}
                }
            }
            assert_eq!(kept.len(), 120);
            for row in kept {
                let id = row.get(0);
                assert_eq!(row.get::<Option<String>, _>(1), text(id, 255), "{id}");
                assert_eq!(row.get::<Option<String>, _>(2), text(id + 3, 3000), "{id}");
            }
        }
    }
}
