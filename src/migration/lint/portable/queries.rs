//! Queries: their order, their groups, their conditions.

use sqlparser::ast::{
    Expr, GroupByExpr, JoinConstraint, JoinOperator, OrderByKind, Query, Select, SelectItem,
};

use super::super::kind::Kind;
use super::super::model::folded;
use super::super::rule::portable::{LOOSE_SELECT, NUMBER_AS_CONDITION, ONE_ENGINE_EXPRESSION};
use super::{Look, clauses, is_column, literals, names, orders, place_of, shown};

pub(super) fn query(look: &mut Look<'_, '_, '_>, query: &Query) {
    clauses::query(look, query);
    if let Some(order_by) = &query.order_by
        && let OrderByKind::Expressions(items) = &order_by.kind
    {
        orders::of_query(look, items, &query.body);
    }
}

pub(super) fn select(look: &mut Look<'_, '_, '_>, select: &Select) {
    clauses::select(look, select);
    for item in &select.projection {
        names::alias(look, item);
    }
    if let Some(selection) = &select.selection {
        condition(look, selection);
        aliases_in(look, select, selection);
    }
    if let Some(having) = &select.having {
        condition(look, having);
    }
    for join in select.from.iter().flat_map(|from| &from.joins) {
        if let Some(JoinConstraint::On(on)) = constraint(&join.join_operator) {
            condition(look, on);
        }
    }
    ungrouped(look, select);
}

pub(super) fn constraint(operator: &JoinOperator) -> Option<&JoinConstraint> {
    match operator {
        JoinOperator::Join(on)
        | JoinOperator::Inner(on)
        | JoinOperator::Left(on)
        | JoinOperator::LeftOuter(on)
        | JoinOperator::Right(on)
        | JoinOperator::RightOuter(on)
        | JoinOperator::FullOuter(on) => Some(on),
        _ => None,
    }
}

/// Looks at what has to be true or false. AND, OR and NOT get their own look.
pub(super) fn condition(look: &mut Look<'_, '_, '_>, expr: &Expr) {
    let kind = look.scope.kind(expr);
    if literals::is_number(expr) || kind.is_some_and(Kind::is_whole) {
        look.found(&NUMBER_AS_CONDITION, place_of(expr), shown(expr));
        return;
    }
    let is_taken = |kind: &Kind| matches!(kind, Kind::Boolean | Kind::Other);
    if let Some(kind) = look.scope.sure_kind(expr).filter(|kind| !is_taken(kind)) {
        let what = format!("{expr}, which is {}, as a condition", kind.name());
        look.found(&ONE_ENGINE_EXPRESSION, place_of(expr), what);
    }
}

/// Columns beside an aggregate, or beside GROUP BY, that are in no group.
fn ungrouped(look: &mut Look<'_, '_, '_>, select: &Select) {
    let GroupByExpr::Expressions(groups, _) = &select.group_by else {
        return;
    };
    let items: Vec<&Expr> = select
        .projection
        .iter()
        .filter_map(|item| match item {
            SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
            _ => None,
        })
        .collect();
    if groups.is_empty() && !items.iter().any(|item| is_aggregate(item)) {
        return;
    }
    let name = |expr: &Expr| match expr {
        Expr::Identifier(name) => Some(folded(name)),
        Expr::CompoundIdentifier(parts) => parts.last().map(folded),
        _ => None,
    };
    let grouped: Vec<_> = groups.iter().filter_map(name).collect();
    // Grouped by its number in the list, or by an expression: left to the engines.
    if grouped.len() < groups.len() {
        return;
    }
    for item in items {
        if is_column(item)
            && name(item).is_some_and(|name| !grouped.contains(&name))
            && !is_by_key(look, item, groups)
        {
            look.found(
                &LOOSE_SELECT,
                place_of(item),
                format!("{item}, in no group"),
            );
        }
    }
}

/// Whether the whole key of the column's table is grouped by, so that the column has one value in each.
fn is_by_key(look: &Look<'_, '_, '_>, item: &Expr, groups: &[Expr]) -> bool {
    let owners = look.scope.owners(item);
    let has = |alias: &str, key: &String| {
        groups.iter().any(|group| {
            let mut owners = look.scope.owners(group).into_iter();
            owners.any(|(owner, _, name)| owner == alias && name == *key)
        })
    };
    owners.iter().any(|(alias, table, _)| {
        !table.key.is_empty() && table.key.iter().all(|key| has(alias, key))
    })
}

fn is_aggregate(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => is_aggregate(inner),
        Expr::Function(function) => {
            let name = function.name.to_string().to_lowercase();
            function.over.is_none()
                && ["count", "sum", "avg", "min", "max"].contains(&name.as_str())
        }
        _ => false,
    }
}

/// An alias of the list in WHERE.
fn aliases_in(look: &mut Look<'_, '_, '_>, select: &Select, selection: &Expr) {
    for item in &select.projection {
        let SelectItem::ExprWithAlias { alias, .. } = item else {
            continue;
        };
        let name = folded(alias);
        let mut used = false;
        let _ = sqlparser::ast::visit_expressions(selection, |expr| {
            used |= matches!(expr, Expr::Identifier(ident) if folded(ident) == name);
            std::ops::ControlFlow::<()>::Continue(())
        });
        if used && !look.scope.may_have_column(&name) {
            look.found(
                &LOOSE_SELECT,
                place_of(selection),
                format!("the alias {name} in WHERE"),
            );
        }
    }
}
