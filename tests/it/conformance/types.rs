//! What a column keeps and refuses, and in which kind a value comes back.

use super::registry::{Case, differs, same};
use sqlx::AnyPool;

const ALL: &str = "CREATE TABLE ty_all (id BIGINT PRIMARY KEY, flag BOOLEAN, small SMALLINT, whole INTEGER, \
                   ratio DOUBLE PRECISION, body TEXT, name VARCHAR(9), raw BYTEA, uid UUID, made_at TIMESTAMPTZ, \
                   due DATE, price NUMERIC(20,8), doc JSONB)";

pub(super) const CASES: &[Case] = &[
    Case::sql(
        "varchar(2) refuses six characters",
        "type affinity",
        "CREATE TABLE ty_short (c VARCHAR(2))",
        &["INSERT INTO ty_short VALUES ('abcdef')"],
        same("refused: Data"),
    ),
    Case::sql(
        "a column of numbers refuses words",
        "type affinity",
        "CREATE TABLE ty_words (c BIGINT)",
        &["INSERT INTO ty_words VALUES ('seven')"],
        same("refused: Data"),
    ),
    Case::sql(
        "a number beyond a column's range is refused",
        "type affinity",
        "CREATE TABLE ty_range (c SMALLINT)",
        &["INSERT INTO ty_range VALUES (32768)"],
        same("refused: Data"),
    ),
    Case::sql(
        "a literal with a fraction is not kept as it is by a whole column",
        "type affinity",
        "CREATE TABLE ty_fraction (c BIGINT)",
        &[
            "INSERT INTO ty_fraction VALUES (1.5)",
            "SELECT c FROM ty_fraction",
        ],
        differs("whole from text", "refused: Data", "2"),
    ),
    Case::sql(
        "text that is a float with a whole value is not taken alike by a whole column",
        "type affinity",
        "CREATE TABLE ty_whole (c BIGINT)",
        &[
            "INSERT INTO ty_whole VALUES ('5.0')",
            "SELECT c FROM ty_whole",
        ],
        differs("whole from text", "5", "refused: Data"),
    ),
    Case::sql(
        "text goes into bytes on one engine only",
        "type affinity",
        "CREATE TABLE ty_bytes (c BYTEA)",
        &[
            "INSERT INTO ty_bytes VALUES ('x')",
            "SELECT c FROM ty_bytes",
        ],
        differs("bytes literals", "refused: Data", "x'78'"),
    ),
    Case::sql(
        "X'00' is bytes on one engine and a bit string on the other",
        "type affinity",
        "CREATE TABLE ty_bits (c BYTEA)",
        &[
            "INSERT INTO ty_bits VALUES (X'00')",
            "SELECT c FROM ty_bits",
        ],
        differs("bytes literals", "x'00'", "refused: Statement"),
    ),
    Case::sql(
        "upper case in a UUID is not canonical",
        "type affinity",
        "CREATE TABLE ty_upper (c UUID)",
        &[
            "INSERT INTO ty_upper VALUES ('0190163D-8694-739B-AEA5-966C26F8AD91')",
            "SELECT c FROM ty_upper",
        ],
        differs(
            "other spellings",
            "refused: Data",
            "'0190163d-8694-739b-aea5-966c26f8ad91'",
        ),
    ),
    Case::code(
        "SELECT * gives every type in the same kind",
        "columns that Any refuses",
        ALL,
        |pool| Box::pin(every_type(pool)),
        same(
            "1, true, -7, 70000, 0.5, 'ä😀', 'n', x'00ff', '0190163d-8694-739b-aea5-966c26f8ad91', \
             '2024-02-29T23:59:59.000001Z', '2024-02-29', '12345678901.1234', '{\"a\": 1}'; \
             2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL",
        ),
    ),
    Case::sql(
        "a column that can't travel is refused, with rows or without",
        "columns that Any refuses",
        "CREATE TABLE ty_empty (id BIGINT)",
        &["SELECT CAST(id AS INTERVAL) FROM ty_empty"],
        same("refused: Statement"),
    ),
    Case::migration(
        "types of one engine are refused in a migration",
        "columns that Any refuses",
        "",
        "CREATE TABLE ty_citext (c CITEXT)",
        same("refused: not portable"),
    ),
    Case::migration(
        "arrays are refused in a migration",
        "columns that Any refuses",
        "",
        "CREATE TABLE ty_array (c BIGINT[])",
        same("refused: not portable"),
    ),
    Case::sql(
        "a whole number is a condition on one engine only",
        "booleans",
        "",
        &["SELECT 'kept' WHERE 1"],
        differs("integer condition", "'kept'", "refused: Statement"),
    ),
    Case::sql(
        "1 goes into a boolean column on one engine only",
        "booleans",
        "CREATE TABLE ty_one (c BOOLEAN)",
        &["INSERT INTO ty_one VALUES (1)", "SELECT c FROM ty_one"],
        differs("boolean literals", "true", "refused: Statement"),
    ),
    Case::sql(
        "'true' goes into a boolean column on one engine only",
        "booleans",
        "CREATE TABLE ty_true (c BOOLEAN)",
        &[
            "INSERT INTO ty_true VALUES ('true')",
            "SELECT c FROM ty_true",
        ],
        differs("boolean literals", "refused: Data", "true"),
    ),
    Case::sql(
        "TRUE and FALSE are booleans in a column and in a condition",
        "booleans",
        "CREATE TABLE ty_words2 (id BIGINT, c BOOLEAN)",
        &[
            "INSERT INTO ty_words2 VALUES (1, TRUE), (2, FALSE), (3, NULL)",
            "SELECT id, c FROM ty_words2 WHERE c IS NOT FALSE AND c = TRUE OR NOT c ORDER BY id",
        ],
        same("1, true; 2, false"),
    ),
    Case::sql(
        "EXISTS and a CAST to BOOLEAN are booleans",
        "booleans",
        "",
        &["SELECT EXISTS (SELECT 1), CAST(1 > 2 AS BOOLEAN)"],
        same("true, false"),
    ),
    Case::sql(
        "a bare comparison is a number on SQLite",
        "booleans",
        "",
        &["SELECT count(*) > 0"],
        differs("boolean expressions", "1", "true"),
    ),
    Case::code(
        "a bound boolean goes in, compares and comes out",
        "booleans",
        "CREATE TABLE ty_bound (id BIGINT, c BOOLEAN)",
        |pool| Box::pin(bound_boolean(pool)),
        same("1 true, 0 false"),
    ),
];

async fn every_type(pool: AnyPool) -> Result<String, sqlx::Error> {
    let insert =
        "INSERT INTO ty_all VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)";
    sqlx::query(insert)
        .bind(1_i64)
        .bind(true)
        .bind(-7_i16)
        .bind(70_000_i32)
        .bind(0.5_f64)
        .bind("ä😀")
        .bind("n")
        .bind(vec![0_u8, 255])
        .bind("0190163d-8694-739b-aea5-966c26f8ad91")
        .bind("2024-02-29T23:59:59.000001Z")
        .bind("2024-02-29")
        .bind("12345678901.1234")
        .bind("{\"a\": 1}")
        .execute(&pool)
        .await?;
    sqlx::query("INSERT INTO ty_all (id) VALUES ($1)")
        .bind(2_i64)
        .execute(&pool)
        .await?;
    let rows = sqlx::query("SELECT * FROM ty_all ORDER BY id")
        .fetch_all(&pool)
        .await?;
    super::registry::show_rows(&rows)
}

async fn bound_boolean(pool: AnyPool) -> Result<String, sqlx::Error> {
    for (id, flag) in [(1_i64, true), (0, false)] {
        sqlx::query("INSERT INTO ty_bound VALUES ($1, $2)")
            .bind(id)
            .bind(flag)
            .execute(&pool)
            .await?;
    }
    let mut shown = Vec::new();
    for flag in [true, false] {
        let (id, read): (i64, bool) = sqlx::query_as("SELECT id, c FROM ty_bound WHERE c = $1")
            .bind(flag)
            .fetch_one(&pool)
            .await?;
        shown.push(format!("{id} {read}"));
    }
    Ok(shown.join(", "))
}
