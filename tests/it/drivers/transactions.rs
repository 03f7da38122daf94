use sqlx::error::ErrorKind;
use sqlx::{AnyConnection, Connection as _, Error, Executor as _};
use twinbase::config::Engine;
use twinbase::testing::run;

use super::{code, count, pool, raw, refused, text};

async fn insert(connection: &mut AnyConnection, value: i64) -> Result<(), Error> {
    let insert = sqlx::query("INSERT INTO t VALUES ($1)").bind(value);
    insert.execute(connection).await.map(drop)
}

const PARENT_AND_CHILD: &str = "CREATE TABLE p (id BIGINT PRIMARY KEY); \
    CREATE TABLE c (p BIGINT REFERENCES p (id) DEFERRABLE INITIALLY DEFERRED)";

twinbase::on_both_engines! {
    async fn nested_transactions_roll_back_alone(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (v BIGINT UNIQUE)").await;
        let mut outer = pool.begin().await.unwrap();
        insert(&mut outer, 1).await.unwrap();
        let mut nested = outer.begin().await.unwrap();
        let error = refused(insert(&mut nested, 1).await);
        let error = error.as_database_error().unwrap();
        assert!(error.is_unique_violation());
        assert_eq!(error.table(), Some("t"));
        assert_eq!(error.constraint(), Some("t_v_key"));
        nested.rollback().await.unwrap();
        let mut dropped = outer.begin().await.unwrap();
        insert(&mut dropped, 2).await.unwrap();
        drop(dropped);
        let mut kept = outer.begin().await.unwrap();
        insert(&mut kept, 3).await.unwrap();
        let mut inmost = kept.begin().await.unwrap();
        insert(&mut inmost, 4).await.unwrap();
        inmost.commit().await.unwrap();
        kept.commit().await.unwrap();
        outer.commit().await.unwrap();
        let kept: Vec<i64> = sqlx::query_scalar("SELECT v FROM t ORDER BY v").fetch_all(&pool).await.unwrap();
        assert_eq!(kept, [1, 3, 4]);
        let mut dropped = pool.begin().await.unwrap();
        dropped.execute("DELETE FROM t").await.unwrap();
        drop(dropped);
        assert_eq!(count(&pool, "t").await, 3);
    }

    async fn a_nested_begin_with_a_statement_is_refused_and_leaves_the_outer_transaction(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (v BIGINT)").await;
        let mut outer = pool.begin().await.unwrap();
        insert(&mut outer, 1).await.unwrap();
        let statement = match test.engine() {
            Engine::Sqlite => "BEGIN IMMEDIATE",
            Engine::Postgres => "BEGIN",
        };
        let nested = refused(outer.begin_with(statement).await);
        assert!(matches!(nested, Error::InvalidSavePointStatement), "{nested}");
        insert(&mut outer, 2).await.unwrap();
        outer.rollback().await.unwrap();
        assert_eq!(count(&pool, "t").await, 0);
    }

    async fn a_transaction_mended_with_a_savepoint_of_ones_own_commits(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (v BIGINT UNIQUE)").await;
        let mut transaction = pool.begin().await.unwrap();
        insert(&mut transaction, 1).await.unwrap();
        transaction.execute("SAVEPOINT mine").await.unwrap();
        refused(insert(&mut transaction, 1).await);
        transaction.execute("ROLLBACK TO SAVEPOINT mine").await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(count(&pool, "t").await, 1);
    }

    async fn a_transaction_begun_by_a_statement_that_failed_is_not_left_open(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let error = refused(pool.begin_with("BEGIN; SELECT * FROM nowhere").await);
        assert!(error.as_database_error().is_some(), "{error}");
        assert!(!pool.acquire().await.unwrap().is_in_transaction());
        raw(&pool, "CREATE TABLE t (v BIGINT)").await;
        // Another connection sees it.
        assert_eq!(count(&super::pool(&test, 1).await, "t").await, 0);
    }

    async fn a_begin_statement_that_begins_nothing_is_an_error(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let error = refused(pool.begin_with("SELECT 1").await);
        assert!(matches!(error, Error::BeginFailed), "{error}");
        assert_eq!(text(&pool, "SELECT 'alive'").await, "alive");
    }

    async fn a_begin_statement_of_ones_own_begins(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        let statement = match test.engine() {
            Engine::Sqlite => "BEGIN EXCLUSIVE",
            Engine::Postgres => "BEGIN ISOLATION LEVEL SERIALIZABLE",
        };
        let mut transaction = pool.begin_with(statement).await.unwrap();
        if test.engine() == Engine::Postgres {
            let level = sqlx::query_scalar("SHOW transaction_isolation");
            let level: String = level.fetch_one(&mut *transaction).await.unwrap();
            assert_eq!(level, "serializable");
        }
        transaction.execute("CREATE TABLE t (v BIGINT)").await.unwrap();
        transaction.commit().await.unwrap();
        assert_eq!(count(&pool, "t").await, 0);
    }

    async fn a_failed_deferred_commit_rolls_back(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, PARENT_AND_CHILD).await;
        let mut transaction = pool.begin().await.unwrap();
        transaction.execute("INSERT INTO c VALUES (1)").await.unwrap();
        let error = refused(transaction.commit().await);
        assert_eq!(error.as_database_error().unwrap().kind(), ErrorKind::ForeignKeyViolation);
        assert!(!pool.acquire().await.unwrap().is_in_transaction());
        assert_eq!(count(&pool, "c").await, 0);
    }

    async fn a_deferred_constraint_fails_even_when_a_row_was_returned(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, PARENT_AND_CHILD).await;
        let insert = sqlx::query("INSERT INTO c VALUES ($1) RETURNING p").bind(1_i64);
        let error = refused(insert.fetch_optional(&pool).await);
        assert_eq!(error.as_database_error().unwrap().kind(), ErrorKind::ForeignKeyViolation);
        assert_eq!(count(&pool, "c").await, 0);
    }
}

#[test]
fn commit_of_a_failed_transaction_is_an_error_on_postgres() {
    // There a failed statement ends the transaction; SQLite goes on with it.
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (v BIGINT UNIQUE)").await;
        let mut transaction = pool.begin().await.unwrap();
        insert(&mut transaction, 1).await.unwrap();
        refused(insert(&mut transaction, 1).await);
        assert_eq!(code(&refused(transaction.commit().await)), "25P02");
        assert_eq!(count(&pool, "t").await, 0);
    });
}

#[test]
fn a_transaction_begun_by_a_text_does_not_outlive_the_connections_use() {
    run(Engine::Postgres, |test| async move {
        let (own, other) = (pool(&test, 1).await, pool(&test, 1).await);
        raw(&own, "CREATE TABLE t (v BIGINT UNIQUE)").await;
        for begun in ["BEGIN", "/* a comment */ start transaction; SELECT 1"] {
            raw(&own, begun).await;
            let mut connection = own.acquire().await.unwrap();
            insert(&mut connection, 1).await.unwrap();
            drop(connection);
            assert_eq!(count(&other, "t").await, 1, "{begun}");
            raw(&own, "DELETE FROM t").await;
        }
        let prepared = sqlx::query("BEGIN READ ONLY");
        prepared.execute(&own).await.unwrap();
        insert(&mut own.acquire().await.unwrap(), 1).await.unwrap();
        // On one connection it stays, until a text ends it.
        let mut connection = own.acquire().await.unwrap();
        connection.execute("BEGIN").await.unwrap();
        insert(&mut connection, 2).await.unwrap();
        assert_eq!(count(&other, "t").await, 1);
        connection.execute("COMMIT").await.unwrap();
        assert_eq!(count(&other, "t").await, 2);
    });
}

#[test]
fn a_failed_text_that_began_a_transaction_leaves_none() {
    run(Engine::Postgres, |test| async move {
        let (own, other) = (pool(&test, 1).await, pool(&test, 1).await);
        raw(&own, "CREATE TABLE t (v BIGINT UNIQUE)").await;
        let mut connection = own.acquire().await.unwrap();
        let text = "BEGIN; INSERT INTO t VALUES (1); INSERT INTO t VALUES (1); COMMIT";
        let error = refused(connection.execute(sqlx::raw_sql(text)).await);
        assert!(error.as_database_error().unwrap().is_unique_violation());
        insert(&mut connection, 2).await.unwrap();
        drop(connection);
        let kept: Vec<i64> = sqlx::query_scalar("SELECT v FROM t")
            .fetch_all(&other)
            .await
            .unwrap();
        assert_eq!(kept, [2]);
    });
}
