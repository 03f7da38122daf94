//! What is measured, the same for each of sqlx's databases.

use std::fmt::Write as _;

use crate::MANY_ROWS;

pub(crate) const SELECT: &str = "SELECT id, name, note, price, weight, stock FROM t WHERE id = $1";
pub(crate) const SELECT_MANY: &str =
    "SELECT id, name, note, price, weight, stock FROM t WHERE id <= $1";
pub(crate) const INSERT: &str =
    "INSERT INTO w (id, name, note, price, weight, stock) VALUES ($1, $2, $3, $4, $5, $6)";

pub(crate) const NAME: &str = "a short name";
pub(crate) const NOTE: &str = "a note that is longer than the name";
pub(crate) const PRICE: f64 = 12.25;
pub(crate) const WEIGHT: f64 = 0.125;

/// A row of either table.
pub(crate) type Item = (i64, String, String, f64, f64, i64);

/// An INSERT of so many rows with numbered parameters.
pub(crate) fn insert_values(rows: i64) -> &'static str {
    let head = INSERT.split_once('(').unwrap().0;
    let mut sql = format!("{head}(id, name, note, price, weight, stock) VALUES ");
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        let p: Vec<i64> = (1..=6).map(|column| row * 6 + column).collect();
        write!(
            sql,
            "{comma}(${}, ${}, ${}, ${}, ${}, ${})",
            p[0], p[1], p[2], p[3], p[4], p[5]
        )
        .unwrap();
    }
    sql.leak()
}

/// The same as `QueryBuilder` writes it.
pub(crate) fn insert_marks(rows: usize) -> &'static str {
    let head = INSERT.split_once('(').unwrap().0;
    let values = vec!["(?, ?, ?, ?, ?, ?)"; rows].join(", ");
    format!("{head}(id, name, note, price, weight, stock) VALUES {values}").leak()
}

/// The rows of a bulk insert as one JSON text.
pub(crate) fn json() -> String {
    let mut text = String::from("[");
    for number in 1..=MANY_ROWS {
        let comma = if number == 1 { "" } else { "," };
        let row = serde_json::json!({
            "id": number, "name": NAME, "note": NOTE, "price": PRICE, "weight": WEIGHT, "stock": -number
        });
        write!(text, "{comma}{row}").unwrap();
    }
    text.push(']');
    text
}

macro_rules! workload {
    ($module:ident, $database:ty) => {
        pub(crate) mod $module {
            use sqlx::{Pool, Row as _};

            use super::*;

            type Rows = Pool<$database>;

            pub(crate) async fn select(pool: Rows, number: u64) {
                let id = i64::try_from(number).unwrap() % crate::TABLE_ROWS + 1;
                let query = sqlx::query::<$database>(SELECT).bind(id);
                let row = query.fetch_one(&pool).await.unwrap();
                assert_eq!(row.get::<i64, _>(0), id);
            }

            /// As an application reads them: each row becomes a value when it comes.
            pub(crate) async fn select_many(pool: Rows, _number: u64) {
                let query = sqlx::query_as::<$database, Item>(SELECT_MANY).bind(MANY_ROWS);
                let items = query.fetch_all(&pool).await.unwrap();
                assert_eq!(items.len(), usize::try_from(MANY_ROWS).unwrap());
            }

            /// All rows first, and then their values.
            pub(crate) async fn select_then_read(pool: Rows, _number: u64) {
                let query = sqlx::query::<$database>(SELECT_MANY).bind(MANY_ROWS);
                let rows = query.fetch_all(&pool).await.unwrap();
                let items: Vec<Item> = rows
                    .iter()
                    .map(|row| {
                        let (price, weight) = (row.get(3), row.get(4));
                        (
                            row.get(0),
                            row.get(1),
                            row.get(2),
                            price,
                            weight,
                            row.get(5),
                        )
                    })
                    .collect();
                assert_eq!(items.len(), usize::try_from(MANY_ROWS).unwrap());
            }

            /// The rows as they come, which own their values.
            pub(crate) async fn fetch_many(pool: Rows, _number: u64) {
                let query = sqlx::query::<$database>(SELECT_MANY).bind(MANY_ROWS);
                let rows = query.fetch_all(&pool).await.unwrap();
                assert_eq!(rows.len(), usize::try_from(MANY_ROWS).unwrap());
            }

            pub(crate) async fn insert(pool: Rows, number: u64) {
                let number = i64::try_from(number).unwrap();
                let query = sqlx::query::<$database>(INSERT);
                let query = query.bind(number).bind(NAME).bind(NOTE);
                let query = query.bind(PRICE).bind(WEIGHT).bind(-number);
                query.execute(&pool).await.unwrap();
            }

            /// All rows in one transaction, so many a statement.
            pub(crate) async fn insert_many(pool: Rows, sql: &'static str, rows: i64) {
                let mut transaction = pool.begin().await.unwrap();
                for chunk in 0..MANY_ROWS / rows {
                    let mut query = sqlx::query::<$database>(sql);
                    for row in 0..rows {
                        let number = chunk * rows + row;
                        query = query.bind(number).bind(NAME).bind(NOTE);
                        query = query.bind(PRICE).bind(WEIGHT).bind(-number);
                    }
                    query.execute(&mut *transaction).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }

            /// All rows in one transaction, 200 a statement, as docs/portability.md recommends it.
            pub(crate) async fn insert_built(pool: Rows, _number: u64) {
                let numbers: Vec<i64> = (0..MANY_ROWS).collect();
                let mut transaction = pool.begin().await.unwrap();
                for numbers in numbers.chunks(200) {
                    let head = "INSERT INTO w (id, name, note, price, weight, stock) ";
                    let mut query = sqlx::QueryBuilder::<$database>::new(head);
                    query.push_values(numbers, |mut row, number| {
                        row.push_bind(*number).push_bind(NAME).push_bind(NOTE);
                        row.push_bind(PRICE).push_bind(WEIGHT).push_bind(-number);
                    });
                    query.build().execute(&mut *transaction).await.unwrap();
                }
                transaction.commit().await.unwrap();
            }

            /// All rows in one statement, from one JSON text.
            pub(crate) async fn insert_json(pool: Rows, sql: &'static str) {
                let query = sqlx::query::<$database>(sql).bind(json());
                let done = query.execute(&pool).await.unwrap();
                assert_eq!(done.rows_affected(), MANY_ROWS.unsigned_abs());
            }
        }
    };
}

workload!(any, sqlx::Any);
workload!(native_postgres, sqlx::Postgres);
workload!(native_sqlite, sqlx::Sqlite);

/// A variant of a subject: a workload over a pool, by so many tasks.
macro_rules! over {
    ($runtime:expr, $tasks:expr, $pool:expr, $module:ident::$work:ident) => {{
        let pool = $pool.clone();
        $crate::tasks::tasks($runtime, $tasks, move |number| {
            $crate::workload::$module::$work(pool.clone(), number)
        })
    }};
    ($runtime:expr, $tasks:expr, $pool:expr, $module:ident::$work:ident, $($given:expr),+) => {{
        let pool = $pool.clone();
        $crate::tasks::tasks($runtime, $tasks, move |_| {
            $crate::workload::$module::$work(pool.clone(), $($given),+)
        })
    }};
}
pub(crate) use over;
