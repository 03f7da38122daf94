use sqlx::{AnyPool, Connection as _, Row as _};
use twinbase::config::Engine;
use twinbase::database::{ErrorKind, Violation};

use super::{count, pool, raw};

const INSERT: &str = "INSERT INTO t (id, n, note) VALUES ($1, $2, $3)";

async fn table(pool: &AnyPool) {
    raw(
        pool,
        "CREATE TABLE t (id BIGINT PRIMARY KEY, n BIGINT NOT NULL CONSTRAINT t_small CHECK (n < 1000), note TEXT)",
    )
    .await;
}

// On SQLite these run on the caller's thread once they have proven short, on PostgreSQL as ever.
twinbase::on_both_engines! {
    async fn a_write_that_has_proven_short_writes_what_it_wrote_before(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        table(&pool).await;
        let mut outer = pool.begin().await.unwrap();
        for id in 0..50_i64 {
            let mut part = outer.begin().await.unwrap();
            let done = sqlx::query(INSERT).bind(id).bind(id).bind("x").execute(&mut *part).await.unwrap();
            assert_eq!(done.rows_affected(), 1);
            let update = sqlx::query("UPDATE t SET n = n + $1 WHERE id = $2").bind(1_i64).bind(id);
            assert_eq!(update.execute(&mut *part).await.unwrap().rows_affected(), 1);
            let missing = sqlx::query("UPDATE t SET n = n + $1 WHERE id = $2").bind(1_i64).bind(-1_i64);
            assert_eq!(missing.execute(&mut *part).await.unwrap().rows_affected(), 0);
            let insert = "INSERT INTO t (id, n, note) VALUES ($1, $2, $3) RETURNING n, note";
            let row = sqlx::query(insert).bind(1000 + id).bind(7_i64).bind("y").fetch_one(&mut *part).await.unwrap();
            assert_eq!((row.get::<i64, _>(0), row.get::<String, _>(1)), (7, "y".to_owned()));
            let delete = sqlx::query("DELETE FROM t WHERE id = $1").bind(1000 + id);
            assert_eq!(delete.execute(&mut *part).await.unwrap().rows_affected(), 1);
            if id % 3 == 0 {
                part.rollback().await.unwrap();
            } else if id % 3 == 1 {
                part.commit().await.unwrap();
            } else {
                drop(part);
            }
        }
        outer.commit().await.unwrap();
        let kept: Vec<(i64, i64)> = sqlx::query_as("SELECT id, n FROM t ORDER BY id").fetch_all(&pool).await.unwrap();
        let expected: Vec<(i64, i64)> = (0..50).filter(|id| id % 3 == 1).map(|id| (id, id + 1)).collect();
        assert_eq!(kept, expected);
    }

    async fn its_errors_are_those_of_any_other(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        table(&pool).await;
        let mut outer = pool.begin().await.unwrap();
        for round in 0..20_i64 {
            sqlx::query(INSERT).bind(round).bind(1_i64).bind("x").execute(&mut *outer).await.unwrap();
            for (id, n, kind, constraint) in [
                (round, 1, ErrorKind::Unique, "t_pkey"),
                (5000, 1000, ErrorKind::Check, "t_small"),
            ] {
                let mut part = outer.begin().await.unwrap();
                let error = sqlx::query(INSERT).bind(id).bind(n).bind("x").execute(&mut *part).await.unwrap_err();
                assert_eq!(ErrorKind::of(&error), kind, "{error}");
                assert_eq!(Violation::of(&error).unwrap().constraint.as_deref(), Some(constraint));
                let error = sqlx::query("SELECT 1").fetch_one(&mut *part).await.map(drop).unwrap_err();
                assert_eq!(ErrorKind::of(&error), ErrorKind::TransactionFailed);
                part.rollback().await.unwrap();
            }
        }
        outer.commit().await.unwrap();
        assert_eq!(count(&pool, "t").await, 20);
    }

    async fn a_large_value_after_small_ones_is_written_whole(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        table(&pool).await;
        let large = "x".repeat(300_000);
        let mut outer = pool.begin().await.unwrap();
        for id in 0..10_i64 {
            sqlx::query(INSERT).bind(id).bind(1_i64).bind("x").execute(&mut *outer).await.unwrap();
        }
        sqlx::query(INSERT).bind(10_i64).bind(1_i64).bind(&large).execute(&mut *outer).await.unwrap();
        // Of a row that holds one, the others are written as well.
        for id in [1, 2, 3, 4, 10, 5, 10_i64] {
            let update = sqlx::query("UPDATE t SET n = n + $1 WHERE id = $2").bind(1_i64).bind(id);
            assert_eq!(update.execute(&mut *outer).await.unwrap().rows_affected(), 1);
        }
        outer.commit().await.unwrap();
        let row = sqlx::query("SELECT n, note FROM t WHERE id = 10").fetch_one(&pool).await.unwrap();
        assert_eq!((row.get::<i64, _>(0), row.get::<String, _>(1)), (3, large));
    }

    async fn a_list_of_rows_is_written_whole_or_not_at_all(test: TestDatabase) {
        let pool = pool(&test, 1).await;
        table(&pool).await;
        raw(&pool, "CREATE TABLE free (id BIGINT, note TEXT)").await;
        let insert = "INSERT INTO t (id, n, note) VALUES ($1, $2, $3), ($4, $5, $6), ($7, $8, $9) RETURNING id, note";
        let mut outer = pool.begin().await.unwrap();
        for round in 0..20_i64 {
            let id = 3 * round;
            let list = |second: i64, third: i64, note: &str| {
                let query = sqlx::query(insert).bind(id).bind(1_i64).bind("a");
                let query = query.bind(id + 1).bind(second).bind(note.to_owned());
                query.bind(third).bind(3_i64).bind("c")
            };
            for (second, third, kind) in [
                (2, id, ErrorKind::Unique),
                (1000, id + 2, ErrorKind::Check),
            ] {
                let mut part = outer.begin().await.unwrap();
                let error = list(second, third, "b").fetch_all(&mut *part).await.map(drop).unwrap_err();
                assert_eq!(ErrorKind::of(&error), kind, "{error}");
                part.rollback().await.unwrap();
                let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM t").fetch_one(&mut *outer).await.unwrap();
                assert_eq!(rows, id);
            }
            // Some of them are larger than what goes to the caller's thread.
            let note = "x".repeat([1, 60_000, 100_000][usize::try_from(round).unwrap() % 3]);
            let rows = list(2, id + 2, &note).fetch_all(&mut *outer).await.unwrap();
            let rows: Vec<(i64, String)> = rows.iter().map(|row| (row.get(0), row.get(1))).collect();
            assert_eq!(rows, [(id, "a".to_owned()), (id + 1, note.clone()), (id + 2, "c".to_owned())]);
            // Nothing of this table would undo a part.
            let free = sqlx::query("INSERT INTO free (id, note) VALUES ($1, $2), ($3, $4)");
            let free = free.bind(id).bind("a").bind(id + 1).bind(&note);
            assert_eq!(free.execute(&mut *outer).await.unwrap().rows_affected(), 2);
        }
        outer.commit().await.unwrap();
        assert_eq!((count(&pool, "t").await, count(&pool, "free").await), (60, 40));
        let lengths: Vec<(i64,)> =
            sqlx::query_as("SELECT CAST(length(note) AS BIGINT) FROM free WHERE id % 3 = 1 ORDER BY id").fetch_all(&pool).await.unwrap();
        let expected: Vec<_> = (0..20).map(|round| ([1, 60_000, 100_000][round % 3],)).collect();
        assert_eq!(lengths, expected);
    }
}

/// On SQLite alone: a table without a CHECK, where SQLite keeps what a statement has written before it meets
/// a limit.
#[test]
fn a_row_that_returning_makes_large_is_written_once() {
    twinbase::testing::run(Engine::Sqlite, |test| async move {
        let pool = pool(&test, 1).await;
        raw(&pool, "CREATE TABLE free (id INTEGER PRIMARY KEY, a TEXT)").await;
        let large = "x".repeat(40_000);
        let mut outer = pool.begin().await.unwrap();
        for (round, a) in ["a"; 10].into_iter().chain([large.as_str(); 3]).enumerate() {
            let insert =
                sqlx::query("INSERT INTO free (a) VALUES ($1) RETURNING id, a, a AS again");
            let row = insert.bind(a).fetch_one(&mut *outer).await.unwrap();
            assert_eq!(row.get::<i64, _>(0), i64::try_from(round).unwrap() + 1);
            assert_eq!(row.get::<String, _>(2), a);
        }
        for (round, a) in ["b"; 10].into_iter().chain([large.as_str(); 1]).enumerate() {
            let upsert = "INSERT INTO free (id, a) VALUES (1, $1) ON CONFLICT (id) DO UPDATE SET a = free.a || excluded.a \
                 RETURNING id, a, a AS again";
            let row = sqlx::query(upsert)
                .bind(a)
                .fetch_one(&mut *outer)
                .await
                .unwrap();
            let length = 1 + (round + 1).min(10) + a.len() * usize::from(round == 10);
            assert_eq!(row.get::<String, _>(2).len(), length);
        }
        outer.commit().await.unwrap();
        assert_eq!(count(&pool, "free").await, 13);
    });
}
