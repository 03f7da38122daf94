//! Clauses of queries that both engines have.

use sqlparser::ast::{
    Distinct, LimitClause, Query, Select, SetExpr, SetOperator, SetQuantifier, Spanned as _,
    TableFactor,
};

use super::super::rule::portable::{ONE_ENGINE_EXPRESSION, ONE_ENGINE_STATEMENT};
use super::{Look, comparisons, literals};

/// Looks at the clauses of a query.
pub(super) fn query(look: &mut Look<'_, '_, '_>, query: &Query) {
    let span = query.body.span();
    if !query.locks.is_empty() {
        look.found(&ONE_ENGINE_STATEMENT, span, "FOR UPDATE or FOR SHARE");
    }
    if query.fetch.is_some() {
        look.found(&ONE_ENGINE_STATEMENT, span, "FETCH FIRST");
    }
    if let Some(LimitClause::LimitOffset {
        limit: Some(limit), ..
    }) = &query.limit_clause
        && literals::is_negative(limit)
    {
        look.found(&ONE_ENGINE_EXPRESSION, limit.span(), "a LIMIT below zero");
    }
    if matches!(
        query.limit_clause,
        Some(LimitClause::OffsetCommaLimit { .. })
    ) {
        look.found(&ONE_ENGINE_STATEMENT, span, "LIMIT with a comma");
    }
    if let Some(LimitClause::LimitOffset {
        limit: None,
        offset: Some(_),
        ..
    }) = &query.limit_clause
    {
        look.found(&ONE_ENGINE_STATEMENT, span, "OFFSET without LIMIT");
    }
    for part in query.with.iter().flat_map(|with| &with.cte_tables) {
        if let SetExpr::Insert(_) | SetExpr::Update(_) | SetExpr::Delete(_) = &*part.query.body {
            look.found(&ONE_ENGINE_STATEMENT, span, "WITH a statement that writes");
        }
    }
    set(look, &query.body);
}

/// Looks at UNION, INTERSECT and EXCEPT.
fn set(look: &mut Look<'_, '_, '_>, body: &SetExpr) {
    let span = body.span();
    match body {
        SetExpr::Table(_) => look.found(&ONE_ENGINE_STATEMENT, span, "TABLE in place of SELECT"),
        SetExpr::SetOperation {
            left,
            op,
            set_quantifier,
            right,
        } => {
            if *set_quantifier == SetQuantifier::All && *op != SetOperator::Union {
                let what = format!("{op} ALL");
                look.found(&ONE_ENGINE_STATEMENT, span, what);
            }
            comparisons::joined(look, left, right);
            for part in [left, right] {
                if let SetExpr::Query(_) = &**part {
                    let what = format!("parentheses around a part of {op}");
                    look.found(&ONE_ENGINE_STATEMENT, part.span(), what);
                }
                set(look, part);
            }
        }
        _ => {}
    }
}

/// Looks at the clauses of a SELECT.
pub(super) fn select(look: &mut Look<'_, '_, '_>, select: &Select) {
    let span = select.span();
    if matches!(select.distinct, Some(Distinct::On(_))) {
        look.found(&ONE_ENGINE_STATEMENT, span, "DISTINCT ON");
    }
    if select.into.is_some() {
        look.found(&ONE_ENGINE_STATEMENT, span, "SELECT … INTO");
    }
    let relations = select.from.iter().flat_map(|from| {
        std::iter::once(&from.relation).chain(from.joins.iter().map(|join| &join.relation))
    });
    for relation in relations {
        let alias = match relation {
            TableFactor::Table { alias, .. } | TableFactor::Derived { alias, .. } => alias.as_ref(),
            _ => None,
        };
        if alias.is_some_and(|alias| !alias.columns.is_empty()) {
            look.found(
                &ONE_ENGINE_STATEMENT,
                span,
                "an alias with names of columns",
            );
        }
        if let TableFactor::Table {
            sample: Some(_), ..
        } = relation
        {
            look.found(&ONE_ENGINE_STATEMENT, span, "TABLESAMPLE");
        }
        if let TableFactor::Derived {
            alias: None,
            lateral: false,
            ..
        } = relation
        {
            let what = "a subquery in FROM without an alias".to_owned();
            look.advised(&ONE_ENGINE_STATEMENT, span, what, "give it an alias");
        }
        let what = match relation {
            TableFactor::Table { args: None, .. } | TableFactor::NestedJoin { .. } => continue,
            TableFactor::Derived { lateral, .. } if !lateral => continue,
            TableFactor::Derived { .. } => "LATERAL",
            _ => "a function in FROM",
        };
        look.found(&ONE_ENGINE_STATEMENT, span, what);
    }
}
