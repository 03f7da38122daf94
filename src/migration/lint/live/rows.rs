//! Statements that read or write the rows of a whole table.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AlterTableOperation, BinaryOperator, Cte, Delete, Expr, FromTable, InTarget, Merge,
    MergeAction, MergeClauseKind, Query, SetExpr, Spanned as _, Statement, TableFactor, Value,
    visit_relations,
};

use super::super::model::{folded, key};
use super::super::parse::{body, written};
use super::super::rule::live::WHOLE_TABLE_WRITE;
use super::Look;
use super::alter::is_new;

/// What a statement writes: itself, or the statements in its `WITH` and the one behind it, each with what the
/// `WITH` reads.
fn parts(statement: &Statement) -> Vec<(&Statement, &[Cte])> {
    let Statement::Query(query) = statement else {
        return vec![(statement, &[])];
    };
    let ctes = query.with.as_ref().map_or(&[][..], |with| &with.cte_tables);
    let within = ctes.iter().filter_map(|cte| written(&cte.query));
    let mut parts: Vec<_> = within.map(|part| (part, &[][..])).collect();
    parts.push((body(statement), ctes));
    parts
}

/// UPDATE and DELETE without WHERE, and what comes to the same.
pub(super) fn whole_table(look: &mut Look<'_, '_, '_>, statement: &Statement) {
    for (part, _) in parts(statement) {
        let (table, all) = match part {
            Statement::Update(update) => {
                let all = update.selection.as_ref().is_none_or(is_always);
                (named(&update.table.relation), all)
            }
            Statement::Delete(delete) => (
                target(delete),
                delete.selection.as_ref().is_none_or(is_always),
            ),
            Statement::Merge(merge) => (named(&merge.table), merges_all(merge)),
            _ => continue,
        };
        if let Some(table) = table.filter(|table| all && look.is_used(table)) {
            look.at(
                &WHOLE_TABLE_WRITE,
                part.span(),
                format!("every row of {table}"),
            );
        }
    }
}

/// Whether a condition is one by its form alone.
fn is_always(condition: &Expr) -> bool {
    match condition {
        Expr::Nested(inner) => is_always(inner),
        Expr::Value(value) => value.value == Value::Boolean(true),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => is_always(left) && is_always(right),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Or,
            right,
        } => is_always(left) || is_always(right),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::Eq,
            right,
        } => match (&**left, &**right) {
            (Expr::Value(left), Expr::Value(right)) => {
                left.value == right.value && left.value != Value::Null
            }
            _ => false,
        },
        _ => false,
    }
}

/// Whether a MERGE leaves no row out: each has one to match, or is written because it has none.
fn merges_all(merge: &Merge) -> bool {
    let matches_all = is_always(&merge.on) || named(&merge.source) == named(&merge.table);
    merge.clauses.iter().any(|clause| {
        let writes = matches!(
            clause.action,
            MergeAction::Update(_) | MergeAction::Delete { .. }
        );
        let all = match clause.clause_kind {
            MergeClauseKind::Matched => matches_all,
            MergeClauseKind::NotMatchedBySource => true,
            _ => false,
        };
        writes && all && clause.predicate.as_ref().is_none_or(is_always)
    })
}

fn named(relation: &TableFactor) -> Option<String> {
    match relation {
        TableFactor::Table { name, .. } => Some(key(name)),
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
    let mut parts = parts(statement).into_iter();
    parts.find_map(|(part, ctes)| work_of(look, part, ctes))
}

fn work_of(look: &Look<'_, '_, '_>, statement: &Statement, ctes: &[Cte]) -> Option<String> {
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
            let source = insert.source.as_deref()?;
            let with = || ctes.iter().find_map(|cte| reads(look, &cte.query));
            let table = reads(look, source).or_else(with)?;
            Some(format!("INSERT of what it reads from {table}"))
        }
        Statement::Merge(merge) => {
            let table = used(named(&merge.table))?;
            Some(format!("MERGE into {table}"))
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
            let table = used(Some(key(&alter.name)))?;
            // That of a constraint which this version adds is a finding of its own.
            let validates = alter.operations.iter().any(|operation| {
                matches!(operation, AlterTableOperation::ValidateConstraint { name } if !is_new(look, alter, name))
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
        let name = key(name);
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
