//! Text: matching, order, case, and what it may hold.

use super::registry::{Case, differs, same};
use sqlx::AnyPool;

pub(super) const CASES: &[Case] = &[
    Case::sql(
        "LIKE tells letters of either case apart",
        "LIKE",
        "",
        &[
            "SELECT CASE WHEN 'Apple' LIKE 'a%' THEN 'like' WHEN 'Apple' LIKE '_pp%' THEN 'own case' END",
        ],
        same("'own case'"),
    ),
    Case::sql(
        "LIKE with NULL is NULL, and NOT LIKE is its opposite",
        "LIKE",
        "",
        &[
            "SELECT CASE WHEN NULL LIKE '%' IS NULL AND 'a' LIKE NULL IS NULL AND 'a' NOT LIKE 'b%' THEN 'so' END",
        ],
        same("'so'"),
    ),
    Case::sql(
        "LIKE refuses numbers",
        "LIKE",
        "CREATE TABLE tx_number (n BIGINT);\nINSERT INTO tx_number VALUES (15)",
        &["SELECT n FROM tx_number WHERE n LIKE '1%'"],
        same("refused: Statement"),
    ),
    Case::sql(
        "a pattern of LIKE that ends with its escape is refused as data",
        "LIKE",
        "",
        &["SELECT CASE WHEN 'abc' LIKE 'ab\\' THEN 1 END"],
        same("refused: Data"),
    ),
    Case::sql(
        "LIKE in a CHECK and in a partial index is the same",
        "LIKE",
        "CREATE TABLE tx_check (c TEXT CONSTRAINT lower_a CHECK (c LIKE 'a%'));\n\
         CREATE UNIQUE INDEX tx_like_once ON tx_check (c) WHERE c LIKE '%x'",
        &[
            "INSERT INTO tx_check VALUES ('ax'), ('ay'), ('ay')",
            "INSERT INTO tx_check VALUES ('Ab')",
        ],
        same("refused: Check lower_a"),
    ),
    Case::sql(
        "LIKE with lower() on both sides is the same",
        "LIKE",
        "CREATE TABLE tx_like (c TEXT)",
        &[
            "INSERT INTO tx_like VALUES ('Apple'), ('BANANA'), ('a_b'), ('axb')",
            "SELECT c FROM tx_like WHERE lower(c) LIKE lower('A%') ORDER BY c",
        ],
        same("'Apple'; 'a_b'; 'axb'"),
    ),
    Case::sql(
        "a backslash escapes by default",
        "LIKE",
        "",
        &["SELECT c FROM tx_like WHERE c LIKE 'a\\_b'"],
        same("'a_b'"),
    ),
    Case::sql(
        "ESCAPE names another escape, or none",
        "LIKE",
        "",
        &["SELECT c FROM tx_like WHERE c LIKE 'a!_b' ESCAPE '!' AND 'a\\b' LIKE 'a\\_' ESCAPE ''"],
        same("'a_b'"),
    ),
    Case::sql(
        "text sorts by its bytes",
        "collation",
        "CREATE TABLE tx_sort (c TEXT)",
        &[
            "INSERT INTO tx_sort VALUES ('b'), ('B'), ('ä'), ('_'), ('😀'), ('')",
            "SELECT c FROM tx_sort ORDER BY c",
        ],
        same("''; 'B'; '_'; 'b'; 'ä'; '😀'"),
    ),
    Case::sql(
        "case folding changes ASCII letters alone",
        "collation",
        "",
        &["SELECT upper(c) FROM tx_sort WHERE c IN ('b', 'ä') ORDER BY c"],
        same("'B'; 'ä'"),
    ),
    Case::sql(
        "equality tells case and trailing blanks apart",
        "collation",
        "",
        &["SELECT c FROM tx_sort WHERE c = 'B' OR c = 'b '"],
        same("'B'"),
    ),
    Case::migration(
        "a collation of a column's own is refused",
        "collation",
        "",
        "CREATE TABLE tx_nocase (c TEXT COLLATE NOCASE)",
        same("refused: not portable"),
    ),
    Case::sql(
        "length and substr count characters",
        "collation",
        "",
        &["SELECT length('ä😀'), substr('ä😀b', 2, 1)"],
        same("2, '😀'"),
    ),
    Case::sql(
        "|| with NULL is NULL",
        "concatenation",
        "",
        &["SELECT 'a' || NULL, 'a' || coalesce(NULL, '') || 'b'"],
        same("NULL, 'ab'"),
    ),
    Case::sql(
        "concat() leaves NULL out",
        "concatenation",
        "",
        &["SELECT concat('a', NULL, 'b')"],
        same("'ab'"),
    ),
    Case::sql(
        "a name in double quotes that is no column is refused",
        "double quotes",
        "",
        &["SELECT \"no_such_column\" FROM tx_like"],
        same("refused: Statement"),
    ),
    Case::sql(
        "a value in double quotes is refused",
        "double quotes",
        "",
        &["SELECT c FROM tx_like WHERE c = \"Apple\""],
        same("refused: Statement"),
    ),
    Case::code(
        "NUL in text is refused when bound",
        "NUL and NaN",
        "CREATE TABLE tx_nul (c TEXT, f DOUBLE PRECISION)",
        |pool| {
            Box::pin(async move {
                let insert = "INSERT INTO tx_nul (c) VALUES ($1)";
                sqlx::query(insert).bind("a\0b").execute(&pool).await?;
                Ok(String::new())
            })
        },
        same("refused: Data"),
    ),
    Case::code(
        "NaN and the infinities are refused when bound",
        "NUL and NaN",
        "",
        |pool| Box::pin(not_finite(pool)),
        same("refused: Data; refused: Data; refused: Data"),
    ),
    Case::code(
        "bytes that are no UTF-8 do not become text alike",
        "invalid UTF-8",
        "CREATE TABLE tx_utf8 (c TEXT)",
        |pool| {
            Box::pin(async move {
                sqlx::query("INSERT INTO tx_utf8 VALUES (CAST($1 AS TEXT))")
                    .bind(vec![0xff_u8])
                    .execute(&pool)
                    .await?;
                let rows = sqlx::query("SELECT c FROM tx_utf8")
                    .fetch_all(&pool)
                    .await?;
                super::registry::show_rows(&rows)
            })
        },
        same("refused: Data"),
    ),
    Case::code(
        "the text of a column of bytes is of another form on each",
        "invalid UTF-8",
        "CREATE TABLE tx_bytes (b BYTEA)",
        |pool| {
            Box::pin(async move {
                sqlx::query("INSERT INTO tx_bytes VALUES ($1)")
                    .bind(vec![0xff_u8])
                    .execute(&pool)
                    .await?;
                let rows = sqlx::query("SELECT CAST(b AS TEXT) FROM tx_bytes")
                    .fetch_all(&pool)
                    .await?;
                super::registry::show_rows(&rows)
            })
        },
        differs("bytes as text", "refused: Data", "'\\xff'"),
    ),
    Case::sql(
        "names without quotes mean the same whatever their case",
        "case of identifiers",
        "",
        &["SELECT C FROM TX_LIKE WHERE c = 'axb'"],
        same("'axb'"),
    ),
    Case::sql(
        "a quoted name has to match its case on PostgreSQL only",
        "case of identifiers",
        "",
        &["SELECT \"C\" FROM tx_like WHERE c = 'axb'"],
        differs("quoted names", "'axb'", "refused: Statement"),
    ),
    Case::code(
        "a column's name keeps its capitals on SQLite only",
        "case of identifiers",
        "",
        |pool| {
            Box::pin(async move {
                use sqlx::{Column as _, Row as _};
                let row = sqlx::query("SELECT 1 AS Total").fetch_one(&pool).await?;
                Ok(row.column(0).name().to_owned())
            })
        },
        differs("names with capitals", "Total", "total"),
    ),
];

async fn not_finite(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut shown = Vec::new();
    for float in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let insert = sqlx::query("INSERT INTO tx_nul (f) VALUES ($1)").bind(float);
        let done = insert.execute(&pool).await;
        shown.push(done.map_or_else(|error| super::outcome::refused(&error), |_| "taken".into()));
    }
    Ok(shown.join("; "))
}
