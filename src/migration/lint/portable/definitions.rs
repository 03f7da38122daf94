//! CHECKs, indexes and foreign keys.

use sqlparser::ast::{
    AlterTable, AlterTableOperation, ColumnDef, ColumnOption, CreateIndex, CreateTable, Expr,
    Ident, ObjectName, TableConstraint,
};

use super::super::kind::Kind;
use super::super::model::{Table, folded, last};
use super::super::rule::portable::FOREIGN_KEY_TYPE;
use super::{Look, is_column, queries};

pub(super) fn table(look: &mut Look<'_, '_, '_>, create: &CreateTable) {
    for column in &create.columns {
        self::column(look, &create.name, column);
    }
    for constraint in &create.constraints {
        match constraint {
            TableConstraint::Check(check) => condition(look, &check.expr),
            TableConstraint::ForeignKey(key) => {
                foreign_key(
                    look,
                    &create.name,
                    &key.columns,
                    &key.foreign_table,
                    &key.referred_columns,
                );
            }
            _ => {}
        }
    }
}

pub(super) fn alteration(look: &mut Look<'_, '_, '_>, alter: &AlterTable) {
    for operation in &alter.operations {
        if let AlterTableOperation::AddColumn { column_def, .. } = operation {
            column(look, &alter.name, column_def);
        }
    }
}

pub(super) fn index(look: &mut Look<'_, '_, '_>, index: &CreateIndex) {
    for column in &index.columns {
        if !is_column(&column.column.expr) {
            look.defined(&column.column.expr);
        }
    }
    if let Some(predicate) = &index.predicate {
        condition(look, predicate);
    }
}

/// What a column says beside its type and its default, which are the translator's.
fn column(look: &mut Look<'_, '_, '_>, table: &ObjectName, column: &ColumnDef) {
    for option in &column.options {
        match &option.option {
            ColumnOption::Check(check) => condition(look, &check.expr),
            ColumnOption::ForeignKey(key) => {
                let own = std::slice::from_ref(&column.name);
                foreign_key(look, table, own, &key.foreign_table, &key.referred_columns);
            }
            _ => {}
        }
    }
}

fn condition(look: &mut Look<'_, '_, '_>, expr: &Expr) {
    queries::condition(look, expr);
    look.defined(expr);
}

fn foreign_key(
    look: &mut Look<'_, '_, '_>,
    table: &ObjectName,
    columns: &[Ident],
    target: &ObjectName,
    referred: &[Ident],
) {
    let (Some(own), Some(other)) = (look.scope.table(table), look.scope.table(target)) else {
        return;
    };
    let referred: Vec<String> = if referred.is_empty() {
        other.key.clone()
    } else {
        referred.iter().map(folded).collect()
    };
    for (column, referred) in columns.iter().zip(referred) {
        let kind = |table: &Table, name: &str| table.column(name).map(|column| column.kind);
        let (Some(one), Some(two)) = (kind(own, &folded(column)), kind(other, &referred)) else {
            continue;
        };
        let is_same = one == two
            || one.is_text() && two.is_text()
            || matches!((one, two), (Kind::Numeric(_), Kind::Numeric(_)));
        if !is_same {
            let what = format!(
                "{} is {}, and {}.{referred} is {}",
                folded(column),
                one.name(),
                last(target),
                two.name()
            );
            look.found(&FOREIGN_KEY_TYPE, column.span, what);
        }
    }
}
