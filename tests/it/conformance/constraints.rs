//! Constraints, keys, and upserts.

use super::registry::{Case, differs, same};
use sqlx::AnyPool;

pub(super) const CASES: &[Case] = &[
    Case::sql(
        "a second row of the same key is refused",
        "portable DDL",
        "CREATE TABLE co_key (id BIGINT PRIMARY KEY, name TEXT, CONSTRAINT co_name UNIQUE (name))",
        &[
            "INSERT INTO co_key VALUES (1, 'a')",
            "INSERT INTO co_key VALUES (1, 'b')",
        ],
        same("refused: Unique"),
    ),
    Case::sql(
        "a second row of the same name is refused",
        "portable DDL",
        "",
        &["INSERT INTO co_key VALUES (2, 'a')"],
        same("refused: Unique"),
    ),
    Case::sql(
        "a CHECK is refused by its name",
        "portable DDL",
        "CREATE TABLE co_check (n BIGINT CONSTRAINT positive CHECK (n > 0))",
        &["INSERT INTO co_check VALUES (0)"],
        same("refused: Check positive"),
    ),
    Case::sql(
        "several broken rules are told in another order",
        "portable DDL",
        "CREATE TABLE co_several (n BIGINT, CONSTRAINT second CHECK (n > 0), CONSTRAINT first CHECK (n > 1))",
        &["INSERT INTO co_several VALUES (0)"],
        differs(
            "several broken rules",
            "refused: Check second",
            "refused: Check first",
        ),
    ),
    Case::sql(
        "a row without its parent is refused on every connection",
        "foreign keys",
        "CREATE TABLE co_parent (id BIGINT PRIMARY KEY);\n\
         CREATE TABLE co_child (id BIGINT PRIMARY KEY, parent BIGINT NOT NULL REFERENCES co_parent (id) ON DELETE CASCADE)",
        &["INSERT INTO co_child VALUES (1, 7)"],
        same("refused: ForeignKey"),
    ),
    Case::sql(
        "the children go with their parent",
        "foreign keys",
        "",
        &[
            "INSERT INTO co_parent VALUES (1)",
            "INSERT INTO co_child VALUES (1, 1)",
            "DELETE FROM co_parent WHERE id = 1",
            "SELECT count(*) FROM co_child",
        ],
        same("0"),
    ),
    Case::code(
        "foreign keys hold on each of many connections at once",
        "foreign keys",
        "",
        |pool| Box::pin(held_everywhere(pool)),
        same("4 of 4 refused: ForeignKey"),
    ),
    Case::migration(
        "a foreign key of another type than its target is taken by SQLite",
        "foreign keys' types",
        "",
        "CREATE TABLE co_wrong (parent TEXT REFERENCES co_parent (id))",
        differs("foreign keys' types", "taken", "refused: Statement"),
    ),
    Case::migration(
        "a deferrable UNIQUE is refused",
        "deferrable UNIQUE",
        "",
        "CREATE TABLE co_defer (n BIGINT UNIQUE DEFERRABLE INITIALLY DEFERRED)",
        same("refused: not portable"),
    ),
    Case::migration(
        "AUTOINCREMENT is refused",
        "keys that make themselves",
        "",
        "CREATE TABLE co_auto (id INTEGER PRIMARY KEY AUTOINCREMENT)",
        same("refused: not portable"),
    ),
    Case::migration(
        "SERIAL is refused",
        "keys that make themselves",
        "",
        "CREATE TABLE co_serial (id BIGSERIAL PRIMARY KEY)",
        same("refused: not portable"),
    ),
    Case::migration(
        "an identity column is refused",
        "keys that make themselves",
        "",
        "CREATE TABLE co_identity (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY)",
        same("refused: not portable"),
    ),
    Case::sql(
        "an upsert gives the row as it is now",
        "portable DDL",
        "CREATE TABLE co_upsert (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)",
        &[
            "INSERT INTO co_upsert VALUES (1, 1)",
            "INSERT INTO co_upsert VALUES (1, 5) ON CONFLICT (id) DO UPDATE SET n = co_upsert.n + excluded.n RETURNING id, n",
        ],
        same("1, 6"),
    ),
    Case::sql(
        "an upsert that meets the same key twice is taken by SQLite",
        "upsert twice",
        "",
        &[
            "INSERT INTO co_upsert VALUES (2, 1), (2, 2) ON CONFLICT (id) DO UPDATE SET n = excluded.n",
            "SELECT n FROM co_upsert WHERE id = 2",
        ],
        differs("upsert twice", "2", "refused: Statement"),
    ),
    Case::sql(
        "ON CONFLICT DO NOTHING gives no row and no error",
        "portable DDL",
        "",
        &["INSERT INTO co_upsert VALUES (1, 9) ON CONFLICT DO NOTHING RETURNING id"],
        same(""),
    ),
    Case::code(
        "rows of RETURNING are matched by their key",
        "order of RETURNING",
        "CREATE TABLE co_returning (id BIGINT PRIMARY KEY, n BIGINT NOT NULL)",
        |pool| {
            Box::pin(async move {
                let insert =
                    "INSERT INTO co_returning VALUES (3, 30), (1, 10), (2, 20) RETURNING id, n";
                let mut rows: Vec<(i64, i64)> = sqlx::query_as(insert).fetch_all(&pool).await?;
                rows.sort_unstable();
                Ok(format!("{rows:?}"))
            })
        },
        same("[(1, 10), (2, 20), (3, 30)]"),
    ),
    Case::sql(
        "an update counts what it changed and returns it",
        "order of RETURNING",
        "",
        &["UPDATE co_returning SET n = n + 1 WHERE id = 2 RETURNING n"],
        same("21"),
    ),
];

async fn held_everywhere(pool: AnyPool) -> Result<String, sqlx::Error> {
    let mut connections = Vec::new();
    for _ in 0..4 {
        connections.push(pool.acquire().await?);
    }
    let mut refusals = Vec::new();
    for (connection, id) in connections.iter_mut().zip(100_i64..) {
        let insert = sqlx::query("INSERT INTO co_child VALUES ($1, $1)").bind(id);
        if let Err(error) = insert.execute(&mut **connection).await {
            refusals.push(super::outcome::refused(&error));
        }
    }
    let count = refusals.len();
    refusals.dedup();
    Ok(format!("{count} of 4 {}", refusals.join(", ")))
}
