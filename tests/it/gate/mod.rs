//! NUMERIC columns in statements: what SQLite takes gives PostgreSQL's rows, the rest is an error.

mod refused;
mod taken;

use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Row};
use twinbase::config::Engine;
use twinbase::migration::translate::translate;
use twinbase::testing::TestDatabase;
use twinbase::types::Decimal;

use refused::REFUSED;
use taken::TAKEN;

const TABLES: &str = "
    CREATE TABLE item (id BIGINT PRIMARY KEY, kind TEXT NOT NULL, price NUMERIC(20,8), tax NUMERIC(20,8), qty BIGINT NOT NULL);
    CREATE TABLE offer (id BIGINT PRIMARY KEY, price NUMERIC(20,8) NOT NULL, note TEXT);
    CREATE TABLE stock (item BIGINT PRIMARY KEY, price TEXT);
    INSERT INTO item VALUES (1, 'a', '9', '0.5', 2), (2, 'a', '10', '10', 3), (3, 'b', '-3.25', NULL, 1), (4, 'b', '100', '9.5', 7), (5, 'c', NULL, NULL, 0);
    INSERT INTO offer VALUES (1, '10', 'x'), (2, '9.00000001', NULL);
    INSERT INTO stock VALUES (1, '7');
    CREATE VIEW dear AS SELECT id, price FROM item WHERE price > 5;
    CREATE VIEW totals AS SELECT kind, sum(price) AS total FROM item GROUP BY kind;";

async fn tables(database: &TestDatabase) -> AnyPool {
    let engine = database.engine();
    let pool = database.open().pool().clone();
    let sql = translate(TABLES, engine).unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&pool)
        .await
        .unwrap();
    pool
}

/// The first column of the rows, as text.
async fn column(
    connection: &mut AnyConnection,
    sql: &'static str,
) -> Result<Vec<String>, sqlx::Error> {
    let rows = sqlx::query(sql).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let value: Option<Decimal> = row.try_get(0)?;
            Ok(value.map_or_else(|| "null".to_owned(), |value| value.to_string()))
        })
        .collect()
}

twinbase::on_both_engines! {
    async fn a_bare_numeric_column_means_the_same_on_both(database: TestDatabase) {
        let pool = tables(&database).await;
        let mut wrong = Vec::new();
        for (sql, expected) in TAKEN {
            // Twice: first it is prepared, then it comes from the cache.
            for _ in 0..2 {
                let mut transaction = pool.begin().await.unwrap();
                let found = column(&mut transaction, sql).await;
                transaction.rollback().await.unwrap();
                match found {
                    Ok(found) if found == *expected => {}
                    other => wrong.push(format!("{sql}: {other:?}")),
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        pool.close().await;
    }

    async fn what_sqlite_would_compute_wrongly_is_an_error_there(database: TestDatabase) {
        let pool = tables(&database).await;
        let mut wrong = Vec::new();
        for (sql, named) in REFUSED {
            for attempt in 0..2 {
                let mut transaction = pool.begin().await.unwrap();
                let mut query = sqlx::query(sql);
                if sql.contains("$1") {
                    query = query.bind("1.5".parse::<Decimal>().unwrap());
                }
                let result = query.fetch_all(&mut *transaction).await;
                transaction.rollback().await.unwrap();
                match (database.engine(), result) {
                    (Engine::Postgres, Ok(_)) => {}
                    (Engine::Sqlite, Err(error)) => {
                        let message = error.to_string();
                        if !message.contains(named) || !message.contains("NUMERIC") {
                            wrong.push(format!("{sql}: {message}"));
                        }
                    }
                    (_, other) => wrong.push(format!("{sql} ({attempt}): {:?}", other.map(|rows| rows.len()))),
                }
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
        pool.close().await;
    }

    async fn thousands_of_decimals_add_up_exactly(database: TestDatabase) {
        let pool = tables(&database).await;
        // Lehmer's generator, 48271 modulo 2^31 - 1: the same numbers in every run.
        let mut state = 1_i128;
        let mut next = || {
            state = state * 48_271 % 0x7fff_ffff;
            state
        };
        let mut total = 0_i128;
        let mut transaction = pool.begin().await.unwrap();
        for id in 0..3000_i64 {
            let units = (next() * next() - (1 << 61)) % 10_i128.pow(19);
            total += units;
            sqlx::query("INSERT INTO offer (id, price) VALUES ($1, $2)")
                .bind(100 + id)
                .bind(Decimal::from_units(units, 8).unwrap())
                .execute(&mut *transaction)
                .await
                .unwrap();
        }
        let sum: Decimal = sqlx::query_scalar("SELECT sum(price) FROM offer WHERE id >= 100")
            .fetch_one(&mut *transaction)
            .await
            .unwrap();
        assert_eq!(sum, Decimal::from_units(total, 8).unwrap());
        transaction.rollback().await.unwrap();
        pool.close().await;
    }
}
