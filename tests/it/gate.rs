//! NUMERIC columns in statements: what SQLite takes gives PostgreSQL's rows, the rest is an error.

use sqlx::{AnyConnection, AnyPool, AssertSqlSafe, Row};
use twinbase::config::Engine;
use twinbase::migration::translate::translate;
use twinbase::testing::TestDatabase;
use twinbase::types::Decimal;

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

/// Statements that both engines answer, and what they give.
const TAKEN: [(&str, &[&str]); 56] = [
    (
        "SELECT price FROM item WHERE price > 0.00001 AND price < 99999999999999 ORDER BY price",
        &["9", "10", "100"],
    ),
    (
        "SELECT sum(price) FROM item HAVING sum(price) IS NOT NULL",
        &["115.75"],
    ),
    (
        "SELECT price FROM item WHERE price > 5 ORDER BY price",
        &["9", "10", "100"],
    ),
    (
        "SELECT i.price AS p FROM item i WHERE 9.5 <= i.price ORDER BY p DESC",
        &["100", "10"],
    ),
    (
        "SELECT price p FROM item WHERE price IS NOT NULL ORDER BY item.price LIMIT 1",
        &["-3.25"],
    ),
    (
        "SELECT price FROM item WHERE price BETWEEN -4 AND 9.5 ORDER BY 1",
        &["-3.25", "9"],
    ),
    (
        "SELECT price FROM item WHERE NOT (price >= 9.0) AND price IS NOT NULL",
        &["-3.25"],
    ),
    (
        "SELECT price FROM item WHERE price IN (9.0, '10.0') ORDER BY price",
        &["9", "10"],
    ),
    (
        "SELECT price FROM item WHERE price NOT IN (9.0, 100) ORDER BY price",
        &["-3.25", "10"],
    ),
    (
        "SELECT price FROM item WHERE price IN (SELECT price FROM offer)",
        &["10"],
    ),
    (
        "SELECT price FROM item WHERE price = (SELECT max(price) FROM item)",
        &["100"],
    ),
    (
        "SELECT price FROM item WHERE (SELECT min(price) FROM item) = price",
        &["-3.25"],
    ),
    (
        "SELECT price FROM item WHERE price > tax ORDER BY price",
        &["9", "100"],
    ),
    (
        "SELECT price FROM item WHERE 9.7 BETWEEN tax AND price ORDER BY price",
        &["100"],
    ),
    (
        "SELECT price FROM item WHERE price IS NULL OR price = 9",
        &["9", "null"],
    ),
    (
        "SELECT price FROM item WHERE price IS DISTINCT FROM 9 AND id < 3",
        &["10"],
    ),
    (
        "SELECT price FROM item WHERE EXISTS (SELECT price FROM offer WHERE offer.price = item.price)",
        &["10"],
    ),
    (
        "SELECT i.price FROM item i JOIN offer o ON i.price = o.price",
        &["10"],
    ),
    ("SELECT price FROM item JOIN offer USING (price)", &["10"]),
    (
        "SELECT i.price FROM item i JOIN offer o ON i.price > o.price AND o.id = 2 ORDER BY i.price",
        &["10", "100"],
    ),
    (
        "SELECT DISTINCT price FROM item WHERE price > 0 ORDER BY price",
        &["9", "10", "100"],
    ),
    (
        "SELECT price FROM item WHERE price > 0 GROUP BY price ORDER BY price",
        &["9", "10", "100"],
    ),
    ("SELECT max(price) FROM item", &["100"]),
    ("SELECT min(price) AS price FROM item", &["-3.25"]),
    ("SELECT count(price) FROM item", &["4"]),
    (
        "SELECT count(DISTINCT price) FROM item HAVING count(*) > 1",
        &["4"],
    ),
    ("SELECT sum(price) FROM item", &["115.75"]),
    ("SELECT sum(DISTINCT tax) FROM item", &["20"]),
    (
        "SELECT sum(price) AS total FROM item WHERE price > 5 GROUP BY kind ORDER BY kind",
        &["19", "100"],
    ),
    (
        "SELECT sum(price) FILTER (WHERE price > 5) FROM item",
        &["119"],
    ),
    (
        "SELECT sum(price) OVER (ORDER BY price) FROM item WHERE price > 0 ORDER BY price",
        &["9", "19", "119"],
    ),
    (
        "SELECT sum(price) OVER (PARTITION BY kind ORDER BY id ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM item WHERE kind = 'a' ORDER BY id",
        &["9", "19"],
    ),
    ("SELECT sum(qty) FROM item WHERE price > 1000", &["null"]),
    ("SELECT sum(price) FROM item WHERE FALSE", &["null"]),
    (
        "SELECT count(*) FROM item WHERE CASE WHEN price > 5 THEN TRUE ELSE FALSE END",
        &["3"],
    ),
    (
        "SELECT count(*) FROM item GROUP BY kind HAVING count(price) > 1 ORDER BY kind",
        &["2", "2"],
    ),
    (
        "SELECT price FROM (SELECT price FROM item) AS x WHERE price > 9 ORDER BY price",
        &["10", "100"],
    ),
    (
        "WITH x AS (SELECT price AS p FROM item) SELECT p FROM x WHERE p > 9 ORDER BY p",
        &["10", "100"],
    ),
    (
        "WITH x (p) AS (SELECT price FROM item) SELECT p FROM x WHERE p > 9 ORDER BY x.p DESC",
        &["100", "10"],
    ),
    (
        "WITH x AS (SELECT max(price) AS top FROM item) SELECT top FROM x",
        &["100"],
    ),
    (
        "SELECT item.price FROM item, (SELECT max(price) AS top FROM item) AS x WHERE item.price = x.top",
        &["100"],
    ),
    (
        "SELECT price FROM item WHERE price > 0 UNION SELECT price FROM offer ORDER BY price",
        &["9", "9.00000001", "10", "100"],
    ),
    (
        "SELECT p FROM (SELECT price AS p FROM item UNION ALL SELECT price FROM offer) AS x WHERE p > 9 ORDER BY p",
        &["9.00000001", "10", "10", "100"],
    ),
    ("SELECT price FROM dear ORDER BY price", &["9", "10", "100"]),
    (
        "SELECT price FROM dear WHERE price > 9 ORDER BY dear.price",
        &["10", "100"],
    ),
    ("SELECT total FROM totals WHERE kind = 'a'", &["19"]),
    (
        "SELECT price FROM item WHERE CAST(price AS TEXT) = '9'",
        &["9"],
    ),
    (
        "SELECT (SELECT max(price) FROM offer) AS top FROM item WHERE id = 1",
        &["10"],
    ),
    (
        "SELECT qty + 1 FROM item WHERE price > 9 ORDER BY qty * 2",
        &["4", "8"],
    ),
    (
        "SELECT coalesce(qty, 0) FROM item i WHERE i.price = 9 AND coalesce(i.kind, '') = 'a'",
        &["2"],
    ),
    (
        "SELECT i.price FROM item i JOIN stock s ON s.item = i.id WHERE coalesce(s.price, '') = '7'",
        &["9"],
    ),
    (
        "SELECT sum(total) FROM (SELECT sum(price) AS total FROM item GROUP BY kind) AS x",
        &["115.75"],
    ),
    (
        "UPDATE item SET price = tax, tax = 1.5 WHERE price > 99 RETURNING price",
        &["9.5"],
    ),
    (
        "UPDATE item SET price = (SELECT max(price) FROM offer) WHERE id = 3 RETURNING price",
        &["10"],
    ),
    (
        "INSERT INTO offer (id, price) SELECT id + 10, price FROM item WHERE price = 9 RETURNING price",
        &["9"],
    ),
    (
        "INSERT INTO offer AS o (id, price) VALUES (1, '7.5') ON CONFLICT (id) DO UPDATE SET price = excluded.price WHERE o.price > 9 RETURNING price",
        &["7.5"],
    ),
];

/// Statements that PostgreSQL answers and SQLite would answer wrongly, with the name in the error.
const REFUSED: [(&str, &str); 58] = [
    (
        "SELECT id FROM item WHERE coalesce(price, 0) > 5",
        "coalesce()",
    ),
    (
        "SELECT id FROM item WHERE CASE WHEN id > 0 THEN price END > 5",
        "CASE",
    ),
    (
        "SELECT CASE id WHEN 1 THEN price ELSE tax END FROM item",
        "CASE",
    ),
    (
        "SELECT kind FROM item GROUP BY kind HAVING max(price) > 5",
        "max(price)",
    ),
    (
        "SELECT kind FROM item GROUP BY kind HAVING sum(price) > 5",
        "sum(price)",
    ),
    (
        "SELECT id FROM item ORDER BY coalesce(price, 0)",
        "coalesce()",
    ),
    ("SELECT price + 1 FROM item", "price"),
    ("SELECT 1 + price FROM item", "price"),
    ("SELECT price * qty FROM item", "price"),
    ("SELECT -price FROM item", "price"),
    ("SELECT i.price / 3 FROM item i", "i.price"),
    ("SELECT (price) % 3 FROM item", "price"),
    ("SELECT price || '' FROM item", "price"),
    ("SELECT avg(price) FROM item", "avg()"),
    ("SELECT round(price) FROM item", "round()"),
    ("SELECT abs(price) FROM item", "abs()"),
    ("SELECT nullif(price, 0) FROM item", "nullif()"),
    ("SELECT sum(price * qty) FROM item", "price"),
    ("SELECT sum(price) * 2 FROM item", "sum(price)"),
    ("SELECT sum(price) + sum(tax) FROM item", "sum(price)"),
    ("SELECT sum(coalesce(price, 0)) FROM item", "coalesce()"),
    (
        "SELECT kind FROM item GROUP BY kind ORDER BY max(price)",
        "max(price)",
    ),
    (
        "SELECT kind, sum(price) AS total FROM item GROUP BY kind ORDER BY total",
        "total",
    ),
    (
        "SELECT kind, sum(price) FROM item GROUP BY kind ORDER BY 2",
        "NUMERIC",
    ),
    (
        "SELECT kind, max(price) AS price FROM item GROUP BY kind ORDER BY price",
        "price",
    ),
    (
        "SELECT * FROM (SELECT kind, max(price) AS top FROM item GROUP BY kind) AS x WHERE top > 5",
        "top",
    ),
    (
        "SELECT * FROM (SELECT kind, max(price) AS top FROM item GROUP BY kind) AS x ORDER BY x.top",
        "x.top",
    ),
    (
        "SELECT max(top) FROM (SELECT max(price) AS top FROM item GROUP BY kind) AS x",
        "top",
    ),
    (
        "WITH x (k, top) AS (SELECT kind, sum(price) FROM item GROUP BY kind) SELECT k FROM x WHERE top > 5",
        "top",
    ),
    (
        "WITH x AS (SELECT sum(price) AS s FROM item), y AS (SELECT s AS t FROM x) SELECT t FROM y WHERE t > 5",
        "t is",
    ),
    (
        "SELECT x.top FROM item, (SELECT max(price) AS top FROM item) AS x WHERE x.top >= item.price",
        "x.top",
    ),
    (
        "SELECT id FROM item WHERE (SELECT price FROM offer WHERE id = 1) > 9",
        "price",
    ),
    (
        "SELECT id FROM item WHERE 9 < (SELECT max(price) FROM offer)",
        "price",
    ),
    (
        "SELECT id FROM item WHERE 9 IN (SELECT price FROM offer)",
        "price",
    ),
    ("SELECT id FROM item WHERE 9 IN (price, tax)", "price"),
    (
        "SELECT id FROM item WHERE (price, id) > (9, 1)",
        "row of values",
    ),
    ("SELECT id FROM item WHERE price > 5 + 4", "price"),
    ("SELECT id FROM item WHERE price > qty", "price"),
    ("SELECT id FROM item WHERE price > abs(-9)", "price"),
    (
        "SELECT id FROM item WHERE price BETWEEN 1 AND 9 * 2",
        "price",
    ),
    (
        "SELECT id FROM item WHERE price > 12345678901234567.5",
        "price",
    ),
    ("SELECT id FROM item WHERE price < 1e20", "price"),
    ("SELECT id FROM item WHERE price = 1.5e-7", "price"),
    ("SELECT CAST(price AS BIGINT) FROM item", "price"),
    ("SELECT CAST(price AS DOUBLE PRECISION) FROM item", "price"),
    (
        "SELECT price FROM item UNION ALL SELECT qty FROM item ORDER BY 1",
        "UNION",
    ),
    (
        "SELECT p FROM (SELECT NULL AS p UNION ALL SELECT price FROM item) AS x WHERE p > 9",
        "p is",
    ),
    (
        "SELECT p FROM (SELECT price AS p FROM item UNION ALL SELECT max(price) FROM item) AS x ORDER BY p",
        "p is",
    ),
    ("SELECT kind FROM totals WHERE total > 5", "total"),
    ("SELECT kind FROM totals ORDER BY total", "total"),
    ("SELECT price + 1 FROM dear", "price"),
    ("UPDATE item SET price = price + 1", "price"),
    ("UPDATE item SET price = $1 + 0.5", "price"),
    ("UPDATE item SET qty = 1 WHERE price * 2 > 5", "price"),
    (
        "DELETE FROM item WHERE coalesce(price, 0) > 500",
        "coalesce()",
    ),
    (
        "INSERT INTO offer (id, price) VALUES (20, 3 * 0.1)",
        "price",
    ),
    (
        "INSERT INTO offer (id, price) SELECT 21, price * 2 FROM item WHERE id = 1",
        "price",
    ),
    (
        "INSERT INTO offer AS o (id, price) VALUES (1, '1') ON CONFLICT (id) DO UPDATE SET price = o.price + excluded.price",
        "price",
    ),
];

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
