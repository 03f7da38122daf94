//! Names of tables, columns and others, as `PostgreSQL` tells them apart.

use sqlparser::ast::{Ident, ObjectName};

/// A name with its schema, as `PostgreSQL` folds it; without the schema that is meant where none is named.
pub(in super::super) fn key(name: &ObjectName) -> String {
    let parts: Vec<_> = name.0.iter().filter_map(|part| part.as_ident()).collect();
    match parts.as_slice() {
        [.., schema, name] => within(&folded(schema), &folded(name)),
        _ => last(name),
    }
}

fn within(schema: &str, name: &str) -> String {
    match schema {
        "" | "public" | "main" => name.to_owned(),
        _ => format!("{schema}.{name}"),
    }
}

/// A new name of what keeps its schema, or of what is in the schema of another.
pub(in super::super) fn beside(known: &str, name: &str) -> String {
    let schema = known.rsplit_once('.').map_or("", |(schema, _)| schema);
    within(schema, name)
}

/// The last part of a name, as `PostgreSQL` folds it.
pub(in super::super) fn last(name: &ObjectName) -> String {
    let ident = name.0.last().and_then(|part| part.as_ident());
    ident.map_or_else(String::new, folded)
}

/// A name as `PostgreSQL` folds it.
pub(in super::super) fn folded(ident: &Ident) -> String {
    match ident.quote_style {
        Some(_) => ident.value.clone(),
        None => ident.value.to_lowercase(),
    }
}
