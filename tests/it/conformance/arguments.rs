//! Arguments: in any Rust type, right every time, or refused.

use std::sync::Arc;

use sqlx::encode::IsNull;
use sqlx::error::BoxDynError;
use sqlx::{Any, AnyPool, Encode, Type};
use sqlx_core::any::{AnyArgumentBuffer, AnyTypeInfo, AnyValueKind};

use super::outcome::{refused, show};
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
        "text bound to a whole column is refused, a number or not",
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
        same("refused: Data"),
    ),
    Case::code(
        "a whole float bound to a whole column is refused",
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
        same("refused: Data"),
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
        "a number bound to a boolean column is refused",
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
        same("refused: Data"),
    ),
    Case::code(
        "an integer that a float would round is refused, stored or compared",
        "arguments of another type",
        "CREATE TABLE pa_exact (c DOUBLE PRECISION)",
        |pool| Box::pin(rounded(pool)),
        same("refused: Data, refused: Data, 9007199254740992.0"),
    ),
    Case::code(
        "a float, a boolean and bytes are no decimal and no text",
        "arguments of another type",
        "CREATE TABLE pa_kinds (n NUMERIC(20,8), c TEXT)",
        |pool| Box::pin(other_kinds(pool)),
        same("Data Data Data Data Data Data"),
    ),
    Case::code(
        "another spelling is bound as the value that it is",
        "arguments of another type",
        "CREATE TABLE pa_spelt (u UUID, at TIMESTAMPTZ, n NUMERIC(20,8))",
        |pool| Box::pin(spelt(pool)),
        same(
            "'0190163d-8694-739b-aea5-966c26f8ad91', '2024-02-29T11:00:00.000000Z', '5.5' found 1",
        ),
    ),
    Case::code(
        "a limit is a whole number that is not below zero, and NULL is none",
        "arguments of another type",
        "CREATE TABLE pa_limit (n BIGINT);\nINSERT INTO pa_limit VALUES (1), (2), (3)",
        |pool| Box::pin(limits(pool)),
        same("2, 2 3, 1 2 3, 2 3, Data, Data, Data"),
    ),
    Case::code(
        "what a CAST gets is of its type",
        "arguments of another type",
        "",
        |pool| Box::pin(cast(pool)),
        same("7, Data, Data, Data, 'true', '7', Data, true, Data, 0.5, Data"),
    ),
    Case::code(
        "what no row takes is refused by PostgreSQL only",
        "arguments of another type",
        "CREATE TABLE pa_none (n INTEGER, doc JSONB)",
        |pool| {
            Box::pin(async move {
                let update = sqlx::query("UPDATE pa_none SET n = $1, doc = $2");
                update
                    .bind(2_147_483_648_i64)
                    .bind("[1,]")
                    .execute(&pool)
                    .await?;
                Ok("taken".to_owned())
            })
        },
        differs("values that no row takes", "taken", "refused: Data"),
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

async fn rounded(pool: AnyPool) -> Result<String, sqlx::Error> {
    let inexact = (1_i64 << 53) + 1;
    let insert = "INSERT INTO pa_exact VALUES ($1)";
    let stored = sqlx::query(insert).bind(inexact).execute(&pool).await;
    let select = "SELECT c FROM pa_exact WHERE c = $1";
    let compared = sqlx::query(select).bind(inexact).fetch_all(&pool).await;
    sqlx::query(insert).bind(inexact - 1).execute(&pool).await?;
    let rows = sqlx::query(select).bind(inexact - 1).fetch_all(&pool);
    let outcomes = [stored.map(drop), compared.map(drop)].map(|result| match result {
        Ok(()) => "taken".to_owned(),
        Err(error) => refused(&error),
    });
    Ok(format!(
        "{}, {}",
        outcomes.join(", "),
        show_rows(&rows.await?)?
    ))
}

async fn other_kinds(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut shown = Vec::new();
    for insert in [
        "INSERT INTO pa_kinds (n) VALUES ($1)",
        "INSERT INTO pa_kinds (c) VALUES ($1)",
    ] {
        for query in [
            sqlx::query(insert).bind(0.5_f64),
            sqlx::query(insert).bind(true),
            sqlx::query(insert).bind(vec![55_u8]),
        ] {
            shown.push(kind(query.execute(&pool).await));
        }
    }
    Ok(shown.join(" "))
}

fn kind<T>(result: Result<T, sqlx::Error>) -> String {
    match result {
        Ok(_) => "taken".to_owned(),
        Err(error) => refused(&error).replace("refused: ", ""),
    }
}

async fn spelt(pool: AnyPool) -> Result<String, sqlx::Error> {
    let (uuid, at, n) = (
        "0190163D-8694-739B-AEA5-966C26F8AD91",
        "2024-02-29 13:00:00+02",
        "+5.50",
    );
    let insert = sqlx::query("INSERT INTO pa_spelt VALUES ($1, $2, $3)");
    insert.bind(uuid).bind(at).bind(n).execute(&pool).await?;
    let rows = sqlx::query("SELECT * FROM pa_spelt")
        .fetch_all(&pool)
        .await?;
    let found: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pa_spelt WHERE u = $1 AND at IN ($2) AND n >= $3")
            .bind(uuid)
            .bind(at)
            .bind(n)
            .fetch_one(&pool)
            .await?;
    Ok(format!("{} found {found}", show_rows(&rows)?))
}

async fn limits(pool: AnyPool) -> Result<String, sqlx::Error> {
    let select = "SELECT n FROM pa_limit ORDER BY n LIMIT $1 OFFSET $2";
    let none = None::<i64>;
    let mut shown = Vec::new();
    for query in [
        sqlx::query(select).bind(1_i64).bind(1_i64),
        sqlx::query(select).bind(none).bind(1_i64),
        sqlx::query(select).bind(none).bind(none),
        sqlx::query(select).bind(2_i32).bind(1_i16),
        sqlx::query(select).bind(-1_i64).bind(none),
        sqlx::query(select).bind(1.0_f64).bind(none),
        sqlx::query(select).bind(1_i64).bind("1"),
    ] {
        shown.push(match query.fetch_all(&pool).await {
            Ok(rows) => show_rows(&rows)?.replace("; ", " "),
            Err(error) => kind::<()>(Err(error)),
        });
    }
    Ok(shown.join(", "))
}

async fn cast(pool: AnyPool) -> Result<String, sqlx::Error> {
    let whole = "SELECT CAST($1 AS BIGINT)";
    let text = "SELECT CAST($1 AS TEXT)";
    let small = "SELECT CAST($1 AS SMALLINT)";
    let truth = "SELECT CAST($1 AS BOOLEAN)";
    let float = "SELECT CAST($1 AS DOUBLE PRECISION)";
    let mut shown = Vec::new();
    for query in [
        sqlx::query(whole).bind(7_i64),
        sqlx::query(whole).bind("7"),
        sqlx::query(whole).bind(7.0_f64),
        sqlx::query(whole).bind(true),
        sqlx::query(text).bind(true),
        sqlx::query(text).bind(7_i64),
        sqlx::query(small).bind(32_768_i64),
        sqlx::query(truth).bind(true),
        sqlx::query(truth).bind("true"),
        sqlx::query(float).bind(0.5_f64),
        sqlx::query(float).bind((1_i64 << 53) + 1),
    ] {
        shown.push(match query.fetch_one(&pool).await {
            Ok(row) => show(&row, 0)?,
            Err(error) => kind::<()>(Err(error)),
        });
    }
    Ok(shown.join(", "))
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
