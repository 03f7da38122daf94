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
}
