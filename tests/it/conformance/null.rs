//! NULL: its order, its arguments, and keys.

use super::registry::{Case, differs, same};
use sqlx::AnyPool;

const ROWS: &str = "INSERT INTO no_order VALUES (1, NULL), (2, 5)";

pub(super) const CASES: &[Case] = &[
    Case::sql(
        "NULL comes first on SQLite and last on PostgreSQL",
        "order of NULL",
        "CREATE TABLE no_order (id BIGINT, n BIGINT)",
        &[ROWS, "SELECT id FROM no_order ORDER BY n"],
        differs("order of NULL", "1; 2", "2; 1"),
    ),
    Case::sql(
        "NULLS FIRST and NULLS LAST are understood alike",
        "order of NULL",
        "",
        &["SELECT id FROM no_order ORDER BY n DESC NULLS LAST"],
        same("2; 1"),
    ),
    Case::sql(
        "aggregates leave NULL out",
        "order of NULL",
        "",
        &["SELECT count(*), count(n), min(n), max(n) FROM no_order"],
        same("2, 1, 5, 5"),
    ),
    Case::sql(
        "several NULLs are not equal to a UNIQUE constraint",
        "order of NULL",
        "CREATE TABLE no_unique (n BIGINT UNIQUE)",
        &[
            "INSERT INTO no_unique VALUES (NULL), (NULL)",
            "SELECT count(*) FROM no_unique",
        ],
        same("2"),
    ),
    Case::sql(
        "a primary key is never NULL",
        "primary keys",
        "CREATE TABLE no_key (id TEXT PRIMARY KEY)",
        &["INSERT INTO no_key VALUES (NULL)"],
        same("refused: NotNull"),
    ),
    Case::sql(
        "an integer key does not make itself",
        "keys that make themselves",
        "CREATE TABLE no_self (id INTEGER PRIMARY KEY, n BIGINT)",
        &["INSERT INTO no_self (n) VALUES (1)"],
        same("refused: NotNull"),
    ),
    Case::code(
        "NULL of any Rust type goes anywhere, in any order of first use",
        "NULL arguments",
        "CREATE TABLE no_bound (b BOOLEAN, n BIGINT, f DOUBLE PRECISION, t TEXT, r BYTEA, u UUID, d DATE, p NUMERIC(9,2), j JSONB)",
        |pool| Box::pin(any_null(pool)),
        same("3 rows of NULL, then 0.5"),
    ),
    Case::sql(
        "IS compares any two values on SQLite only",
        "dialect",
        "",
        &["SELECT id FROM no_order WHERE n IS 5"],
        differs("IS", "2", "refused: Statement"),
    ),
    Case::sql(
        "IS NOT DISTINCT FROM compares NULL as a value",
        "dialect",
        "",
        &[
            "SELECT id FROM no_order WHERE n IS NOT DISTINCT FROM NULL OR n IS NOT DISTINCT FROM 5 ORDER BY id",
        ],
        same("1; 2"),
    ),
];

async fn any_null(pool: AnyPool) -> Result<String, sqlx::Error> {
    let each = "INSERT INTO no_bound VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let mut connection = pool.acquire().await?;
    sqlx::query(each)
        .bind(None::<f64>)
        .bind(None::<String>)
        .bind(None::<bool>)
        .bind(None::<i64>)
        .bind(None::<i32>)
        .bind(None::<f32>)
        .bind(None::<Vec<u8>>)
        .bind(None::<i16>)
        .bind(None::<bool>)
        .execute(&mut *connection)
        .await?;
    sqlx::query(each)
        .bind(None::<bool>)
        .bind(None::<f64>)
        .bind(None::<f64>)
        .bind(None::<Vec<u8>>)
        .bind(None::<String>)
        .bind(None::<twinbase::types::Uuid>)
        .bind(None::<twinbase::types::Date>)
        .bind(None::<twinbase::types::Decimal>)
        .bind(None::<String>)
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO no_bound (b, f) VALUES ($1, $2)")
        .bind(None::<i64>)
        .bind(None::<f64>)
        .execute(&mut *connection)
        .await?;
    sqlx::query("INSERT INTO no_bound (b, f) VALUES ($1, $2)")
        .bind(None::<i64>)
        .bind(0.5_f64)
        .execute(&mut *connection)
        .await?;
    let nulls: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM no_bound WHERE b IS NULL AND n IS NULL AND f IS NULL AND t IS NULL \
         AND r IS NULL AND u IS NULL AND d IS NULL AND p IS NULL AND j IS NULL",
    )
    .fetch_one(&mut *connection)
    .await?;
    let half: f64 = sqlx::query_scalar("SELECT f FROM no_bound WHERE f IS NOT NULL")
        .fetch_one(&mut *connection)
        .await?;
    Ok(format!("{nulls} rows of NULL, then {half}"))
}
