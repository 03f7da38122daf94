//! Indexes and UNIQUE constraints, which may stand for one another.

use super::pairs::{Pair, pairs};
use super::{Found, list, same_columns};
use crate::migration::parity::difference::Aspect;
use crate::migration::parity::model::{Index, Key, Part, Table};

pub(super) fn compare(found: &mut Found, table: &str, postgres: &Table, sqlite: &Table) {
    let is_alike = |one: &Key, other: &Key| same_columns(&one.columns, &other.columns);
    let keys = pairs(&postgres.unique, &sqlite.unique, |key| &key.name, is_alike);
    let mut indexes = pairs(
        &postgres.indexes,
        &sqlite.indexes,
        |index| &index.name,
        |one, other| is_same_list(one, other) && is_same_predicate(one, other),
    );
    for pair in keys {
        let object = format!("{table}.{}", pair.name(|key| &key.name));
        match pair {
            Pair::Both(theirs, ours) => {
                found.name(&object, &theirs.name, &ours.name);
                if !is_alike(theirs, ours) || theirs.on_conflict != ours.on_conflict {
                    found.texts(&object, Aspect::Unique, theirs.terms(), ours.terms());
                }
                super::keys::checked(found, &object, theirs, ours);
                let (theirs, ours) = (theirs.nulls_are_distinct, ours.nulls_are_distinct);
                found.texts(&object, Aspect::Nulls, nulls(theirs), nulls(ours));
            }
            one => unique(found, &object, &one, &mut indexes),
        }
    }
    for pair in indexes {
        let object = format!("{table}.{}", pair.name(|index| &index.name));
        match pair {
            Pair::Both(theirs, ours) => index(found, &object, theirs, ours),
            one => found.one_sided(&object, Aspect::Index, &one, whole),
        }
    }
}

/// A UNIQUE constraint of one engine alone, for which the other may have a unique index.
fn unique(
    found: &mut Found,
    object: &str,
    pair: &Pair<'_, Key>,
    indexes: &mut Vec<Pair<'_, Index>>,
) {
    let constraint = |key: &Key| format!("a constraint UNIQUE {}", key.terms());
    let is_twin = |key: &Key, index: &Index| {
        let columns = index.columns().unwrap_or_default();
        let columns: Vec<String> = columns.into_iter().map(str::to_owned).collect();
        index.is_key() && same_columns(&key.columns, &columns)
    };
    let twin = indexes.iter().position(|index| match (pair, index) {
        (Pair::Postgres(key), Pair::Sqlite(index)) | (Pair::Sqlite(key), Pair::Postgres(index)) => {
            is_twin(key, index)
        }
        _ => false,
    });
    let index = twin.map(|at| indexes.remove(at));
    let index = index.map(|index| {
        let name = index.name(|index| &index.name);
        format!("an index {name}")
    });
    let (postgres, sqlite) = match pair {
        Pair::Postgres(key) | Pair::Both(key, _) => (Some(constraint(key)), index),
        Pair::Sqlite(key) => (index, Some(constraint(key))),
    };
    found.add(object, Aspect::Unique, postgres, sqlite, true);
}

fn index(found: &mut Found, object: &str, postgres: &Index, sqlite: &Index) {
    found.name(object, &postgres.name, &sqlite.name);
    let are_columns = postgres.columns().is_some() && sqlite.columns().is_some();
    let directions = |index: &Index| -> Vec<bool> {
        index.parts.iter().map(|part| part.is_descending).collect()
    };
    let (theirs, ours) = (parts(postgres), parts(sqlite));
    if !is_same_list(postgres, sqlite) {
        found.add(object, Aspect::Parts, Some(theirs), Some(ours), are_columns);
    } else if directions(postgres) != directions(sqlite) {
        found.add(object, Aspect::Direction, Some(theirs), Some(ours), true);
    }
    if !is_same_predicate(postgres, sqlite) {
        let text = |index: &Index| Some(index.predicate.as_ref()?.text.clone());
        let (theirs, ours) = (text(postgres), text(sqlite));
        let is_certain = theirs.is_none() || ours.is_none();
        found.add(object, Aspect::Predicate, theirs, ours, is_certain);
    }
    let uniqueness = |index: &Index| {
        let word = if index.is_unique {
            "unique"
        } else {
            "not unique"
        };
        word.to_owned()
    };
    found.texts(
        object,
        Aspect::Uniqueness,
        uniqueness(postgres),
        uniqueness(sqlite),
    );
    if postgres.is_unique && sqlite.is_unique {
        let (theirs, ours) = (postgres.nulls_are_distinct, sqlite.nulls_are_distinct);
        found.texts(object, Aspect::Nulls, nulls(theirs), nulls(ours));
    }
    found.texts(object, Aspect::Method, method(postgres), method(sqlite));
}

fn nulls(are_distinct: bool) -> String {
    let word = if are_distinct {
        "NULLS DISTINCT"
    } else {
        "NULLS NOT DISTINCT"
    };
    word.to_owned()
}

fn is_same_list(one: &Index, other: &Index) -> bool {
    let same = |(one, other): (&Part, &Part)| {
        one.is_column == other.is_column
            && if one.is_column {
                one.expression
                    .text
                    .eq_ignore_ascii_case(&other.expression.text)
            } else {
                one.expression.is(&other.expression)
            }
    };
    one.parts.len() == other.parts.len() && one.parts.iter().zip(&other.parts).all(same)
}

fn is_same_predicate(one: &Index, other: &Index) -> bool {
    match (&one.predicate, &other.predicate) {
        (Some(one), Some(other)) => one.is(other),
        (one, other) => one.is_none() && other.is_none(),
    }
}

fn parts(index: &Index) -> String {
    let part = |part: &Part| {
        let direction = if part.is_descending { " DESC" } else { "" };
        format!("{}{direction}", part.expression.text)
    };
    let parts: Vec<String> = index.parts.iter().map(part).collect();
    list(&parts)
}

fn method(index: &Index) -> String {
    let orders = index.parts.iter().filter_map(|part| part.order.as_deref());
    let words: Vec<&str> = std::iter::once(index.method.as_str())
        .chain(orders)
        .collect();
    words.join(" ")
}

fn whole(index: &Index) -> String {
    let unique = if index.is_unique { "UNIQUE " } else { "" };
    let predicate = index.predicate.as_ref();
    let predicate = predicate.map_or_else(String::new, |p| format!(" WHERE {}", p.text));
    format!("{unique}{}{predicate}", parts(index))
}
