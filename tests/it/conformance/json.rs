//! JSON: kept, and read in Rust.

use super::registry::{Case, differs, same};
use sqlx::AnyPool;
use twinbase::types::Json;

pub(super) const CASES: &[Case] = &[
    Case::code(
        "a document comes back as it went in",
        "JSON",
        "CREATE TABLE js_kept (doc JSONB)",
        |pool| Box::pin(kept(pool)),
        same("equal"),
    ),
    Case::sql(
        "text that is no JSON is refused",
        "JSON",
        "CREATE TABLE js_bad (doc JSONB)",
        &["INSERT INTO js_bad VALUES ('{a:1}')"],
        same("refused: Data"),
    ),
    Case::sql(
        "the text of a document is as written on SQLite and normalised on PostgreSQL",
        "JSON",
        "CREATE TABLE js_order (doc JSONB)",
        &[
            "INSERT INTO js_order VALUES ('{\"bb\":1,\"a\":2,\"a\":3}')",
            "SELECT doc FROM js_order",
        ],
        differs(
            "JSONB compares",
            "'{\"bb\":1,\"a\":2,\"a\":3}'",
            "'{\"a\": 3, \"bb\": 1}'",
        ),
    ),
    Case::sql(
        "documents are equal by text on SQLite and by value on PostgreSQL",
        "JSON",
        "CREATE TABLE js_equal (doc JSONB)",
        &[
            "INSERT INTO js_equal VALUES ('{\"a\": 1}'), ('{\"a\":1}')",
            "SELECT count(*) FROM (SELECT DISTINCT doc FROM js_equal) d",
        ],
        differs("JSONB compares", "2", "1"),
    ),
    Case::sql(
        "a member that is true comes out as 1 on SQLite",
        "JSON",
        "CREATE TABLE js_member (doc JSONB)",
        &[
            "INSERT INTO js_member VALUES ('{\"a\": true, \"n\": 7}')",
            "SELECT doc ->> 'a', doc ->> 'n' FROM js_member",
        ],
        differs("JSONB members", "1, 7", "'true', '7'"),
    ),
    Case::sql(
        "a member that is a document is JSON text on both",
        "JSON",
        "",
        &["SELECT doc -> 'n' FROM js_member"],
        same("'7'"),
    ),
    Case::sql(
        "a lone surrogate is refused by PostgreSQL only, when it is stored",
        "JSON",
        "CREATE TABLE js_lone (doc JSONB)",
        &["INSERT INTO js_lone VALUES ('\"\\ud800\"')"],
        differs("lone surrogates", "", "refused: Data"),
    ),
    Case::migration(
        "a key of JSONB is refused",
        "JSON",
        "",
        "CREATE TABLE js_key (doc JSONB PRIMARY KEY)",
        same("refused: not portable"),
    ),
    Case::code(
        "JSONB's question mark is an operator beside $1, on PostgreSQL only",
        "JSON",
        "",
        |pool| {
            Box::pin(async move {
                let rows = sqlx::query("SELECT $1 FROM js_member WHERE doc ? 'a'")
                    .bind(5_i64)
                    .fetch_all(&pool)
                    .await?;
                super::registry::show_rows(&rows)
            })
        },
        differs("JSONB operators", "refused: Statement", "5"),
    ),
];

async fn kept(pool: AnyPool) -> Result<String, sqlx::Error> {
    let sent =
        serde_json::json!({"t": true, "n": null, "list": [1, -0.5, "ä\u{1f600}"], "o": {"": {}}});
    sqlx::query("INSERT INTO js_kept VALUES ($1)")
        .bind(Json(sent.clone()))
        .execute(&pool)
        .await?;
    let query = sqlx::query_scalar("SELECT * FROM js_kept");
    let Json(read): Json<serde_json::Value> = query.fetch_one(&pool).await?;
    Ok(if read == sent {
        "equal".into()
    } else {
        read.to_string()
    })
}
