//! Which columns the names of a statement mean.

use std::ops::ControlFlow;

use sqlparser::ast::{
    Expr, FromTable, ObjectName, Statement, TableFactor, TableObject, Visit as _, Visitor,
};

use super::super::kind::Kind;
use super::super::model::{Column, Model, Table, folded, key, last};
use super::super::parse::body;

/// The tables of a statement.
pub(super) struct Scope<'a> {
    model: &'a Model,
    /// The name or alias that stands before a column, and the table.
    tables: Vec<(String, String)>,
    /// Whether a subquery stands among them.
    derived: bool,
}

impl<'a> Scope<'a> {
    pub(super) fn of(statement: &Statement, model: &'a Model) -> Self {
        let mut tables = Tables(Vec::new(), false);
        let _ = statement.visit(&mut tables);
        let target: Option<&ObjectName> = match body(statement) {
            Statement::CreateTable(create) => Some(&create.name),
            Statement::AlterTable(alter) => Some(&alter.name),
            Statement::CreateIndex(index) => Some(&index.table_name),
            Statement::Insert(insert) => match &insert.table {
                TableObject::TableName(name) => Some(name),
                _ => None,
            },
            Statement::Delete(delete) => {
                let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) =
                    &delete.from;
                for from in from {
                    tables.note(&from.relation);
                }
                None
            }
            _ => None,
        };
        if let Some(name) = target {
            tables.0.push((last(name), key(name)));
            tables.0.push(("excluded".into(), key(name)));
        }
        Self {
            model,
            tables: tables.0,
            derived: tables.1,
        }
    }

    pub(super) fn table(&self, name: &ObjectName) -> Option<&'a Table> {
        self.model.tables.get(&key(name))
    }

    /// The column that an expression is; `None` where it is none, or may be several.
    pub(super) fn column(&self, expr: &Expr) -> Option<&'a Column> {
        let (table, name) = match expr {
            Expr::Nested(inner) => return self.column(inner),
            Expr::Identifier(name) => (None, folded(name)),
            Expr::CompoundIdentifier(parts) => {
                let [.., table, name] = parts.as_slice() else {
                    return None;
                };
                (Some(folded(table)), folded(name))
            }
            _ => return None,
        };
        let mut found = self
            .tables
            .iter()
            .filter(|(alias, _)| table.as_ref().is_none_or(|table| table == alias))
            .filter_map(|(_, table)| self.model.tables.get(table)?.column(&name));
        let first = found.next()?;
        found.all(|other| other.kind == first.kind).then_some(first)
    }

    pub(super) fn kind(&self, expr: &Expr) -> Option<Kind> {
        self.column(expr).map(|column| column.kind)
    }

    /// As `kind`, where no view and no subquery could have given the name to something else.
    pub(super) fn sure_kind(&self, expr: &Expr) -> Option<Kind> {
        let mut tables = self.tables.iter();
        let is_sure =
            !self.derived && tables.all(|(_, table)| self.model.tables.contains_key(table));
        is_sure.then(|| self.kind(expr)).flatten()
    }

    /// The tables that have the column, with the names that stand before it.
    pub(super) fn owners(&self, expr: &Expr) -> Vec<(&str, &'a Table, String)> {
        let (before, name) = match expr {
            Expr::Nested(inner) => return self.owners(inner),
            Expr::Identifier(name) => (None, folded(name)),
            Expr::CompoundIdentifier(parts) => match parts.as_slice() {
                [.., table, name] => (Some(folded(table)), folded(name)),
                _ => return Vec::new(),
            },
            _ => return Vec::new(),
        };
        let tables = self.tables.iter();
        tables
            .filter(|(alias, _)| before.as_ref().is_none_or(|before| before == alias))
            .filter_map(|(alias, table)| {
                let table = self.model.tables.get(table)?;
                table.column(&name)?;
                Some((alias.as_str(), table, name.clone()))
            })
            .collect()
    }

    /// Whether one of the statement's tables has such a column, or may have it.
    pub(super) fn may_have_column(&self, name: &str) -> bool {
        let mut tables = self.tables.iter();
        tables.any(|(_, table)| match self.model.tables.get(table) {
            Some(table) => table.column(name).is_some(),
            None => true,
        })
    }
}

/// The tables, and whether a subquery stands among them.
struct Tables(Vec<(String, String)>, bool);

impl Tables {
    fn note(&mut self, factor: &TableFactor) {
        if let TableFactor::Table { name, alias, .. } = factor {
            let alias = alias.as_ref().map(|alias| folded(&alias.name));
            self.0
                .push((alias.unwrap_or_else(|| last(name)), key(name)));
        } else {
            self.1 = true;
        }
    }
}

impl Visitor for Tables {
    type Break = ();

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<()> {
        self.note(factor);
        ControlFlow::Continue(())
    }
}
