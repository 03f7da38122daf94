//! The statements that define columns: CREATE TABLE and ALTER TABLE … ADD COLUMN.

use super::column::{Column, Rule, TableConstraint};
use super::column_type::ColumnType;
use super::error::TranslateError;
use super::reader::Reader;

/// The columns that a statement defines.
#[derive(Debug)]
pub(super) struct Definition {
    /// The name of their table, without quotes and without a schema.
    pub(super) table: String,
    /// The columns.
    pub(super) columns: Vec<Column>,
    /// Whether the table is there already, with rows perhaps.
    pub(super) is_addition: bool,
}

/// Advice for what one engine alone has.
const VARIANT: &str = "leave it out, or write a variant of the migration for each engine";

/// The columns that the statement defines, or `None` where it is of another kind.
pub(super) fn columns(mut reader: Reader<'_, '_>) -> Result<Option<Definition>, TranslateError> {
    if reader.take_words(&["CREATE"]) {
        let options = reader.clone();
        let one_sided = reader.take_words(&["GLOBAL"])
            || reader.take_words(&["LOCAL"])
            || reader.take_words(&["UNLOGGED"]);
        let _ = reader.take_words(&["TEMPORARY"]) || reader.take_words(&["TEMP"]);
        if !reader.take_words(&["TABLE"]) {
            return Ok(None);
        }
        if one_sided {
            return Err(options.not_portable("this kind of table", VARIANT));
        }
        create_table(reader).map(Some)
    } else if reader.take_words(&["ALTER", "TABLE"]) {
        alter_table(reader)
    } else {
        Ok(None)
    }
}

fn create_table(mut reader: Reader<'_, '_>) -> Result<Definition, TranslateError> {
    reader.take_words(&["IF", "NOT", "EXISTS"]);
    let table = reader.table_name()?.folded().into_owned();
    if reader.at_word(&["AS"]) {
        return Err(reader.not_portable(
            "CREATE TABLE AS",
            "its columns have no declared types: write CREATE TABLE with columns, then INSERT … SELECT",
        ));
    }
    let items = reader.parenthesized("the columns in parentheses")?;
    if !reader.is_done() {
        return Err(reader.not_portable("what follows the columns", VARIANT));
    }
    let mut columns = Vec::new();
    let mut constraints = Vec::new();
    for item in items.split_commas() {
        match TableConstraint::read(item.clone())? {
            Some(constraint) => constraints.push(constraint),
            None => columns.push(Column::read(item)?),
        }
    }
    if let (Some(TableConstraint::UnnamedCheck), Some(last)) =
        (constraints.first(), columns.last_mut())
    {
        last.rules.push(Rule::EndsName);
    }
    for constraint in constraints {
        let (names, rule) = match constraint {
            TableConstraint::PrimaryKey(names) => (names, Rule::PrimaryKey),
            TableConstraint::Unique(names) => (names, Rule::Unique),
            TableConstraint::UnnamedCheck | TableConstraint::Other => continue,
        };
        for name in names {
            let name = name.folded();
            // A name that is no column is the engine's to refuse.
            for column in columns.iter_mut().filter(|column| column.name == name) {
                column.rules.push(rule);
            }
        }
    }
    refuse_json_keys(&columns)?;
    Ok(Definition {
        table,
        columns,
        is_addition: false,
    })
}

fn refuse_json_keys(columns: &[Column]) -> Result<(), TranslateError> {
    let is_key = |column: &&Column| {
        column.kind == ColumnType::Jsonb
            && (column.has(Rule::Unique) || column.has(Rule::PrimaryKey))
    };
    match columns.iter().find(is_key) {
        Some(column) => Err(TranslateError::NotPortable {
            position: column.position,
            what: "a key of JSONB".into(),
            advice: "PostgreSQL compares JSON by value and SQLite by its text: put what is unique into a column of its own",
        }),
        None => Ok(()),
    }
}

fn alter_table(mut reader: Reader<'_, '_>) -> Result<Option<Definition>, TranslateError> {
    if reader.at_word(&["ONLY"]) {
        return Err(reader.not_portable("ONLY", VARIANT));
    }
    if reader.at_word(&["IF"]) {
        return Err(reader.not_portable("ALTER TABLE IF EXISTS", VARIANT));
    }
    let table = reader.table_name()?.folded().into_owned();
    if let [_, second, ..] = reader.clone().split_commas().as_slice() {
        return Err(second.not_portable(
            "a second change in one ALTER TABLE",
            "write a statement for each",
        ));
    }
    if reader.at_word(&["ALTER"]) {
        return Err(reader.not_portable(
            "ALTER COLUMN",
            "SQLite has to rebuild the table: write a variant of the migration for each engine",
        ));
    }
    if !reader.take_words(&["ADD"]) || TableConstraint::read(reader.clone())?.is_some() {
        return Ok(None);
    }
    reader.take_words(&["COLUMN"]);
    if reader.at_word(&["IF"]) {
        return Err(reader.not_portable("ADD COLUMN IF NOT EXISTS", VARIANT));
    }
    let mut column = Column::read(reader)?;
    refuse_addition(&column)?;
    // SQLite puts it before the table's constraints, which may begin with such a CHECK.
    column.rules.push(Rule::EndsName);
    Ok(Some(Definition {
        table,
        columns: vec![column],
        is_addition: true,
    }))
}

/// What SQLite can't add to a table that may hold rows.
fn refuse_addition(column: &Column) -> Result<(), TranslateError> {
    let has_value = column
        .default
        .as_ref()
        .is_some_and(|default| !default.is_null());
    let computed = column
        .default
        .as_ref()
        .is_some_and(super::default::ColumnDefault::is_computed);
    let (what, advice) = if column.has(Rule::PrimaryKey) || column.has(Rule::Unique) {
        (
            "adding a column that is a key",
            "add the column, then CREATE UNIQUE INDEX",
        )
    } else if computed {
        (
            "adding a column with a computed default",
            "add it without the default, then UPDATE the rows",
        )
    } else if column.has(Rule::NotNull) && !has_value {
        (
            "adding a NOT NULL column without a default",
            "give it a DEFAULT, which the rows that exist will have",
        )
    } else if column.has(Rule::References) && has_value {
        (
            "adding a foreign key with a default",
            "add it without the default, then UPDATE the rows",
        )
    } else {
        return Ok(());
    };
    Err(TranslateError::NotPortable {
        position: column.position,
        what: what.into(),
        advice,
    })
}
