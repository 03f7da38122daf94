//! ALTER TABLE.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, ColumnOption, Ident,
    RenameTableNameKind, Spanned as _, TableConstraint,
};
use sqlparser::tokenizer::Span;

use super::super::model::{beside, folded, key, last};
use super::super::rule::Rule;
use super::super::rule::live::{
    CHECK_WITHOUT_NOT_VALID, DROP_COLUMN, FOREIGN_KEY_WITHOUT_NOT_VALID, FULL_REWRITE,
    KEY_WITHOUT_INDEX, RENAME_COLUMN, RENAME_TABLE, SET_NOT_NULL, VALIDATE_IN_SAME_TRANSACTION,
};
use super::{Look, columns};

pub(super) fn check(look: &mut Look<'_, '_, '_>, alter: &AlterTable) {
    let table = key(&alter.name);
    if !look.is_used(&table) {
        return;
    }
    for operation in &alter.operations {
        self::operation(look, &table, operation, alter);
    }
    let validates = |operation: &AlterTableOperation| {
        matches!(operation, AlterTableOperation::ValidateConstraint { .. })
    };
    if !alter.operations.iter().all(validates) {
        look.lock(&table);
    }
}

fn operation(
    look: &mut Look<'_, '_, '_>,
    table: &str,
    operation: &AlterTableOperation,
    alter: &AlterTable,
) {
    let span = alter.name.span();
    match operation {
        AlterTableOperation::AddColumn { column_def, .. } => {
            columns::added(look, table, column_def);
        }
        AlterTableOperation::AddConstraint {
            constraint,
            not_valid,
        } => {
            if let Some((rule, what)) = unsafe_constraint(constraint, *not_valid) {
                look.at(rule, span, format!("{what} of {table}"));
            }
            if let TableConstraint::PrimaryKeyUsingIndex(promoted) = constraint {
                let index = beside(table, &folded(&promoted.index_name));
                let index = look.model.indexes.get(&index);
                for column in index.map_or(&[][..], |index| &index.columns) {
                    not_null(look, table, column, promoted.index_name.span, alter);
                }
            }
        }
        AlterTableOperation::ValidateConstraint { name } if is_new(look, alter, name) => {
            look.at(
                &VALIDATE_IN_SAME_TRANSACTION,
                name.span,
                format!("{name} of {table}"),
            );
        }
        AlterTableOperation::AlterColumn { column_name, op } => {
            alter_column(look, table, column_name, op, alter);
        }
        AlterTableOperation::DropColumn { column_names, .. } => {
            for column in column_names {
                look.at(
                    &DROP_COLUMN,
                    column.span,
                    format!("{table}.{}", folded(column)),
                );
            }
        }
        AlterTableOperation::RenameColumn {
            old_column_name,
            new_column_name,
        } => {
            let what = format!(
                "{table}.{} to {}",
                folded(old_column_name),
                folded(new_column_name)
            );
            look.at(&RENAME_COLUMN, old_column_name.span, what);
        }
        AlterTableOperation::RenameTable { table_name } => {
            let (RenameTableNameKind::As(new) | RenameTableNameKind::To(new)) = table_name;
            look.at(&RENAME_TABLE, span, format!("{table} to {}", last(new)));
        }
        AlterTableOperation::SetLogged | AlterTableOperation::SetUnlogged => {
            look.at(&FULL_REWRITE, span, format!("{operation} of {table}"));
        }
        _ => {}
    }
}

/// The rule that adding the constraint so breaks.
fn unsafe_constraint(
    constraint: &TableConstraint,
    not_valid: bool,
) -> Option<(&'static Rule, String)> {
    let named = |name: &Option<Ident>| {
        name.as_ref()
            .map_or_else(String::new, |name| format!(" {name}"))
    };
    Some(match constraint {
        TableConstraint::Check(check) if !not_valid => (
            &CHECK_WITHOUT_NOT_VALID,
            format!("the CHECK{}", named(&check.name)),
        ),
        TableConstraint::ForeignKey(key) if !not_valid => (
            &FOREIGN_KEY_WITHOUT_NOT_VALID,
            format!("the foreign key{}", named(&key.name)),
        ),
        TableConstraint::PrimaryKey(key) => (
            &KEY_WITHOUT_INDEX,
            format!("the primary key{}", named(&key.name)),
        ),
        TableConstraint::Unique(key) => (
            &KEY_WITHOUT_INDEX,
            format!("the unique key{}", named(&key.name)),
        ),
        TableConstraint::Exclude(exclude) => (
            &KEY_WITHOUT_INDEX,
            format!("the EXCLUDE{}", named(&exclude.name)),
        ),
        _ => return None,
    })
}

fn alter_column(
    look: &mut Look<'_, '_, '_>,
    table: &str,
    column: &Ident,
    change: &AlterColumnOperation,
    alter: &AlterTable,
) {
    match change {
        AlterColumnOperation::SetNotNull => {
            not_null(look, table, &folded(column), column.span, alter);
        }
        AlterColumnOperation::SetDataType {
            data_type, using, ..
        } => {
            columns::retyped(look, table, column, data_type, using.is_some());
        }
        _ => {}
    }
}

/// A column that becomes NOT NULL.
fn not_null(
    look: &mut Look<'_, '_, '_>,
    table: &str,
    column: &str,
    span: Span,
    alter: &AlterTable,
) {
    // In whatever order they stand: what is dropped is gone before the rows are looked at.
    let dropped = alter
        .operations
        .iter()
        .filter_map(|operation| match operation {
            AlterTableOperation::DropConstraint { name, .. } => Some(folded(name)),
            _ => None,
        });
    let dropped: Vec<_> = dropped.collect();
    let known = look.model.tables.get(table);
    if !known.is_some_and(|table| table.is_never_null(column, &dropped)) {
        look.at(&SET_NOT_NULL, span, format!("{table}.{column}"));
    }
}

/// Whether the version that is looked at adds the constraint, be it in the same statement.
pub(super) fn is_new(look: &Look<'_, '_, '_>, alter: &AlterTable, constraint: &Ident) -> bool {
    let name = folded(constraint);
    let adds = |operation: &AlterTableOperation| match operation {
        AlterTableOperation::AddConstraint { constraint, .. } => {
            let added = match constraint {
                TableConstraint::Check(check) => &check.name,
                TableConstraint::ForeignKey(key) => &key.name,
                _ => return false,
            };
            added.as_ref().is_some_and(|added| folded(added) == name)
        }
        _ => false,
    };
    let known = look.model.tables.get(&key(&alter.name));
    let known = known.and_then(|table| table.checks.get(&name));
    known.is_some_and(|check| check.added_by == look.file.version)
        || alter.operations.iter().any(adds)
}

/// The tables that columns and constraints refer to.
pub(super) fn referred(columns: &[ColumnDef], constraints: &[TableConstraint]) -> Vec<String> {
    let options = columns.iter().flat_map(|column| &column.options);
    let of_columns = options.filter_map(|option| match &option.option {
        ColumnOption::ForeignKey(constraint) => Some(key(&constraint.foreign_table)),
        _ => None,
    });
    let of_table = constraints
        .iter()
        .filter_map(|constraint| match constraint {
            TableConstraint::ForeignKey(constraint) => Some(key(&constraint.foreign_table)),
            _ => None,
        });
    of_columns.chain(of_table).collect()
}
