//! What stops a `PostgreSQL` that is in use, found in the text that runs there.

mod alter;
mod columns;
mod defaults;
mod rows;
mod types;
mod words;

use sqlparser::ast::{
    CreateIndex, ObjectName, ObjectType, Spanned as _, Statement, UserDefinedTypeRepresentation,
};
use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Span, Token};

use super::super::directive::is_transactional;
use super::found::Sink;
use super::model::{Model, key, last};
use super::parse::{Parsed, Read};
use super::rule::Rule;
use super::rule::live::{
    CONCURRENTLY_IN_TRANSACTION, CREATE_TRIGGER, DROP_INDEX_WITHOUT_CONCURRENTLY, DROP_TABLE,
    ENUM_VALUE_IN_SAME_TRANSACTION, INDEX_WITHOUT_CONCURRENTLY, TRUNCATE, WORK_AFTER_LOCK,
};
use super::standard::is_keyword;

pub(super) use words::is_known;

/// A file, and what its statements have done so far.
pub(super) struct File {
    version: i64,
    transactional: bool,
    /// The first table that a statement has locked, and its line.
    locked: Option<(String, usize)>,
    /// Enums that it has made.
    enums: Vec<String>,
    /// Values that it has added to enums that were there.
    values: Vec<String>,
    /// The views that it makes, each with the number of its statement.
    views: Vec<(usize, String)>,
}

impl File {
    pub(super) fn new(version: i64, source: &str, running: &Parsed<'_>) -> Self {
        let statements = running.statements.iter().enumerate();
        let views = statements.filter_map(|(number, read)| match &read.ast {
            Ok(Statement::CreateView(view)) => Some((number, key(&view.name))),
            _ => None,
        });
        Self {
            version,
            transactional: is_transactional(source),
            locked: None,
            enums: Vec::new(),
            values: Vec::new(),
            views: views.collect(),
        }
    }
}

/// A look at one statement.
struct Look<'a, 's, 'f> {
    read: &'a Read,
    /// Its number in the file.
    number: usize,
    /// The schema before it.
    model: &'a Model,
    file: &'a mut File,
    sink: &'s mut Sink<'f>,
}

/// Looks at a statement that applies a version; `model` is the schema that it meets.
pub(super) fn check(
    read: &Read,
    number: usize,
    model: &Model,
    file: &mut File,
    sink: &mut Sink<'_>,
) {
    in_transaction(read, file.transactional, sink);
    let mut look = Look {
        read,
        number,
        model,
        file,
        sink,
    };
    let work = rows::work(&look);
    if let (Some(work), Some((table, line))) = (work, &look.file.locked) {
        let what = format!("{work}, while {table} is locked since line {line}");
        look.here(&WORK_AFTER_LOCK, what);
    }
    look.enum_values();
    if !words::check(&mut look)
        && let Ok(statement) = &read.ast
    {
        look.statement(statement);
    }
}

/// Looks at a statement that undoes a version: only whether it can run.
pub(super) fn check_down(read: &Read, source: &str, sink: &mut Sink<'_>) {
    in_transaction(read, is_transactional(source), sink);
}

fn in_transaction(read: &Read, transactional: bool, sink: &mut Sink<'_>) {
    let refreshes = read.statement.begins(&["REFRESH"]);
    if transactional && !refreshes && is_concurrent(read) {
        let what = read.statement.short();
        sink.add(&CONCURRENTLY_IN_TRANSACTION, read.statement.line, what);
    }
}

fn is_concurrent(read: &Read) -> bool {
    read.tokens
        .iter()
        .any(|token| is_keyword(token, Keyword::CONCURRENTLY))
}

impl Look<'_, '_, '_> {
    /// A finding about the statement as a whole.
    fn here(&mut self, rule: &'static Rule, what: impl Into<String>) {
        self.sink.add(rule, self.read.statement.line, what.into());
    }

    fn at(&mut self, rule: &'static Rule, span: Span, what: impl Into<String>) {
        let line = self.read.line(span.start.line);
        self.sink.add(rule, line, what.into());
    }

    /// Whether others may be using the table: it is not this version that makes it.
    fn is_used(&self, table: &str) -> bool {
        let made_by = self.model.tables.get(table).map(|table| table.made_by);
        let made_by = made_by.or_else(|| self.model.views.get(table).copied());
        made_by != Some(self.file.version)
    }

    fn lock(&mut self, table: &str) {
        let line = self.read.statement.line;
        self.file
            .locked
            .get_or_insert_with(|| (table.to_owned(), line));
    }

    fn statement(&mut self, statement: &Statement) {
        match statement {
            Statement::CreateIndex(index) => self.create_index(index),
            Statement::AlterTable(alter) => alter::check(self, alter),
            Statement::CreateTrigger(trigger) => {
                let table = key(&trigger.table_name);
                if self.is_used(&table) {
                    self.here(
                        &CREATE_TRIGGER,
                        format!("{} on {table}", last(&trigger.name)),
                    );
                    self.lock(&table);
                }
            }
            Statement::CreateTable(create) => {
                for target in alter::referred(&create.columns, &create.constraints) {
                    if self.is_used(&target) && target != key(&create.name) {
                        self.lock(&target);
                    }
                }
            }
            Statement::Drop {
                object_type: ObjectType::Type,
                ..
            }
            | Statement::AlterView(_)
            | Statement::AlterType(_)
            | Statement::DropDomain(_)
            | Statement::DropExtension(_) => types::check(self, statement),
            Statement::Drop {
                object_type, names, ..
            } => {
                for name in names {
                    self.drop_object(*object_type, name);
                }
            }
            Statement::Truncate(truncate) => {
                for table in truncate.table_names.iter().map(|target| key(&target.name)) {
                    if self.is_used(&table) {
                        self.here(&TRUNCATE, format!("all rows of {table}"));
                        self.lock(&table);
                    }
                }
            }
            Statement::CreateType {
                name,
                representation: Some(UserDefinedTypeRepresentation::Enum { .. }),
            } => self.file.enums.push(key(name)),
            _ => rows::whole_table(self, statement),
        }
    }

    fn create_index(&mut self, index: &CreateIndex) {
        let table = key(&index.table_name);
        if !index.concurrently && self.is_used(&table) {
            let name = index.name.as_ref().map_or_else(|| "an index".into(), last);
            self.here(&INDEX_WITHOUT_CONCURRENTLY, format!("{name} on {table}"));
            self.lock(&table);
        }
    }

    fn drop_object(&mut self, object: ObjectType, name: &ObjectName) {
        let (span, name) = (name.span(), key(name));
        match object {
            ObjectType::Index => {
                let index = self.model.indexes.get(&name);
                let table = index.map(|index| index.table.clone());
                let used = table.as_ref().is_none_or(|table| self.is_used(table));
                if used && !is_concurrent(self.read) {
                    self.at(
                        &DROP_INDEX_WITHOUT_CONCURRENTLY,
                        span,
                        format!("index {name}"),
                    );
                    self.lock(&table.unwrap_or(name));
                }
            }
            ObjectType::Table if !self.is_used(&name) => {}
            ObjectType::View | ObjectType::MaterializedView => {
                // A view that is made anew in the same transaction is never gone.
                let mut views = self.file.views.iter();
                if !views.any(|(number, view)| *view == name && *number != self.number) {
                    self.at(&DROP_TABLE, span, format!("view {name}"));
                }
                self.lock(&name);
            }
            ObjectType::Table | ObjectType::Schema => {
                let kind = object.to_string().to_lowercase();
                self.at(&DROP_TABLE, span, format!("{kind} {name}"));
                self.lock(&name);
            }
            _ => {}
        }
    }

    /// Values of an enum that are not committed yet.
    fn enum_values(&mut self) {
        // It may stand beside another new one.
        if self.read.statement.begins(&["ALTER", "TYPE"]) {
            return;
        }
        let used = self
            .read
            .tokens
            .iter()
            .find_map(|token| match &token.token {
                Token::SingleQuotedString(text) if self.file.values.contains(text) => {
                    Some((token.span, text.clone()))
                }
                _ => None,
            });
        if let (Some((span, value)), true) = (used, self.file.transactional) {
            self.at(
                &ENUM_VALUE_IN_SAME_TRANSACTION,
                span,
                format!("the value '{value}'"),
            );
        }
    }
}
