//! Parameters: as many as the SQL has, wherever they come from, and statements that outlive a table's
//! shape.

use sqlx::{Any, AnyPool, AssertSqlSafe, QueryBuilder, Row as _};

use super::registry::{Case, differs, same, show_rows};

pub(super) const CASES: &[Case] = &[
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
