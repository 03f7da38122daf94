//! Parameters: as many as the SQL has, in any Rust type, right every time.

use super::registry::{Case, differs, same, show_rows};
use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Any, AnyPool, AssertSqlSafe, Encode, QueryBuilder, Row as _, Type};
use sqlx_core::any::{AnyArgumentBuffer, AnyTypeInfo, AnyValueKind};
use std::sync::Arc;

pub(super) const CASES: &[Case] = &[
    Case::code(
        "the same text with other Rust types is right every time",
        "one text, several types",
        "CREATE TABLE pa_types (id BIGINT, n BIGINT, f DOUBLE PRECISION)",
        |pool| Box::pin(several_types(pool)),
        same("1, 1, 1.0; 2, 2, 2.5; 3, 3, 12345678.0; 4, 4, 4.0"),
    ),
    Case::code(
        "a parameter without a type takes the argument's",
        "one text, several types",
        "",
        |pool| {
            Box::pin(async move {
                let rows = sqlx::query("SELECT $1, $2, $3, $1")
                    .bind(5_i64)
                    .bind("five")
                    .bind(0.5_f64)
                    .fetch_all(&pool)
                    .await?;
                show_rows(&rows)
            })
        },
        same("5, 'five', 0.5, 5"),
    ),
    Case::code(
        "text bound to a whole column is taken by SQLite where it is a number",
        "arguments of another type",
        "CREATE TABLE pa_whole (n BIGINT)",
        |pool| {
            Box::pin(async move {
                let insert = "INSERT INTO pa_whole VALUES ($1)";
                sqlx::query(insert).bind("12345678").execute(&pool).await?;
                let rows = sqlx::query("SELECT n FROM pa_whole")
                    .fetch_all(&pool)
                    .await?;
                show_rows(&rows)
            })
        },
        differs("arguments of another type", "12345678", "refused: Data"),
    ),
    Case::code(
        "a whole float bound to a whole column is taken by SQLite",
        "arguments of another type",
        "CREATE TABLE pa_float (n BIGINT)",
        |pool| {
            Box::pin(async move {
                let insert = "INSERT INTO pa_float VALUES ($1)";
                sqlx::query(insert).bind(1.0_f64).execute(&pool).await?;
                let rows = sqlx::query("SELECT n FROM pa_float")
                    .fetch_all(&pool)
                    .await?;
                show_rows(&rows)
            })
        },
        differs("arguments of another type", "1", "refused: Data"),
    ),
    Case::code(
        "a number bound to a column of text becomes its digits",
        "arguments of another type",
        "CREATE TABLE pa_text (c TEXT)",
        |pool| {
            Box::pin(async move {
                let insert = "INSERT INTO pa_text VALUES ($1)";
                sqlx::query(insert).bind(7_i64).execute(&pool).await?;
                let rows = sqlx::query("SELECT c FROM pa_text")
                    .fetch_all(&pool)
                    .await?;
                show_rows(&rows)
            })
        },
        same("'7'"),
    ),
    Case::code(
        "a number bound to a boolean column is taken by SQLite",
        "arguments of another type",
        "CREATE TABLE pa_flag (c BOOLEAN)",
        |pool| {
            Box::pin(async move {
                let insert = "INSERT INTO pa_flag VALUES ($1)";
                sqlx::query(insert).bind(1_i64).execute(&pool).await?;
                let rows = sqlx::query("SELECT c FROM pa_flag")
                    .fetch_all(&pool)
                    .await?;
                show_rows(&rows)
            })
        },
        differs("arguments of another type", "true", "refused: Data"),
    ),
    Case::code(
        "a float that is no whole number is refused by a whole column",
        "arguments of another type",
        "CREATE TABLE pa_half (n BIGINT)",
        |pool| {
            Box::pin(async move {
                let insert = "INSERT INTO pa_half VALUES ($1)";
                sqlx::query(insert).bind(1.5_f64).execute(&pool).await?;
                Ok("taken".to_owned())
            })
        },
        same("refused: Data"),
    ),
    Case::code(
        "an i64 beyond a column's range is refused",
        "arguments of another type",
        "CREATE TABLE pa_range (n INTEGER)",
        |pool| {
            Box::pin(async move {
                let insert = "INSERT INTO pa_range VALUES ($1)";
                sqlx::query(insert)
                    .bind(2_147_483_648_i64)
                    .execute(&pool)
                    .await?;
                Ok("taken".to_owned())
            })
        },
        same("refused: Data"),
    ),
    Case::code(
        "a parameter that is not bound is an error",
        "parameters that are not bound",
        "",
        |pool| {
            Box::pin(async move {
                let rows = sqlx::query("SELECT $1, $2")
                    .bind(1_i64)
                    .fetch_all(&pool)
                    .await?;
                show_rows(&rows)
            })
        },
        same("refused: Statement"),
    ),
    Case::code(
        "a value too many is an error",
        "parameters that are not bound",
        "",
        |pool| {
            Box::pin(async move {
                let rows = sqlx::query("SELECT 1").bind(1_i64).fetch_all(&pool).await?;
                show_rows(&rows)
            })
        },
        same("refused: Statement"),
    ),
    Case::code(
        "shared text is an argument like any",
        "shared text",
        "",
        |pool| {
            Box::pin(async move {
                let text = Shared(Arc::from("shared"));
                let query = sqlx::query_scalar("SELECT CAST($1 AS TEXT)").bind(text);
                let read: String = query.fetch_one(&pool).await?;
                Ok(read)
            })
        },
        same("shared"),
    ),
    Case::code(
        "QueryBuilder works",
        "QueryBuilder",
        "CREATE TABLE pa_built (id BIGINT, c TEXT)",
        |pool| Box::pin(built(pool)),
        same("2, 'zwei?'"),
    ),
    Case::code(
        "32,766 parameters are taken",
        "number of parameters",
        "CREATE TABLE pa_many (n BIGINT)",
        |pool| Box::pin(many(pool, 32_766)),
        same("32766"),
    ),
    Case::code(
        "32,767 parameters are taken by PostgreSQL only",
        "number of parameters",
        "",
        |pool| Box::pin(many(pool, 32_767)),
        differs("number of parameters", "refused: Statement", "65533"),
    ),
    Case::code(
        "last_insert_id is of SQLite alone",
        "last_insert_id",
        "CREATE TABLE pa_last (id BIGINT, n BIGINT)",
        |pool| {
            Box::pin(async move {
                let insert = sqlx::query("INSERT INTO pa_last VALUES (7, 8)");
                Ok(format!(
                    "{:?}",
                    insert.execute(&pool).await?.last_insert_id()
                ))
            })
        },
        differs("last_insert_id", "Some(1)", "None"),
    ),
    Case::sql(
        "RETURNING gives the key",
        "last_insert_id",
        "",
        &["INSERT INTO pa_last VALUES (9, 10) RETURNING id"],
        same("9"),
    ),
    Case::code(
        "a cast by two colons is refused by SQLite",
        "two colons",
        "",
        |pool| {
            Box::pin(async move {
                let rows = sqlx::query("SELECT $1::text")
                    .bind("x")
                    .fetch_all(&pool)
                    .await?;
                show_rows(&rows)
            })
        },
        differs("two colons", "refused: Statement", "'x'"),
    ),
    Case::sql(
        "a column's cast by two colons is refused by SQLite",
        "two colons",
        "",
        &["SELECT id::text FROM pa_last WHERE id = 9"],
        differs("two colons", "refused: Statement", "'9'"),
    ),
    Case::code(
        "a statement sees a column that another connection added, renamed or dropped",
        "statements and ALTER TABLE",
        "CREATE TABLE pa_altered (a BIGINT, b TEXT);\nINSERT INTO pa_altered VALUES (1, 'x')",
        |pool| Box::pin(altered(pool)),
        same("1, 'x' | 1, 'x', true | 1, true | 1, true as d"),
    ),
];

/// Text as [`AnyValueKind::TextSlice`], which sqlx's own SQLite driver panics at.
struct Shared(Arc<str>);

impl Type<Any> for Shared {
    fn type_info() -> AnyTypeInfo {
        <str as Type<Any>>::type_info()
    }
}

impl Encode<'_, Any> for Shared {
    fn encode_by_ref(&self, buffer: &mut AnyArgumentBuffer) -> Result<IsNull, BoxDynError> {
        buffer.0.push(AnyValueKind::TextSlice(self.0.clone()));
        Ok(IsNull::No)
    }
}

async fn several_types(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    let insert = "INSERT INTO pa_types VALUES ($1, $2, $3)";
    let query = sqlx::query(insert).bind(1_i64).bind(1_i64).bind(1_i64);
    query.execute(&mut *connection).await?;
    let query = sqlx::query(insert).bind(2_i32).bind(2_i16).bind(2.5_f64);
    query.execute(&mut *connection).await?;
    let query = sqlx::query(insert)
        .bind(3_i64)
        .bind(3_i64)
        .bind(12_345_678_i32);
    query.execute(&mut *connection).await?;
    let query = sqlx::query(insert).bind(4_i16).bind(4_i64).bind(4.0_f32);
    query.execute(&mut *connection).await?;
    let rows = sqlx::query("SELECT * FROM pa_types ORDER BY id");
    show_rows(&rows.fetch_all(&mut *connection).await?)
}

async fn built(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut insert = QueryBuilder::<Any>::new("INSERT INTO pa_built ");
    insert.push_values([(1_i64, "eins"), (2, "zwei?")], |mut row, (id, c)| {
        row.push_bind(id).push_bind(c);
    });
    insert.build().execute(&pool).await?;
    let mut select = QueryBuilder::<Any>::new("SELECT * FROM pa_built WHERE c <> '?' AND id IN (");
    let mut list = select.separated(", ");
    list.push_bind(2_i64).push_bind(3_i64);
    select.push(")");
    show_rows(&select.build().fetch_all(&pool).await?)
}

async fn many(pool: AnyPool, count: i64) -> Result<String, sqlx::Error> {
    let places: Vec<_> = (1..=count).map(|at| format!("(${at})")).collect();
    let sql = format!("INSERT INTO pa_many VALUES {}", places.join(", "));
    let mut query = sqlx::query(AssertSqlSafe(sql));
    for value in 0..count {
        query = query.bind(value);
    }
    query.execute(&pool).await?;
    let total: i64 = sqlx::query_scalar("SELECT count(*) FROM pa_many")
        .fetch_one(&pool)
        .await?;
    Ok(total.to_string())
}

async fn altered(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut one = pool.acquire().await?;
    let mut other = pool.acquire().await?;
    let select = "SELECT * FROM pa_altered";
    let mut shown = Vec::new();
    for alter in [
        "SELECT 1",
        "ALTER TABLE pa_altered ADD COLUMN c BOOLEAN NOT NULL DEFAULT TRUE",
        "ALTER TABLE pa_altered DROP COLUMN b",
        "ALTER TABLE pa_altered RENAME COLUMN c TO d",
    ] {
        sqlx::query(alter).execute(&mut *other).await?;
        let rows = sqlx::query(select).fetch_all(&mut *one).await?;
        shown.push(show_rows(&rows)?);
        if rows[0].try_get::<bool, _>("d").is_ok() {
            shown.last_mut().unwrap().push_str(" as d");
        }
    }
    Ok(shown.join(" | "))
}
