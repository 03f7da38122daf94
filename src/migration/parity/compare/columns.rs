//! Columns.

use super::pairs::{Pair, pairs};
use super::{Found, list};
use crate::migration::parity::difference::Aspect;
use crate::migration::parity::model::{ALWAYS, Column, DefaultValue, Stored};
use crate::migration::translate::reading_back::Says;

pub(super) fn compare(found: &mut Found, table: &str, postgres: &[Column], sqlite: &[Column]) {
    let (mut theirs, mut ours) = (Vec::new(), Vec::new());
    for pair in pairs(postgres, sqlite, |column| &column.name, |_, _| false) {
        let object = format!("{table}.{}", pair.name(|column| &column.name));
        match pair {
            Pair::Both(postgres, sqlite) => {
                column(found, &object, postgres, sqlite);
                theirs.push(postgres);
                ours.push(sqlite);
            }
            one => found.one_sided(&object, Aspect::Column, &one, |column| {
                format!("{}{}", column.kind, nullability(column))
            }),
        }
    }
    // `theirs` is in PostgreSQL's order; SQLite's is that of its own list.
    let place = |column: &Column| sqlite.iter().position(|other| std::ptr::eq(other, column));
    ours.sort_by_key(|column| place(column));
    let names = |columns: &[&Column]| -> Vec<String> {
        columns.iter().map(|column| column.name.clone()).collect()
    };
    let (theirs, ours) = (names(&theirs), names(&ours));
    if !super::same_columns(&theirs, &ours) {
        found.texts(table, Aspect::ColumnOrder, list(&theirs), list(&ours));
    }
}

fn column(found: &mut Found, object: &str, postgres: &Column, sqlite: &Column) {
    found.name(object, &postgres.name, &sqlite.name);
    found.texts(
        object,
        Aspect::Type,
        postgres.kind.clone(),
        sqlite.kind.clone(),
    );
    let null = |column: &Column| match (nullability(column).trim(), &column.on_null) {
        ("", _) => "NULL".to_owned(),
        (other, None) => other.to_owned(),
        (other, Some(action)) => format!("{other} ON CONFLICT {action}"),
    };
    found.texts(object, Aspect::Nullability, null(postgres), null(sqlite));
    if !is_same_default(postgres.default.as_ref(), sqlite.default.as_ref()) {
        let text = |column: &Column| {
            let default = column.default.as_ref()?;
            let text = &default.expression.text;
            Some(match default.stored {
                Stored::Refused => format!("{text} (which the type refuses)"),
                _ => text.clone(),
            })
        };
        let both = postgres.default.as_ref().zip(sqlite.default.as_ref());
        let are_known = |(one, other): (&DefaultValue, &DefaultValue)| {
            one.says != Says::Expression && other.says != Says::Expression
        };
        let (theirs, ours) = (text(postgres), text(sqlite));
        found.add(
            object,
            Aspect::Default,
            theirs,
            ours,
            both.is_none_or(are_known),
        );
    }
    let same = match (&postgres.generated, &sqlite.generated) {
        (Some(one), Some(other)) => one.is(other),
        (one, other) => one.is_none() && other.is_none(),
    };
    if !same {
        let text = |column: &Column| Some(column.generated.as_ref()?.text.clone());
        let (theirs, ours) = (text(postgres), text(sqlite));
        let is_certain = theirs.is_none() || ours.is_none();
        found.add(object, Aspect::Generated, theirs, ours, is_certain);
    }
    let is_refusing = postgres.identity == Some(ALWAYS);
    if is_refusing || postgres.identity.is_some() != sqlite.identity.is_some() {
        let text = |column: &Column| column.identity.map(str::to_owned);
        found.add(object, Aspect::Identity, text(postgres), text(sqlite), true);
    }
}

fn nullability(column: &Column) -> &'static str {
    if column.not_null { " NOT NULL" } else { "" }
}

/// A text may say one thing on one engine and another on the other: `CURRENT_TIMESTAMP`.
fn is_same_default(postgres: Option<&DefaultValue>, sqlite: Option<&DefaultValue>) -> bool {
    match (postgres, sqlite) {
        (Some(one), Some(other)) => {
            one.says == other.says
                && other.stored != Stored::Refused
                && one.expression.is(&other.expression)
        }
        (one, other) => one.is_none() && other.is_none(),
    }
}
