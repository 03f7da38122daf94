//! What one engine's SQL has and the other's has not, or means otherwise.

use super::registry::{Case, differs, same};

pub(super) const CASES: &[Case] = &[
    Case::sql(
        "a column that is not grouped is an error on PostgreSQL only",
        "dialect",
        "CREATE TABLE di_rows (id BIGINT PRIMARY KEY, kind TEXT, n BIGINT);\n\
         INSERT INTO di_rows VALUES (1, 'a', 10), (2, 'a', 10), (3, 'b', 30)",
        &["SELECT kind, n FROM di_rows GROUP BY kind ORDER BY kind"],
        differs(
            "columns that are not grouped",
            "'a', 10; 'b', 30",
            "refused: Statement",
        ),
    ),
    Case::sql(
        "grouped and aggregated columns are the same",
        "dialect",
        "",
        &[
            "SELECT kind, count(*), max(n) FROM di_rows GROUP BY kind HAVING count(*) > 0 ORDER BY kind",
        ],
        same("'a', 2, 10; 'b', 1, 30"),
    ),
    Case::sql(
        "an alias in WHERE is understood by SQLite only",
        "dialect",
        "",
        &["SELECT id, n * 2 AS twice FROM di_rows WHERE twice > 30"],
        differs("an alias in WHERE", "3, 60", "refused: Statement"),
    ),
    Case::sql(
        "an empty IN () is taken by SQLite only",
        "dialect",
        "",
        &["SELECT id FROM di_rows WHERE id IN ()"],
        differs("an empty IN ()", "", "refused: Statement"),
    ),
    Case::sql(
        "LIMIT -1 is no limit on SQLite and an error on PostgreSQL",
        "dialect",
        "",
        &["SELECT id FROM di_rows ORDER BY id LIMIT -1"],
        differs("a negative LIMIT", "1; 2; 3", "refused: Data"),
    ),
    Case::sql(
        "LIMIT and OFFSET are the same",
        "dialect",
        "",
        &["SELECT id FROM di_rows ORDER BY id LIMIT 1 OFFSET 1"],
        same("2"),
    ),
    Case::sql(
        "FOR UPDATE is a syntax error on SQLite",
        "FOR UPDATE",
        "",
        &["SELECT id FROM di_rows WHERE id = 1 FOR UPDATE"],
        differs("FOR UPDATE", "refused: Statement", "1"),
    ),
    Case::sql(
        "a common table expression that calls itself is the same",
        "portable DDL",
        "",
        &[
            "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < 4) SELECT max(i), count(*) FROM c",
        ],
        same("4, 4"),
    ),
    Case::sql(
        "a window function is the same",
        "portable DDL",
        "",
        &[
            "SELECT id, row_number() OVER (PARTITION BY kind ORDER BY id DESC) FROM di_rows ORDER BY id",
        ],
        same("1, 2; 2, 1; 3, 1"),
    ),
    Case::sql(
        "the least and the greatest of ids are of SQLite alone",
        "aggregates",
        "CREATE TABLE di_ids (u UUID, b BYTEA, f BOOLEAN)",
        &["SELECT min(u) FROM di_ids"],
        differs("min and max", "NULL", "refused: Statement"),
    ),
    Case::sql(
        "the least and the greatest of booleans are of SQLite alone",
        "aggregates",
        "",
        &["SELECT max(f) FROM di_ids"],
        differs("min and max", "NULL", "refused: Statement"),
    ),
    Case::sql(
        "the first of an order is the same",
        "aggregates",
        "",
        &[
            "INSERT INTO di_ids (u) VALUES ('0190163d-8694-739b-aea5-966c26f8ad91'), \
             ('00000000-0000-0000-0000-000000000001')",
            "SELECT u FROM di_ids ORDER BY u LIMIT 1",
        ],
        same("'00000000-0000-0000-0000-000000000001'"),
    ),
    Case::code(
        "a negative zero loses its sign on SQLite",
        "negative zero",
        "CREATE TABLE di_zero (f DOUBLE PRECISION)",
        |pool| {
            Box::pin(async move {
                let insert = "INSERT INTO di_zero VALUES ($1)";
                sqlx::query(insert).bind(-0.0_f64).execute(&pool).await?;
                let rows = sqlx::query("SELECT f FROM di_zero")
                    .fetch_all(&pool)
                    .await?;
                super::registry::show_rows(&rows)
            })
        },
        differs("negative zero", "0.0", "-0.0"),
    ),
    Case::sql(
        "a negative zero equals zero",
        "negative zero",
        "",
        &["SELECT count(*) FROM di_zero WHERE f = 0"],
        same("1"),
    ),
];
