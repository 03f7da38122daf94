//! Statements that read or write the rows of a whole table.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AlterTableOperation, BinaryOperator, Delete, Expr, FromTable, InTarget, Query, SetExpr,
    Spanned as _, Statement, TableFactor, Value, visit_relations,
};

use super::super::model::{folded, last};
use super::super::rule::live::WHOLE_TABLE_WRITE;
use super::Look;

/// UPDATE and DELETE without WHERE.
pub(super) fn whole_table(look: &mut Look<'_, '_, '_>, statement: &Statement) {
    let (table, selection) = match statement {
        Statement::Update(update) => (named(&update.table.relation), &update.selection),
        Statement::Delete(delete) => (target(delete), &delete.selection),
        _ => return,
    };
    let Some(table) = table.filter(|table| look.is_used(table)) else {
        return;
    };
    let all = match selection {
        None => true,
        Some(Expr::Value(value)) => value.value == Value::Boolean(true),
        Some(_) => false,
    };
    if all {
        look.at(
            &WHOLE_TABLE_WRITE,
            statement.span(),
            format!("every row of {table}"),
        );
    }
}

fn named(relation: &TableFactor) -> Option<String> {
    match relation {
        TableFactor::Table { name, .. } => Some(last(name)),
        _ => None,
    }
}

fn target(delete: &Delete) -> Option<String> {
    let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
    from.first().and_then(|from| named(&from.relation))
}

/// What of the statement takes as long as a table is big; `None` where nothing does.
pub(super) fn work(look: &Look<'_, '_, '_>) -> Option<String> {
    let statement = look.read.ast.as_ref().ok()?;
    let used = |table: Option<String>| table.filter(|table| look.is_used(table));
    match statement {
        Statement::Update(update) => {
            let table = used(named(&update.table.relation))?;
            let few = is_one_row(look, &table, update.selection.as_ref());
            (!few).then(|| format!("UPDATE of {table}"))
        }
        Statement::Delete(delete) => {
            let table = used(target(delete))?;
            let few = is_one_row(look, &table, delete.selection.as_ref());
            (!few).then(|| format!("DELETE from {table}"))
        }
        Statement::Insert(insert) => {
            let table = reads(look, insert.source.as_deref()?)?;
            Some(format!("INSERT of what it reads from {table}"))
        }
        Statement::CreateTable(create) => {
            let table = reads(look, create.query.as_deref()?)?;
            Some(format!("CREATE TABLE of what it reads from {table}"))
        }
        Statement::CreateView(view) if view.materialized => {
            let table = reads(look, &view.query)?;
            Some(format!("a materialized view of {table}"))
        }
        Statement::AlterTable(alter) => {
            let table = used(Some(last(&alter.name)))?;
            // That of a constraint which this version adds is a finding of its own.
            let checks = look.model.tables.get(&table).map(|table| &table.checks);
            let is_new = |name: &str| {
                let check = checks.and_then(|checks| checks.get(name));
                check.is_some_and(|check| check.added_by == look.file.version)
            };
            let validates = alter.operations.iter().any(|operation| {
                matches!(operation, AlterTableOperation::ValidateConstraint { name } if !is_new(&folded(name)))
            });
            validates.then(|| format!("VALIDATE CONSTRAINT of {table}"))
        }
        _ => None,
    }
}

/// The first table that others use among those that the query reads.
fn reads(look: &Look<'_, '_, '_>, query: &Query) -> Option<String> {
    if let SetExpr::Values(_) = &*query.body {
        return None;
    }
    let mut found = None;
    let _ = visit_relations(query, |name| {
        let name = last(name);
        if found.is_none() && look.model.tables.contains_key(&name) && look.is_used(&name) {
            found = Some(name);
        }
        ControlFlow::<()>::Continue(())
    });
    found
}

/// Whether the condition names the key of one row.
fn is_one_row(look: &Look<'_, '_, '_>, table: &str, selection: Option<&Expr>) -> bool {
    let (Some(selection), Some(table)) = (selection, look.model.tables.get(table)) else {
        return false;
    };
    !table.key.is_empty() && table.key.iter().all(|column| has_value(selection, column))
}

fn has_value(condition: &Expr, key: &str) -> bool {
    match condition {
        Expr::Nested(inner) => has_value(inner, key),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => has_value(left, key) || has_value(right, key),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => {
            let is_key = match &**left {
                Expr::Identifier(ident) => folded(ident) == key,
                Expr::CompoundIdentifier(parts) => {
                    parts.last().is_some_and(|part| folded(part) == key)
                }
                _ => false,
            };
            is_key && matches!(**right, Expr::Value(_))
        }
        Expr::In {
            expr,
            target: InTarget::List(list),
            negated: false,
            ..
        } => {
            matches!(&**expr, Expr::Identifier(ident) if folded(ident) == key)
                && list.iter().all(|value| matches!(value, Expr::Value(_)))
        }
        _ => false,
    }
}
