//! What only one of two variants does.

use std::collections::BTreeSet;

use sqlparser::ast::{
    AlterTableOperation, CharacterLength, ColumnDef, ColumnOption, DataType, Spanned as _,
    Statement,
};
use sqlparser::tokenizer::Token;

use super::found::{Found, Sink};
use super::kind::Kind;
use super::live;
use super::model::{Model, folded, last};
use super::parse::{Parsed, Read};
use super::rule::own::UNPARSED;
use super::rule::portable::{VARIANT_COLLATION, VARIANT_TYPE, VARIANTS_DIFFER};
use crate::config::Engine;

/// Looks at a statement of a variant: whether it could be read, and the columns that it makes.
pub(super) fn check(read: &Read, engine: Engine, sink: &mut Sink<'_>) {
    let statement = match &read.ast {
        Ok(statement) => statement,
        Err(why) => {
            let is_known = match engine {
                Engine::Postgres => live::is_known(read),
                Engine::Sqlite => is_known_on_sqlite(read),
            };
            if !is_known {
                let what = format!("{}: {why}", read.statement.short());
                sink.add(&UNPARSED, read.statement.line, what);
            }
            return;
        }
    };
    match statement {
        Statement::CreateTable(create) => {
            for column in &create.columns {
                self::column(read, column, engine, sink);
            }
        }
        Statement::AlterTable(alter) => {
            for operation in &alter.operations {
                if let AlterTableOperation::AddColumn { column_def, .. } = operation {
                    column(read, column_def, engine, sink);
                }
            }
        }
        _ => {}
    }
}

/// What no rule has to look into.
fn is_known_on_sqlite(read: &Read) -> bool {
    let statement = &read.statement;
    statement.begins(&["PRAGMA"])
        || statement.begins(&["REINDEX"])
        || statement.begins(&["VACUUM"])
        || statement.begins(&["CREATE", "TRIGGER"])
        || statement.begins(&["CREATE", "TEMP", "TRIGGER"])
        || statement.begins(&["CREATE", "TEMPORARY", "TRIGGER"])
}

fn column(read: &Read, column: &ColumnDef, engine: Engine, sink: &mut Sink<'_>) {
    let line = read.line(column.span().start.line);
    let declared = &column.data_type;
    let name = folded(&column.name);
    let is_written = match engine {
        Engine::Postgres => is_written_for_postgres(declared),
        Engine::Sqlite => is_written_for_sqlite(declared),
    };
    if !is_written {
        let engine = engine.name();
        let what = format!("{name} {declared}, which the translator does not write for {engine}");
        sink.add(&VARIANT_TYPE, line, what);
    }
    let is_text = matches!(
        declared,
        DataType::Text | DataType::Varchar(_) | DataType::CharacterVarying(_)
    );
    let is_bytewise = column.options.iter().any(|option| {
        matches!(&option.option, ColumnOption::Collation(collation) if matches!(last(collation).as_str(), "C" | "POSIX"))
    });
    if engine == Engine::Postgres && is_text && !is_bytewise {
        sink.add(&VARIANT_COLLATION, line, format!("{name} {declared}"));
    }
}

/// `INT` is `INTEGER` there; limits are the translator's CHECKs, which neither cut nor round.
fn is_written_for_postgres(declared: &DataType) -> bool {
    !matches!(
        Kind::of(declared),
        Kind::Varchar(Some(_)) | Kind::Numeric(Some(_)) | Kind::Other
    )
}

fn is_written_for_sqlite(declared: &DataType) -> bool {
    const OWN: [&str; 6] = [
        "bytea_blob",
        "uuid_text",
        "timestamptz_text",
        "date_text",
        "numeric_text",
        "jsonb_text",
    ];
    match declared {
        DataType::Boolean
        | DataType::SmallInt(None)
        | DataType::Integer(None)
        | DataType::Int(None)
        | DataType::BigInt(None)
        | DataType::DoublePrecision
        | DataType::Text
        | DataType::Varchar(Some(CharacterLength::IntegerLength { .. })) => true,
        DataType::Custom(name, _) => OWN.contains(&last(name).as_str()),
        _ => false,
    }
}

/// The schemas before and after a version, on `PostgreSQL` and on `SQLite`.
pub(super) struct Differences<'a> {
    pub(super) before: (&'a Model, &'a Model),
    pub(super) after: (&'a Model, &'a Model),
}

/// The kind, the name, and that of the column where it is one.
type Object = (&'static str, String, String);
type Objects = BTreeSet<Object>;

fn objects(model: &Model) -> Objects {
    let mut objects = Objects::new();
    for (name, table) in &model.tables {
        objects.insert(("table", name.clone(), String::new()));
        for column in &table.columns {
            objects.insert(("column", name.clone(), column.name.clone()));
        }
    }
    for name in model.indexes.keys() {
        objects.insert(("index", name.clone(), String::new()));
    }
    for name in model.views.keys() {
        objects.insert(("view", name.clone(), String::new()));
    }
    objects
}

fn has(model: &Model, (kind, name, column): &Object) -> bool {
    match *kind {
        "index" => model.indexes.contains_key(name),
        "view" => model.views.contains_key(name),
        _ => model
            .tables
            .get(name)
            .is_some_and(|table| column.is_empty() || table.column(column).is_some()),
    }
}

impl Differences<'_> {
    /// Reports each object that one side has made or dropped, at the statement that did.
    pub(super) fn report(
        &self,
        postgres: &Parsed<'_>,
        sqlite: &Parsed<'_>,
        on_postgres: &mut Vec<Found>,
        on_sqlite: &mut Vec<Found>,
    ) {
        // What was not read may have done anything.
        let is_unread = |parsed: &Parsed<'_>| {
            parsed
                .statements
                .iter()
                .any(|read| read.ast.is_err() && !live::is_known(read))
        };
        if is_unread(postgres) || is_unread(sqlite) {
            return;
        }
        let before = (objects(self.before.0), objects(self.before.1));
        let after = (objects(self.after.0), objects(self.after.1));
        let sides = [
            (
                self.before.0,
                &before.0,
                &after.0,
                &after.1,
                postgres,
                on_postgres,
                "sqlite",
            ),
            (
                self.before.1,
                &before.1,
                &after.1,
                &after.0,
                sqlite,
                on_sqlite,
                "postgres",
            ),
        ];
        for (model, was, is, other, parsed, found, twin) in sides {
            for object in was.symmetric_difference(is) {
                let (kind, name, column) = object;
                let of_table = || ("table", name.clone(), String::new());
                if is.contains(object) == other.contains(object)
                    || *kind == "column" && is.contains(&of_table()) != other.contains(&of_table())
                {
                    continue;
                }
                let name = if column.is_empty() {
                    name.clone()
                } else {
                    format!("{name}.{column}")
                };
                let does = if is.contains(object) {
                    "makes"
                } else {
                    "drops"
                };
                let what = format!("it {does} the {kind} {name}, and its twin in {twin}/ does not");
                let (number, line) = place(parsed, model, object);
                Sink::new(found, number).add(&VARIANTS_DIFFER, line, what);
            }
        }
    }
}

/// The last statement that has made or dropped the object, and the line on which it names it.
fn place(parsed: &Parsed<'_>, before: &Model, object: &Object) -> (usize, usize) {
    let (_, name, column) = object;
    let name = if column.is_empty() {
        name.rsplit('.').next().unwrap_or(name)
    } else {
        column
    };
    let mut model = before.clone();
    let mut found = (0, 1);
    for (number, read) in parsed.statements.iter().enumerate() {
        let Ok(statement) = &read.ast else {
            continue;
        };
        let was = has(&model, object);
        model.apply(statement, 0);
        if has(&model, object) == was {
            continue;
        }
        let named = read.tokens.iter().find(|token| {
            matches!(&token.token, Token::Word(word) if word.value.eq_ignore_ascii_case(name))
        });
        let line = named.map_or(read.statement.line, |token| {
            read.line(token.span.start.line)
        });
        found = (number, line);
    }
    found
}
