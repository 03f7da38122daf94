//! Arguments: in any Rust type, right every time, or refused.

use std::sync::Arc;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Any, AnyPool, Encode, Type};
use sqlx_core::any::{AnyArgumentBuffer, AnyTypeInfo, AnyValueKind};

use super::registry::{Case, differs, same, show_rows};

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
