//! ORDER BY, and whether what it sorts by may be NULL.

use sqlparser::ast::{
    Expr, JoinOperator, OrderByExpr, Select, SelectItem, SetExpr, TableFactor, Value,
};

use super::super::model::{folded, last};
use super::super::rule::portable::ORDER_BY_NULLS;
use super::{Look, functions, place_of};

/// Looks at what the ORDER BY of a query lists, names and places of the result among it.
pub(super) fn of_query(look: &mut Look<'_, '_, '_>, items: &[OrderByExpr], body: &SetExpr) {
    let select = match body {
        SetExpr::Select(select) => Some(&**select),
        _ => None,
    };
    let absent = select.map(may_be_absent).unwrap_or_default();
    for item in items {
        let meant = select.and_then(|select| meant(select, &item.expr));
        each(look, item, meant.unwrap_or(&item.expr), &absent);
    }
}

/// Looks at what the ORDER BY of a window lists.
pub(super) fn of_window(look: &mut Look<'_, '_, '_>, items: &[OrderByExpr]) {
    for item in items {
        each(look, item, &item.expr, &[]);
    }
}

fn each(look: &mut Look<'_, '_, '_>, item: &OrderByExpr, meant: &Expr, absent: &[String]) {
    if item.options.nulls_first.is_none() && !never_null(look, meant, absent) {
        look.found(
            &ORDER_BY_NULLS,
            place_of(&item.expr),
            format!("ORDER BY {}", item.expr),
        );
    }
}

/// The expression of the list that a name or a place in ORDER BY stands for.
fn meant<'e>(select: &'e Select, expr: &Expr) -> Option<&'e Expr> {
    match expr {
        Expr::Identifier(name) => select.projection.iter().find_map(|item| match item {
            SelectItem::ExprWithAlias { expr, alias } if folded(alias) == folded(name) => {
                Some(expr)
            }
            _ => None,
        }),
        Expr::Value(value) => {
            let Value::Number(place, _) = &value.value else {
                return None;
            };
            let place = place.parse::<usize>().ok()?.checked_sub(1)?;
            let mut found = None;
            for item in select.projection.get(..=place)? {
                found = match item {
                    SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                        Some(expr)
                    }
                    // A star before it: who knows how many columns.
                    _ => return None,
                };
            }
            found
        }
        _ => None,
    }
}

/// The tables of which a row may be absent, all its columns NULL then.
fn may_be_absent(select: &Select) -> Vec<String> {
    let mut absent = Vec::new();
    for from in &select.from {
        let mut before = vec![name(&from.relation)];
        for join in &from.joins {
            let this = name(&join.relation);
            let (is_left, is_right) = match &join.join_operator {
                JoinOperator::Left(_) | JoinOperator::LeftOuter(_) => (true, false),
                JoinOperator::Right(_) | JoinOperator::RightOuter(_) => (false, true),
                JoinOperator::FullOuter(_) => (true, true),
                _ => (false, false),
            };
            if is_right {
                absent.extend(before.iter().flatten().cloned());
            }
            if is_left {
                absent.extend(this.clone());
            }
            before.push(this);
        }
    }
    absent
}

fn name(relation: &TableFactor) -> Option<String> {
    match relation {
        TableFactor::Table { name, alias, .. } => {
            let alias = alias.as_ref().map(|alias| folded(&alias.name));
            Some(alias.unwrap_or_else(|| last(name)))
        }
        _ => None,
    }
}

fn never_null(look: &Look<'_, '_, '_>, expr: &Expr, absent: &[String]) -> bool {
    match expr {
        Expr::Nested(inner) | Expr::Cast { expr: inner, .. } => never_null(look, inner, absent),
        Expr::Value(value) => value.value != Value::Null,
        Expr::Function(function) => match last(&function.name).as_str() {
            "count" | "row_number" | "rank" | "dense_rank" | "ntile" => true,
            "coalesce" => {
                let mut arguments = functions::arguments(function);
                arguments.any(|argument| never_null(look, argument, absent))
            }
            _ => false,
        },
        _ => {
            let owners = look.scope.owners(expr);
            look.scope
                .column(expr)
                .is_some_and(|column| column.not_null)
                && !owners
                    .iter()
                    .any(|(alias, _, _)| absent.iter().any(|name| name == alias))
        }
    }
}
