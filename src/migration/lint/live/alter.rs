//! ALTER TABLE.

use sqlparser::ast::{
    AlterColumnOperation, AlterTable, AlterTableOperation, ColumnDef, ColumnOption, Ident,
    RenameTableNameKind, Spanned as _, TableConstraint,
};
use sqlparser::tokenizer::Span;

use super::super::model::{Check, folded, last};
use super::super::rule::Rule;
use super::super::rule::live::{
    CHECK_WITHOUT_NOT_VALID, DROP_COLUMN, FOREIGN_KEY_WITHOUT_NOT_VALID, FULL_REWRITE,
    KEY_WITHOUT_INDEX, RENAME_COLUMN, RENAME_TABLE, SET_NOT_NULL, VALIDATE_IN_SAME_TRANSACTION,
};
use super::{Look, columns};

pub(super) fn check(look: &mut Look<'_, '_, '_>, alter: &AlterTable) {
    let table = last(&alter.name);
    if !look.is_used(&table) {
        return;
    }
    for operation in &alter.operations {
        let span = alter.name.span();
        self::operation(look, &table, operation, span);
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
    span: Span,
) {
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
        }
        AlterTableOperation::ValidateConstraint { name } => {
            let known = look.model.tables.get(table);
            let added = known.and_then(|table| table.checks.get(&folded(name)));
            if added.is_some_and(|check| check.added_by == look.file.version) {
                look.at(
                    &VALIDATE_IN_SAME_TRANSACTION,
                    name.span,
                    format!("{name} of {table}"),
                );
            }
        }
        AlterTableOperation::AlterColumn { column_name, op } => {
            alter_column(look, table, column_name, op);
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
) {
    let name = folded(column);
    match change {
        AlterColumnOperation::SetNotNull => {
            let known = look.model.tables.get(table);
            let is_said = |check: &Check| check.valid && check.not_null.as_ref() == Some(&name);
            let is_safe = known.is_some_and(|table| {
                table.checks.values().any(is_said)
                    || table.column(&name).is_some_and(|column| column.not_null)
            });
            if !is_safe {
                look.at(&SET_NOT_NULL, column.span, format!("{table}.{name}"));
            }
        }
        AlterColumnOperation::SetDataType {
            data_type, using, ..
        } => {
            columns::retyped(look, table, column, data_type, using.is_some());
        }
        _ => {}
    }
}

/// The tables that columns and constraints refer to.
pub(super) fn referred(columns: &[ColumnDef], constraints: &[TableConstraint]) -> Vec<String> {
    let options = columns.iter().flat_map(|column| &column.options);
    let of_columns = options.filter_map(|option| match &option.option {
        ColumnOption::ForeignKey(key) => Some(last(&key.foreign_table)),
        _ => None,
    });
    let of_table = constraints
        .iter()
        .filter_map(|constraint| match constraint {
            TableConstraint::ForeignKey(key) => Some(last(&key.foreign_table)),
            _ => None,
        });
    of_columns.chain(of_table).collect()
}
