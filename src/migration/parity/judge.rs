//! Whether two expressions are the same is PostgreSQL's to say: it reads both in the context of the same
//! table and writes each in its own spelling, with its own casts and parentheses.

use std::collections::HashMap;
use std::fmt::Write as _;

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use super::model::{Column, DefaultValue, Schema, Stored, Table};
use crate::config::Engine;
use crate::driver::sqlite::standard;
use crate::migration::translate::quote_name;
use crate::migration::translate::reading_back::Says;

/// What PostgreSQL has said so far, by the table with its columns, and the expression.
#[derive(Debug, Default)]
pub(super) struct Judge {
    spellings: HashMap<(String, String), Option<String>>,
    values: HashMap<[String; 3], bool>,
}

impl Judge {
    /// PostgreSQL's spelling of an expression over the columns of a table of its own; `None` where it
    /// does not take it.
    pub(super) async fn spelling(
        &mut self,
        conn: &mut AnyConnection,
        place: &Place,
        expression: &str,
    ) -> Result<Option<String>, sqlx::Error> {
        let key = (place.key.clone(), expression.to_owned());
        if let Some(known) = self.spellings.get(&key) {
            return Ok(known.clone());
        }
        let table = quote_name(&place.table);
        let add = format!(
            "ALTER TABLE {table} ADD CONSTRAINT _twinbase_parity CHECK (({expression}\n) IS NULL) NOT VALID"
        );
        let mut attempt = conn.begin_with("BEGIN").await?;
        let taken = attempt
            .execute(sqlx::raw_sql(sqlx::AssertSqlSafe(add)))
            .await;
        let spelling = match taken {
            Ok(_) => {
                // A table of the application's may have a constraint of that name.
                let row = sqlx::query(
                    "SELECT pg_get_expr(conbin, conrelid) FROM pg_constraint \
                     WHERE conname = '_twinbase_parity' AND conrelid = CAST(to_regclass($1) AS OID)",
                )
                .bind(table)
                .fetch_one(&mut *attempt)
                .await?;
                Some(row.try_get(0)?)
            }
            // A connection that was lost is told by the rollback.
            Err(_) => None,
        };
        attempt.rollback().await?;
        self.spellings.insert(key, spelling.clone());
        Ok(spelling)
    }

    /// Writes down PostgreSQL's spelling of every expression of an engine's table, which is read as if it
    /// stood at `place`.
    async fn spell(
        &mut self,
        conn: &mut AnyConnection,
        place: &Place,
        table: &mut Table,
        engine: Engine,
    ) -> Result<(), sqlx::Error> {
        for expression in table.expressions() {
            let text = match engine {
                Engine::Sqlite => standard(&expression.text),
                Engine::Postgres => expression.text.clone(),
            };
            expression.normal = self.spelling(conn, place, &text).await?;
        }
        Ok(())
    }

    /// Gives the defaults of SQLite that have the same value as PostgreSQL's the same text too.
    async fn even_out(
        &mut self,
        conn: &mut AnyConnection,
        postgres: &Table,
        sqlite: &mut Table,
    ) -> Result<(), sqlx::Error> {
        for column in &mut sqlite.columns {
            let same = |c: &&Column| c.name.eq_ignore_ascii_case(&column.name);
            let twin = postgres.columns.iter().find(same);
            let Some((declared, theirs)) =
                twin.and_then(|twin| Some((&twin.declared, twin.default.as_ref()?)))
            else {
                continue;
            };
            if let Some(ours) = &mut column.default
                && self.is_same_value(conn, declared, theirs, ours).await?
            {
                ours.expression.clone_from(&theirs.expression);
            }
        }
        Ok(())
    }

    async fn is_same_value(
        &mut self,
        conn: &mut AnyConnection,
        declared: &str,
        postgres: &DefaultValue,
        sqlite: &DefaultValue,
    ) -> Result<bool, sqlx::Error> {
        if postgres.says != sqlite.says || postgres.says != Says::Literal {
            return Ok(postgres.says == sqlite.says && postgres.says != Says::Expression);
        }
        let theirs = postgres.expression.text.clone();
        let ours = match &sqlite.stored {
            Stored::Literal(literal) => bytes(literal),
            Stored::AsWritten => bytes(&sqlite.expression.text),
            Stored::Refused => return Ok(false),
        };
        let key = [declared.to_owned(), theirs, ours];
        if let Some(known) = self.values.get(&key) {
            return Ok(*known);
        }
        let [_, theirs, ours] = &key;
        let compare = format!(
            "SELECT CAST(({theirs}) AS {declared}) IS NOT DISTINCT FROM CAST(({ours}\n) AS {declared})"
        );
        let mut attempt = conn.begin_with("BEGIN").await?;
        let same = match attempt.fetch_one(sqlx::AssertSqlSafe(compare)).await {
            Ok(row) => row.try_get(0)?,
            Err(_) => false,
        };
        attempt.rollback().await?;
        self.values.insert(key, same);
        Ok(same)
    }
}

/// SQLite's bytes as PostgreSQL writes them.
fn bytes(literal: &str) -> String {
    let hex = literal
        .strip_prefix(['X', 'x'])
        .and_then(|rest| rest.strip_prefix('\''));
    match hex {
        Some(hex) => format!("'\\x{hex}"),
        None => literal.to_owned(),
    }
}

/// A table of PostgreSQL's in which expressions are read.
pub(super) struct Place {
    table: String,
    /// The table with the types of its columns, by which an expression may come to mean something else.
    key: String,
}

impl Place {
    pub(super) fn new<'c>(
        table: &str,
        columns: impl IntoIterator<Item = (&'c str, &'c str)>,
    ) -> Self {
        let mut key = table.to_owned();
        for (name, declared) in columns {
            let _ = write!(key, "\n{name}\n{declared}");
        }
        Self {
            table: table.to_owned(),
            key,
        }
    }

    fn of(name: &str, table: &Table) -> Self {
        let columns = table.columns.iter();
        Self::new(name, columns.map(|c| (&c.name[..], &c.declared[..])))
    }
}

/// Has PostgreSQL read the expressions of both schemas.
pub(super) async fn settle(
    judge: &mut Judge,
    conn: &mut AnyConnection,
    postgres: &mut Schema,
    sqlite: &mut Schema,
) -> Result<(), sqlx::Error> {
    for (name, theirs) in &mut postgres.tables {
        let place = Place::of(name, theirs);
        judge.spell(conn, &place, theirs, Engine::Postgres).await?;
        let twin = sqlite
            .tables
            .iter_mut()
            .find(|(other, _)| other.eq_ignore_ascii_case(name));
        if let Some((_, ours)) = twin {
            judge.spell(conn, &place, ours, Engine::Sqlite).await?;
            judge.even_out(conn, theirs, ours).await?;
        }
    }
    Ok(())
}
