//! `CREATE INDEX CONCURRENTLY`: the one statement that leaves half of its work behind when it fails.

use sqlx::{AnyConnection, Executor as _, Row as _};

use super::statement::Statement;
use super::written::written;

/// An index that is made without stopping writers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Concurrent {
    /// Its name as it has to be written, with the schema of its table where that is named.
    pub(super) name: String,
}

impl Concurrent {
    /// The index that a statement makes; `None` for another statement, or an index without a name.
    pub(super) fn of(statement: &Statement) -> Option<Self> {
        let mut words = statement.words.iter().map(String::as_str).peekable();
        if words.next() != Some("CREATE") {
            return None;
        }
        words.next_if_eq(&"UNIQUE");
        if words.next() != Some("INDEX") || words.next() != Some("CONCURRENTLY") {
            return None;
        }
        if words.next_if_eq(&"IF").is_some() {
            words.next();
            words.next();
        }
        let index = words.next().filter(|word| *word != "ON")?;
        if words.next() != Some("ON") {
            return None;
        }
        words.next_if_eq(&"ONLY");
        let table = words.next()?;
        // An index lives in the schema of its table.
        let upper = statement.sql.to_uppercase();
        let after_index = upper.split_once(&index.to_uppercase())?.1;
        let after_table = after_index.split_once(&table.to_uppercase())?.1;
        let (name, is_qualified) = (folded(index), after_table.starts_with('.'));
        Some(Self {
            name: if is_qualified {
                format!("{}.{name}", folded(table))
            } else {
                name
            },
        })
    }

    /// Whether the index is there and valid.
    pub(super) async fn is_valid(&self, conn: &mut AnyConnection) -> Result<bool, sqlx::Error> {
        Ok(self.validity(conn).await? == Some(true))
    }

    /// Drops what a failed or killed run left.
    pub(super) async fn drop_invalid(&self, conn: &mut AnyConnection) -> Result<(), sqlx::Error> {
        if self.validity(conn).await? == Some(false) {
            tracing::warn!(
                index = self.name,
                "dropping the invalid index that an earlier run left"
            );
            metrics::counter!("twinbase_migration_invalid_indexes_total").increment(1);
            let drop = format!("DROP INDEX CONCURRENTLY {}", self.name);
            conn.execute(sqlx::raw_sql(sqlx::AssertSqlSafe(drop)))
                .await?;
        }
        Ok(())
    }

    /// Whether the index is valid; `None` where there is none.
    async fn validity(&self, conn: &mut AnyConnection) -> Result<Option<bool>, sqlx::Error> {
        let sql = "SELECT indisvalid FROM pg_index WHERE indexrelid = to_regclass($1)";
        let sql = written(conn, sql, [self.name.as_str().into()]);
        let row = conn.fetch_optional(sql).await?;
        row.map(|row| row.try_get(0)).transpose()
    }
}

/// A name as the server keeps it: quoted ones stay, others are in lower case.
fn folded(name: &str) -> String {
    if name.starts_with('"') {
        name.to_owned()
    } else {
        name.to_lowercase()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Engine;
    use crate::migration::statement::split;

    #[test]
    fn the_name_is_found_wherever_it_may_stand() {
        for (sql, name) in [
            ("CREATE INDEX CONCURRENTLY a_b ON a (b)", Some("a_b")),
            (
                "create unique index concurrently if not exists A_b on only a (b)",
                Some("a_b"),
            ),
            (
                "CREATE INDEX CONCURRENTLY \"A b\" ON shop.a (b)",
                Some("shop.\"A b\""),
            ),
            ("CREATE INDEX CONCURRENTLY ON a (b)", None),
            ("CREATE INDEX a_b ON a (b)", None),
            ("DROP INDEX CONCURRENTLY a_b", None),
        ] {
            let statement = &split(sql, Engine::Postgres)[0];
            let found = Concurrent::of(statement).map(|index| index.name);
            assert_eq!(found.as_deref(), name, "{sql}");
        }
    }
}
