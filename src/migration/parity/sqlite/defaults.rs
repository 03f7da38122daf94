//! What a default becomes in its column: `SQLite` turns it into the column's kind of value, and the column's
//! CHECK may refuse it, which every INSERT that leaves the column out would find.

use std::collections::HashMap;
use std::fmt::Write as _;

use sqlx::{AnyConnection, Connection as _, Executor as _, Row as _};

use super::columns::Raw;
use crate::driver::sqlite::Constraint;
use crate::migration::parity::model::{Column, Stored};
use crate::migration::translate::quote_name;
use crate::migration::translate::reading_back::Says;

const TABLE: &str = "_twinbase_parity";
const NUMERIC: &str = "NUMERIC_TEXT";

/// What `SQLite` has made so far of a default, by the table of one column that it was tried in.
#[derive(Debug, Default)]
pub(in crate::migration::parity) struct Tried(HashMap<String, Stored>);

impl Tried {
    /// Writes down what is stored of a column's literal.
    pub(super) async fn attempt(
        &mut self,
        conn: &mut AnyConnection,
        raw: &Raw,
        checks: &[&Constraint],
        column: &mut Column,
    ) -> Result<(), sqlx::Error> {
        let Some(default) = &mut column.default else {
            return Ok(());
        };
        if default.says != Says::Literal {
            return Ok(());
        }
        let name = quote_name(&raw.name);
        // The driver keeps quote() from a NUMERIC, whose values are texts.
        let declared = match raw.declared.get(..NUMERIC.len()) {
            Some(first) if first.eq_ignore_ascii_case(NUMERIC) => "TEXT",
            _ => &raw.declared,
        };
        let text = &default.expression.text;
        let mut create = format!("CREATE TABLE {TABLE} ({name} {declared} DEFAULT ({text}\n)");
        for check in checks.iter().filter(|check| check.columns == [&*raw.name]) {
            let _ = write!(create, " CHECK ({}\n)", check.condition);
        }
        create.push(')');
        default.stored = if let Some(known) = self.0.get(&create) {
            known.clone()
        } else {
            let stored = stored(conn, &create, &name).await?;
            self.0.insert(create, stored.clone());
            stored
        };
        Ok(())
    }
}

/// What a row without any value has in the only column of a table.
async fn stored(
    conn: &mut AnyConnection,
    create: &str,
    column: &str,
) -> Result<Stored, sqlx::Error> {
    let mut attempt = conn.begin_with("BEGIN").await?;
    let create = sqlx::AssertSqlSafe(create.to_owned());
    let stored = if attempt.execute(sqlx::raw_sql(create)).await.is_err() {
        Stored::AsWritten
    } else {
        let insert = format!("INSERT INTO {TABLE} DEFAULT VALUES");
        let insert = sqlx::raw_sql(sqlx::AssertSqlSafe(insert));
        if attempt.execute(insert).await.is_err() {
            Stored::Refused
        } else {
            let read = format!("SELECT quote({column}) FROM {TABLE}");
            // The driver may keep quote() from a type of its own.
            match attempt.fetch_one(sqlx::AssertSqlSafe(read)).await {
                Ok(row) => Stored::Literal(row.try_get(0)?),
                Err(_) => Stored::AsWritten,
            }
        }
    };
    attempt.rollback().await?;
    Ok(stored)
}
