use sqlx::Row as _;
use twinbase::database::Database;

async fn table(database: &Database) {
    let sql = "CREATE TABLE counted (id BIGINT NOT NULL PRIMARY KEY)";
    sqlx::query(sql).execute(database.pool()).await.unwrap();
}

async fn count(database: &Database) -> i64 {
    let row = sqlx::query("SELECT count(*) FROM counted")
        .fetch_one(database.pool())
        .await
        .unwrap();
    row.get(0)
}

async fn insert(conn: &mut sqlx::AnyConnection, id: i64) {
    let sql = "INSERT INTO counted (id) VALUES ($1)";
    let done = sqlx::query(sql).bind(id).execute(conn).await.unwrap();
    assert_eq!(done.rows_affected(), 1);
}

twinbase::on_both_engines! {
    async fn what_is_committed_is_seen_by_every_other_connection(database: TestDatabase) {
        let database = database.open();
        table(&database).await;
        let mut work = database.pool().begin().await.unwrap();
        insert(&mut work, 1).await;
        assert_eq!(count(&database).await, 0);
        work.commit().await.unwrap();
        assert_eq!(count(&database).await, 1);
        database.close().await;
    }

    async fn a_transaction_that_is_rolled_back_or_dropped_leaves_nothing(database: TestDatabase) {
        let database = database.open();
        table(&database).await;
        let mut work = database.pool().begin().await.unwrap();
        insert(&mut work, 1).await;
        work.rollback().await.unwrap();
        let mut work = database.pool().begin().await.unwrap();
        insert(&mut work, 2).await;
        drop(work);
        assert_eq!(count(&database).await, 0);
        // And the connection that it was on serves the next.
        let mut work = database.pool().begin().await.unwrap();
        insert(&mut work, 3).await;
        work.commit().await.unwrap();
        assert_eq!(count(&database).await, 1);
        database.close().await;
    }

    async fn many_tasks_at_once_lose_and_double_nothing(database: TestDatabase) {
        let database = database.open();
        table(&database).await;
        let tasks: Vec<_> = (0..40)
            .map(|id| {
                let database = database.clone();
                tokio::spawn(async move {
                    let mut conn = database.pool().acquire().await.unwrap();
                    insert(&mut conn, id).await;
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(count(&database).await, 40);
        database.close().await;
    }

    async fn a_closed_database_refuses_work(database: TestDatabase) {
        let database = database.open();
        table(&database).await;
        database.close().await;
        let error = database.pool().acquire().await.unwrap_err();
        assert!(matches!(error, sqlx::Error::PoolClosed), "{error:?}");
    }
}
