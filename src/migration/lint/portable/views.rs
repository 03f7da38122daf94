//! Views, whose columns each engine tells in its own way.

use std::collections::BTreeSet;

use sqlparser::ast::{
    CreateView, Ident, ObjectName, Query, Select, SelectItem, SelectItemQualifiedWildcardKind,
    SetExpr, Spanned as _, TableFactor,
};

use super::super::model::{folded, last};
use super::super::rule::portable::VIEW_COLUMNS;
use super::{Look, is_column, place_of, shown};

/// Looks at the names and the number of a view's columns.
pub(super) fn columns(look: &mut Look<'_, '_, '_>, view: &CreateView) {
    if view.columns.is_empty()
        && let Some(select) = first(&view.query.body)
    {
        names(look, select);
    }
    stars(look, &view.query, &BTreeSet::new());
}

/// The SELECT that gives the columns their names.
fn first(body: &SetExpr) -> Option<&Select> {
    match body {
        SetExpr::Select(select) => Some(select),
        SetExpr::Query(query) => first(&query.body),
        SetExpr::SetOperation { left, .. } => first(left),
        _ => None,
    }
}

fn names(look: &mut Look<'_, '_, '_>, select: &Select) {
    for item in &select.projection {
        if let SelectItem::UnnamedExpr(expr) = item
            && !is_column(expr)
        {
            let what = format!("{} without a name", shown(expr));
            look.found(&VIEW_COLUMNS, place_of(expr), what);
        }
    }
}

/// Looks for the stars that give a view its columns, with the names of the WITH around them.
fn stars(look: &mut Look<'_, '_, '_>, query: &Query, around: &BTreeSet<String>) {
    let mut named = around.clone();
    for part in query.with.iter().flat_map(|with| &with.cte_tables) {
        stars(look, &part.query, &named);
        named.insert(folded(&part.alias.name));
    }
    in_set(look, &query.body, &named);
}

fn in_set(look: &mut Look<'_, '_, '_>, body: &SetExpr, named: &BTreeSet<String>) {
    match body {
        SetExpr::Select(select) => in_select(look, select, named),
        SetExpr::Query(query) => stars(look, query, named),
        SetExpr::SetOperation { left, right, .. } => {
            in_set(look, left, named);
            in_set(look, right, named);
        }
        _ => {}
    }
}

fn in_select(look: &mut Look<'_, '_, '_>, select: &Select, named: &BTreeSet<String>) {
    let relations: Vec<&TableFactor> = select
        .from
        .iter()
        .flat_map(|from| {
            std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
        })
        .collect();
    for item in &select.projection {
        let wanted = match item {
            SelectItem::Wildcard(_) => None,
            SelectItem::QualifiedWildcard(SelectItemQualifiedWildcardKind::ObjectName(name), _) => {
                Some(last(name))
            }
            _ => continue,
        };
        let tables = relations.iter().filter_map(|relation| table(relation));
        // What WITH, a subquery or a view gives has its columns for good.
        let grown = tables.into_iter().find(|(name, alias)| {
            let called = alias.map_or_else(|| last(name), folded);
            wanted.as_ref().is_none_or(|wanted| *wanted == called)
                && !named.contains(&last(name))
                && look.scope.table(name).is_some()
        });
        if let Some((name, _)) = grown {
            let what = format!("{item} of {}", last(name));
            look.found(&VIEW_COLUMNS, select.span(), what);
        }
    }
    for relation in relations {
        if let TableFactor::Derived { subquery, .. } = relation {
            stars(look, subquery, named);
        }
    }
}

fn table(relation: &TableFactor) -> Option<(&ObjectName, Option<&Ident>)> {
    match relation {
        TableFactor::Table { name, alias, .. } => {
            Some((name, alias.as_ref().map(|alias| &alias.name)))
        }
        _ => None,
    }
}
