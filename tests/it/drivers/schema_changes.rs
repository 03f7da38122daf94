use std::time::Duration;

use sqlx::any::AnyRow;
use sqlx::{AnyPool, AssertSqlSafe, Row as _};
use twinbase::config::Engine;
use twinbase::driver::ArgumentError;
use twinbase::testing::run;

use super::{argument_error, code, pool, raw, refused};

const SELECT: &str = "SELECT * FROM t WHERE a = $1";

async fn read(pool: &AnyPool, a: i64) -> AnyRow {
    sqlx::query(SELECT).bind(a).fetch_one(pool).await.unwrap()
}

twinbase::on_both_engines! {
    async fn a_statement_prepared_before_a_table_changed_gives_the_new_columns(test: TestDatabase) {
        let one = pool(&test, 1).await;
        let other = pool(&test, 1).await;
        raw(&one, "CREATE TABLE t (a BIGINT, b TEXT); INSERT INTO t VALUES (1, 'x')").await;
        // Whether another connection changed the table, or the one that has the statement.
        for changes in [&other, &one] {
            for _ in 0..5 {
                assert_eq!(read(&one, 1).await.len(), 2);
            }
            raw(changes, "ALTER TABLE t ADD COLUMN c BOOLEAN NOT NULL DEFAULT true").await;
            let rows = sqlx::query("SELECT * FROM t").fetch_all(&one).await.unwrap();
            assert_eq!(rows.len(), 1);
            assert!(rows[0].get::<bool, _>("c"));
            assert!(read(&one, 1).await.get::<bool, _>("c"));
            raw(changes, "ALTER TABLE t DROP COLUMN b").await;
            let row = read(&one, 1).await;
            assert_eq!(row.len(), 2);
            assert!(row.get::<bool, _>(1));
            raw(changes, "ALTER TABLE t RENAME COLUMN c TO d").await;
            assert!(read(&one, 1).await.get::<bool, _>("d"));
            raw(changes, "ALTER TABLE t DROP COLUMN d; ALTER TABLE t ADD COLUMN b TEXT").await;
        }
    }

    async fn a_statement_dropped_for_others_is_read_by_its_own_columns(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (5)").await;
        read(&pool, 5).await;
        for number in 0..100 {
            let other = AssertSqlSafe(format!("SELECT CAST({number} AS BIGINT)"));
            sqlx::query(other).fetch_one(&pool).await.unwrap();
        }
        raw(&pool, "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'new'").await;
        assert_eq!(read(&pool, 5).await.get::<String, _>("b"), "new");
    }

    async fn texts_that_differ_only_at_their_end_each_give_the_new_columns(test: TestDatabase) {
        // SQLite keeps one statement for them, which the loop makes it forget.
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT, price BIGINT); INSERT INTO t VALUES (5, 100)").await;
        let texts = ["SELECT * FROM t WHERE a = $1", "SELECT * FROM t WHERE a = $1\n"];
        for text in texts {
            let row = sqlx::query(text).bind(5_i64).fetch_one(&pool).await.unwrap();
            assert_eq!(row.get::<i64, _>("price"), 100);
        }
        for number in 0..300 {
            let other = AssertSqlSafe(format!("SELECT CAST({number} AS BIGINT)"));
            sqlx::query(other).fetch_one(&pool).await.unwrap();
        }
        raw(&pool, "ALTER TABLE t DROP COLUMN price").await;
        raw(&pool, "ALTER TABLE t ADD COLUMN quantity BIGINT DEFAULT 7").await;
        for text in texts {
            let row = sqlx::query(text).bind(5_i64).fetch_one(&pool).await.unwrap();
            assert_eq!(row.get::<i64, _>("quantity"), 7);
            assert!(row.try_get::<i64, _>("price").is_err());
        }
    }

    async fn a_table_that_was_made_anew_takes_arguments_of_its_new_types(test: TestDatabase) {
        let one = pool(&test, 1).await;
        let other = pool(&test, 1).await;
        raw(&one, "CREATE TABLE t (a BIGINT)").await;
        let insert = "INSERT INTO t (a) VALUES ($1)";
        // Whether another connection changed the table, or the one that has the statement.
        for changes in [&other, &one] {
            sqlx::query(insert).bind(5_i64).execute(&one).await.unwrap();
            refused(sqlx::query(insert).bind("x").execute(&one).await);
            raw(changes, "DROP TABLE t; CREATE TABLE t (a TEXT)").await;
            sqlx::query(insert).bind("x").execute(&one).await.unwrap();
            refused(sqlx::query(insert).bind(true).execute(&one).await);
            raw(changes, "DROP TABLE t; CREATE TABLE t (a BOOLEAN)").await;
            sqlx::query(insert).bind(true).execute(&one).await.unwrap();
            refused(sqlx::query(insert).bind("x").execute(&one).await);
            raw(changes, "DROP TABLE t; CREATE TABLE t (a BIGINT)").await;
        }
    }
}

#[test]
fn an_argument_that_the_new_column_would_round_is_refused_on_sqlite() {
    // PostgreSQL keeps the types of a prepared statement's parameters, and casts.
    run(Engine::Sqlite, |test| async move {
        let one = pool(&test, 1).await;
        let other = pool(&test, 1).await;
        raw(&one, "CREATE TABLE t (a BIGINT)").await;
        let insert = || sqlx::query("INSERT INTO t (a) VALUES ($1)").bind((1_i64 << 53) + 1);
        insert().execute(&one).await.unwrap();
        raw(&other, "DROP TABLE t; CREATE TABLE t (a DOUBLE PRECISION)").await;
        let error = refused(insert().execute(&one).await);
        assert!(
            matches!(argument_error(&error), ArgumentError::Inexact { .. }),
            "{error}"
        );
        // What a transaction does to a table is seen in it, and gone with it.
        let mut transaction = one.begin().await.unwrap();
        for sql in ["DROP TABLE t", "CREATE TABLE t (a BIGINT)"] {
            sqlx::query(sql).execute(&mut *transaction).await.unwrap();
        }
        insert().execute(&mut *transaction).await.unwrap();
        transaction.rollback().await.unwrap();
        let error = refused(insert().execute(&one).await);
        assert!(
            matches!(argument_error(&error), ArgumentError::Inexact { .. }),
            "{error}"
        );
    });
}

#[test]
fn a_column_that_changed_its_type_takes_arguments_of_the_new_one() {
    // SQLite changes no column's type.
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a BIGINT, b TEXT)").await;
        let insert = "INSERT INTO t (a, b) VALUES ($1, $2)";
        let uuid = "01890a5d-ac96-774b-bcce-b302099a8057";
        for a in [1_i64, 2] {
            let insert = sqlx::query(insert).bind(a).bind(uuid);
            insert.execute(&pool).await.unwrap();
            read(&pool, a).await;
            raw(
                &pool,
                "ALTER TABLE t ALTER COLUMN b TYPE UUID USING b::uuid",
            )
            .await;
        }
        raw(&pool, "DEALLOCATE ALL").await;
        read(&pool, 2).await;
    });
}

#[test]
fn a_stale_statement_in_a_transaction_fails_once_on_postgres() {
    // A failed transaction can't be mended, but the statement does not fail twice. SQLite prepares
    // again inside of the transaction.
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(
            &pool,
            "CREATE TABLE t (a BIGINT, b TEXT); INSERT INTO t VALUES (1, 'x')",
        )
        .await;
        read(&pool, 1).await;
        raw(&pool, "ALTER TABLE t ADD COLUMN c BIGINT").await;
        let mut transaction = pool.begin().await.unwrap();
        let stale = sqlx::query(SELECT).bind(1_i64);
        assert_eq!(
            code(&refused(stale.fetch_one(&mut *transaction).await)),
            "0A000"
        );
        transaction.rollback().await.unwrap();
        let mut transaction = pool.begin().await.unwrap();
        let again = sqlx::query(SELECT).bind(1_i64);
        assert_eq!(again.fetch_one(&mut *transaction).await.unwrap().len(), 3);
        transaction.commit().await.unwrap();
    });
}

#[test]
fn an_argument_that_fits_the_changed_column_is_taken() {
    run(Engine::Postgres, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE t (a REAL, b INTEGER)").await;
        let insert = "INSERT INTO t VALUES ($1, $2)";
        let first = sqlx::query(insert).bind(0.5_f64).bind(1_i64);
        first.execute(&pool).await.unwrap();
        raw(&pool, "ALTER TABLE t ALTER a TYPE DOUBLE PRECISION").await;
        let exact = sqlx::query(insert).bind(0.1_f64).bind(2_i64);
        exact.execute(&pool).await.unwrap();
        raw(&pool, "ALTER TABLE t ALTER b TYPE TEXT").await;
        let text = sqlx::query(insert).bind(0.1_f64).bind("zz");
        text.execute(&pool).await.unwrap();
        // In a transaction as well, which goes on.
        raw(&pool, "ALTER TABLE t ALTER b TYPE BIGINT USING length(b)").await;
        let mut transaction = pool.begin().await.unwrap();
        let misfit = sqlx::query(insert).bind("x").bind(3_i64);
        let error = refused(misfit.execute(&mut *transaction).await);
        assert!(matches!(
            argument_error(&error),
            ArgumentError::WrongKind { parameter: 1, .. }
        ));
        let fit = sqlx::query(insert).bind(0.1_f64).bind(3_i64);
        fit.execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    });
}

#[test]
fn a_read_beside_a_run_of_changes_to_its_table_succeeds_on_postgres() {
    run(Engine::Postgres, |test| async move {
        let (reader, changer) = (pool(&test, 1).await, pool(&test, 1).await);
        raw(
            &changer,
            "CREATE TABLE t (a BIGINT); INSERT INTO t VALUES (1)",
        )
        .await;
        let altering = tokio::spawn(async move {
            for _ in 0..100 {
                raw(&changer, "ALTER TABLE t ADD COLUMN b BIGINT").await;
                tokio::time::sleep(Duration::from_millis(2)).await;
                raw(&changer, "ALTER TABLE t DROP COLUMN b").await;
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        });
        while !altering.is_finished() {
            assert!((1..=2).contains(&read(&reader, 1).await.len()));
        }
        altering.await.unwrap();
    });
}
