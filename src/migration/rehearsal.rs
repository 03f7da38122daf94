//! Tries the migrations out on an empty database: up, rows into the tables, down, up again.

use std::time::Duration;

use sqlx::{AnyConnection, Row as _};

use super::schema::Schema;
use super::{MigrationError, Runner, Step, difference, history};
use crate::config::Engine;

/// How one version fared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trial {
    /// The version's number.
    pub version: i64,
    /// The version's description.
    pub description: String,
    /// Whether it was undone and applied again; false where nothing undoes it.
    pub reversed: bool,
    /// The tables that had rows meanwhile.
    pub with_rows: Vec<String>,
    /// The tables into which no row could be put, and why.
    pub without_rows: Vec<(String, String)>,
    /// How long its first application took.
    pub took: Duration,
}

impl Runner {
    /// Applies each version to an empty database, puts rows into every table, undoes it, looks whether
    /// the schema is as before, and applies it again.
    ///
    /// Only for a database that is thrown away afterwards.
    ///
    /// # Errors
    /// The first version that fails in either direction; [`MigrationError::Irreversible`] where a version
    /// was not undone, or came out otherwise the second time; [`MigrationError::Unmanaged`] where the
    /// database is not empty.
    pub async fn rehearse(mut self, plan: &[Step]) -> Result<Vec<Trial>, MigrationError> {
        let result = self.run_rehearsal(plan).await;
        self.close().await;
        result
    }

    async fn run_rehearsal(&mut self, plan: &[Step]) -> Result<Vec<Trial>, MigrationError> {
        let unread = |source| MigrationError::History {
            doing: "read",
            source,
        };
        let tables = history::tables(&mut self.conn, self.engine)
            .await
            .map_err(unread)?;
        if !tables.is_empty() {
            return Err(MigrationError::Unmanaged { tables });
        }
        history::ensure(&mut self.conn, self.engine).await?;
        let mut trials = Vec::new();
        for step in plan {
            let before = Schema::read(&mut self.conn, self.engine)
                .await
                .map_err(unread)?;
            let took = self.apply(step).await?.unwrap_or_default();
            let after = Schema::read(&mut self.conn, self.engine)
                .await
                .map_err(unread)?;
            let (with_rows, without_rows) =
                fill(&mut self.conn, self.engine).await.map_err(unread)?;
            if let Some(down) = &step.down {
                self.undo(step, down).await?;
                let undone = Schema::read(&mut self.conn, self.engine)
                    .await
                    .map_err(unread)?;
                let what = "the schema after its down is not the one before it";
                refuse(
                    step,
                    what,
                    ("before it", &before),
                    ("after its down", &undone),
                )?;
                self.apply(step).await?;
                let again = Schema::read(&mut self.conn, self.engine)
                    .await
                    .map_err(unread)?;
                let what = "after its down it comes out otherwise the second time";
                refuse(
                    step,
                    what,
                    ("the first time", &after),
                    ("the second time", &again),
                )?;
            }
            trials.push(Trial {
                version: step.version,
                description: step.description.clone(),
                reversed: step.down.is_some(),
                with_rows,
                without_rows,
                took,
            });
        }
        Ok(trials)
    }
}

fn refuse(
    step: &Step,
    what: &'static str,
    (old, expected): (&str, &Schema),
    (new, found): (&str, &Schema),
) -> Result<(), MigrationError> {
    if expected.without_validity() == found.without_validity() {
        return Ok(());
    }
    Err(MigrationError::Irreversible {
        version: step.version,
        description: step.description.clone(),
        what,
        difference: difference::difference(old, &expected.text(), new, &found.text()),
    })
}

/// A column as far as a value for it needs it.
struct Column {
    name: String,
    declared: String,
    /// The table and column that it refers to.
    refers_to: Option<(String, String)>,
}

type Filled = (Vec<String>, Vec<(String, String)>);

/// Puts two rows into every table that is empty; parents before children, found by trying.
async fn fill(conn: &mut AnyConnection, engine: Engine) -> Result<Filled, sqlx::Error> {
    let mut waiting = history::tables(conn, engine).await?;
    let (mut with, mut without) = (Vec::new(), Vec::new());
    loop {
        let before = waiting.len();
        without.clear();
        let mut left = Vec::new();
        for table in waiting {
            let count = format!("SELECT count(*) FROM {}", quoted(&table));
            let rows: i64 = sqlx::query_scalar(sqlx::AssertSqlSafe(count))
                .fetch_one(&mut *conn)
                .await?;
            let mut failure = None;
            for number in 1..=2 {
                if rows == 0 && failure.is_none() {
                    let insert = insert(conn, engine, &table, number).await?;
                    let inserted = sqlx::query(sqlx::AssertSqlSafe(insert))
                        .execute(&mut *conn)
                        .await;
                    // A second row is more than some tables take (a key that refers).
                    failure = inserted.err().filter(|_| number == 1);
                }
            }
            match failure {
                None => with.push(table),
                Some(error) => {
                    without.push((table.clone(), error.to_string()));
                    left.push(table);
                }
            }
        }
        if left.is_empty() || left.len() == before {
            with.sort();
            return Ok((with, without));
        }
        waiting = left;
    }
}

async fn insert(
    conn: &mut AnyConnection,
    engine: Engine,
    table: &str,
    number: u32,
) -> Result<String, sqlx::Error> {
    let columns = columns(conn, engine, table).await?;
    let names: Vec<_> = columns.iter().map(|column| quoted(&column.name)).collect();
    let values: Vec<_> = columns
        .iter()
        .map(|column| match &column.refers_to {
            Some((parent, key)) => format!(
                "(SELECT {key} FROM {parent} ORDER BY 1 LIMIT 1 OFFSET {})",
                number - 1,
                key = quoted(key),
                parent = quoted(parent),
            ),
            None => value(&column.declared, engine, number),
        })
        .collect();
    Ok(format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quoted(table),
        names.join(", "),
        values.join(", ")
    ))
}

async fn columns(
    conn: &mut AnyConnection,
    engine: Engine,
    table: &str,
) -> Result<Vec<Column>, sqlx::Error> {
    let sql = match engine {
        Engine::Sqlite => {
            "SELECT x.name, x.type, f.\"table\", coalesce(f.\"to\", (SELECT k.name FROM pragma_table_info(f.\"table\") k WHERE k.pk = 1)) \
             FROM pragma_table_xinfo($1) x LEFT JOIN pragma_foreign_key_list($1) f ON f.\"from\" = x.name \
             WHERE x.hidden = 0"
        }
        Engine::Postgres => {
            "SELECT CAST(a.attname AS TEXT), format_type(a.atttypid, a.atttypmod), CAST(p.relname AS TEXT), \
             CAST(b.attname AS TEXT) FROM pg_attribute a \
             LEFT JOIN pg_constraint k ON k.conrelid = a.attrelid AND k.contype = 'f' AND a.attnum = ANY (k.conkey) \
             LEFT JOIN pg_class p ON p.oid = k.confrelid LEFT JOIN pg_attribute b ON b.attrelid = k.confrelid \
             AND b.attnum = k.confkey[array_position(k.conkey, a.attnum)] \
             WHERE a.attrelid = to_regclass(quote_ident($1)) AND a.attnum > 0 AND NOT a.attisdropped \
             AND a.attgenerated = '' AND a.attidentity <> 'a'"
        }
    };
    let rows = sqlx::query(sql).bind(table).fetch_all(conn).await?;
    rows.iter()
        .map(|row| {
            let (parent, key): (Option<String>, Option<String>) =
                (row.try_get(2)?, row.try_get(3)?);
            Ok(Column {
                name: row.try_get(0)?,
                declared: row.try_get(1)?,
                refers_to: parent.zip(key),
            })
        })
        .collect()
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// A value that a column of this type takes, as SQL; another for each number.
fn value(declared: &str, engine: Engine, number: u32) -> String {
    let lower = declared.to_lowercase();
    let is = |part: &str| lower.contains(part);
    if is("bool") {
        "TRUE".to_owned()
    } else if is("timestamp") {
        format!("'2024-01-0{number}T03:04:05.000006Z'")
    } else if is("date") {
        format!("'2024-01-0{number}'")
    } else if is("uuid") {
        format!("'00000000-0000-4000-8000-00000000000{number}'")
    } else if is("json") {
        format!("'{{\"n\":{number}}}'")
    } else if is("bytea") || is("blob") {
        match engine {
            Engine::Sqlite => format!("X'0{number}'"),
            Engine::Postgres => format!("decode('0{number}', 'hex')"),
        }
    } else if is("numeric") || is("decimal") {
        match engine {
            // It is text there, and one number has one spelling.
            Engine::Sqlite => format!("'0.{number}'"),
            Engine::Postgres => format!("0.{number}"),
        }
    } else if is("double") || is("real") || is("float") {
        format!("{number}.5")
    } else if is("int") || is("serial") {
        number.to_string()
    } else {
        format!("'{number}'")
    }
}
