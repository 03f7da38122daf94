//! Names that one engine takes for something else.

use std::ops::ControlFlow;

use sqlparser::ast::{
    AlterTableOperation, ColumnDef, ColumnOption, Expr, FromTable, Ident, ObjectName, SelectItem,
    Spanned as _, Statement, TableConstraint, TableFactor,
};
use sqlparser::tokenizer::Span;

use super::super::model::folded;
use super::super::rule::portable::{NAME_CASE, ONE_ENGINE_EXPRESSION, ONE_ENGINE_STATEMENT};
use super::Look;

/// Words that `PostgreSQL` does not take as a name, and `SQLite` does.
const OF_POSTGRES: [&str; 28] = [
    "analyse",
    "analyze",
    "any",
    "array",
    "asc",
    "asymmetric",
    "both",
    "cast",
    "column",
    "desc",
    "do",
    "end",
    "false",
    "fetch",
    "for",
    "grant",
    "initially",
    "lateral",
    "leading",
    "offset",
    "only",
    "placing",
    "some",
    "symmetric",
    "trailing",
    "user",
    "window",
    "with",
];

/// Words that `SQLite` does not take as a name, and `PostgreSQL` does.
const OF_SQLITE: [&str; 15] = [
    "add",
    "alter",
    "autoincrement",
    "between",
    "commit",
    "delete",
    "drop",
    "escape",
    "exists",
    "index",
    "insert",
    "set",
    "transaction",
    "update",
    "values",
];

/// Columns that each table has on one engine without saying so.
const HIDDEN: [&str; 9] = [
    "rowid", "_rowid_", "oid", "ctid", "xmin", "xmax", "cmin", "cmax", "tableoid",
];

/// Looks at the names that a statement gives, and at those of its tables.
pub(super) fn check(look: &mut Look<'_, '_, '_>, statement: &Statement) {
    let mut qualified: Vec<(Span, String)> = Vec::new();
    let mut note = |name: &ObjectName| {
        if name.0.len() > 1 {
            qualified.push((name.span(), format!("the schema in {name}")));
        }
    };
    let _ = sqlparser::ast::visit_relations(statement, |name| {
        note(name);
        ControlFlow::<()>::Continue(())
    });
    match statement {
        Statement::CreateTable(create) => {
            for constraint in &create.constraints {
                if let TableConstraint::ForeignKey(key) = constraint {
                    note(&key.foreign_table);
                }
            }
            create
                .columns
                .iter()
                .for_each(|column| referred(column, &mut note));
        }
        Statement::AlterTable(alter) => {
            for operation in &alter.operations {
                if let AlterTableOperation::AddColumn { column_def, .. } = operation {
                    referred(column_def, &mut note);
                }
            }
        }
        Statement::CreateIndex(index) => index.name.iter().for_each(&mut note),
        Statement::Drop { names, .. } => names.iter().for_each(&mut note),
        _ => {}
    }
    for (span, what) in qualified {
        look.advised(&ONE_ENGINE_STATEMENT, span, what, "leave the schema out");
    }
    let aliased = match statement {
        Statement::Update(update) => has_bare_alias(&update.table.relation),
        Statement::Delete(delete) => {
            let (FromTable::WithFromKeyword(from) | FromTable::WithoutKeyword(from)) = &delete.from;
            from.iter().any(|from| has_bare_alias(&from.relation))
        }
        _ => false,
    };
    if aliased {
        let what = "an alias without AS in UPDATE or DELETE".to_owned();
        look.advised(
            &ONE_ENGINE_STATEMENT,
            statement.span(),
            what,
            "write AS before it",
        );
    }
    for name in given(statement) {
        spelled(look, name);
        let word = folded(name);
        let engine = if name.quote_style.is_some() {
            continue;
        } else if OF_POSTGRES.contains(&word.as_str()) {
            "PostgreSQL"
        } else if OF_SQLITE.contains(&word.as_str()) {
            "SQLite"
        } else {
            continue;
        };
        let what = format!("the name {word}, a reserved word of {engine}");
        look.advised(&ONE_ENGINE_STATEMENT, name.span, what, "take another name");
    }
}

/// Whether the table has an alias that no AS stands before.
fn has_bare_alias(relation: &TableFactor) -> bool {
    matches!(relation, TableFactor::Table { alias: Some(alias), .. } if !alias.explicit)
}

fn referred(column: &ColumnDef, note: &mut impl FnMut(&ObjectName)) {
    for option in &column.options {
        if let ColumnOption::ForeignKey(key) = &option.option {
            note(&key.foreign_table);
        }
    }
}

/// The names of tables and columns that a definition gives.
fn given(statement: &Statement) -> Vec<&Ident> {
    let part = |name| -> Option<&Ident> {
        let name: &ObjectName = name;
        name.0.last().and_then(|part| part.as_ident())
    };
    match statement {
        Statement::CreateTable(create) => {
            let columns = create.columns.iter().map(|column| &column.name);
            part(&create.name).into_iter().chain(columns).collect()
        }
        Statement::CreateIndex(index) => index.name.as_ref().and_then(part).into_iter().collect(),
        Statement::CreateView(view) => {
            let columns = view.columns.iter().map(|column| &column.name);
            part(&view.name).into_iter().chain(columns).collect()
        }
        Statement::AlterTable(alter) => {
            let names = alter
                .operations
                .iter()
                .filter_map(|operation| match operation {
                    AlterTableOperation::AddColumn { column_def, .. } => Some(&column_def.name),
                    AlterTableOperation::RenameColumn {
                        new_column_name, ..
                    } => Some(new_column_name),
                    _ => None,
                });
            names.collect()
        }
        _ => Vec::new(),
    }
}

/// Looks at a name that is a keyword too, which the tokens do not tell from one.
fn spelled(look: &mut Look<'_, '_, '_>, name: &Ident) {
    if name.quote_style.is_none() && name.value.chars().any(char::is_uppercase) {
        let what = format!("the name {} with capitals", name.value);
        look.found(&NAME_CASE, name.span, what);
    }
}

/// Looks at the alias of a column.
pub(super) fn alias(look: &mut Look<'_, '_, '_>, item: &SelectItem) {
    if let SelectItem::ExprWithAlias { alias, .. } = item {
        spelled(look, alias);
    }
}

/// Looks at a column by its name.
pub(super) fn column(look: &mut Look<'_, '_, '_>, expr: &Expr) {
    let name = match expr {
        Expr::Identifier(name) => name,
        Expr::CompoundIdentifier(parts) => match parts.last() {
            Some(name) => name,
            None => return,
        },
        _ => return,
    };
    let word = folded(name);
    if HIDDEN.contains(&word.as_str()) && !look.scope.may_have_column(&word) {
        let what = format!("{word}, which no CREATE TABLE names");
        look.advised(
            &ONE_ENGINE_EXPRESSION,
            name.span,
            what,
            "use the primary key",
        );
    }
    if word != "default" {
        spelled(look, name);
    }
}
