//! Types and views: what is renamed, and what goes with a type.

use sqlparser::ast::{
    AlterTypeOperation, AlterViewOperation, DropBehavior, ReferentialAction, Statement,
};

use super::super::model::{folded, key, last};
use super::super::rule::live::{DROP_COLUMN, RENAME_COLUMN, RENAME_TABLE};
use super::Look;

pub(super) fn check(look: &mut Look<'_, '_, '_>, statement: &Statement) {
    match statement {
        Statement::AlterType(alter) => {
            let name = key(&alter.name);
            // Nobody knows it yet.
            if look.file.enums.contains(&name) {
                return;
            }
            match &alter.operation {
                AlterTypeOperation::AddValue(add) => {
                    look.file.values.push(add.value.value.clone());
                }
                AlterTypeOperation::RenameValue(value) => {
                    let what = format!("the value {} of {name} to {}", value.from, value.to);
                    look.here(&RENAME_TABLE, what);
                }
                AlterTypeOperation::Rename(to) => {
                    let what = format!("the type {name} to {}", folded(&to.new_name));
                    look.here(&RENAME_TABLE, what);
                }
            }
        }
        Statement::AlterView(alter) => {
            let name = key(&alter.name);
            if !look.is_used(&name) {
                return;
            }
            match &alter.operation {
                AlterViewOperation::RenameTo { new_name } => {
                    look.here(&RENAME_TABLE, format!("{name} to {}", last(new_name)));
                    look.lock(&name);
                }
                AlterViewOperation::RenameColumn {
                    old_column_name,
                    new_column_name,
                } => {
                    let (old, new) = (folded(old_column_name), folded(new_column_name));
                    look.here(&RENAME_COLUMN, format!("{name}.{old} to {new}"));
                    look.lock(&name);
                }
                _ => {}
            }
        }
        Statement::Drop { names, cascade, .. } => {
            for name in names.iter().map(key) {
                if *cascade && !look.file.enums.contains(&name) {
                    columns_of(look, &format!("the type {name}"));
                }
            }
        }
        Statement::DropDomain(drop) if drop.drop_behavior == Some(DropBehavior::Cascade) => {
            columns_of(look, &format!("the domain {}", key(&drop.name)));
        }
        Statement::DropExtension(drop)
            if drop.cascade_or_restrict == Some(ReferentialAction::Cascade) =>
        {
            for name in drop.names.iter().map(folded) {
                columns_of(look, &format!("the extension {name}"));
            }
        }
        _ => {}
    }
}

fn columns_of(look: &mut Look<'_, '_, '_>, what: &str) {
    look.here(
        &DROP_COLUMN,
        format!("{what}, with the columns that have it"),
    );
    look.lock(what);
}
