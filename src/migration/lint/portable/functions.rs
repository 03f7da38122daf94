//! Functions that both engines have, and what they are called with.

use sqlparser::ast::{
    Expr, Function, FunctionArg, FunctionArgExpr, FunctionArguments, OrderByExpr, WindowType,
};

use super::super::MOMENTS;
use super::super::kind::Kind;
use super::super::model::last;
use super::super::rule::portable::{
    CURRENT_MOMENT, NUMERIC_ARITHMETIC, ONE_ENGINE_FUNCTION, SUM_OR_AVG,
};
use super::{Look, expressions, orders, place_of, queries, shown};

/// What both engines have and answer alike.
const SHARED: [&str; 26] = [
    "abs",
    "avg",
    "coalesce",
    "count",
    "cume_dist",
    "dense_rank",
    "first_value",
    "lag",
    "last_value",
    "lead",
    "length",
    "lower",
    "ltrim",
    "max",
    "min",
    "nth_value",
    "ntile",
    "nullif",
    "percent_rank",
    "rank",
    "replace",
    "row_number",
    "rtrim",
    "substr",
    "sum",
    "upper",
];

/// What takes a NUMERIC column as it is.
const TAKES_NUMERIC: [&str; 4] = ["count", "max", "min", "sum"];

/// What to do about the present moment in an UPDATE, where there is no column to leave out.
const MOMENT_IN_UPDATE: &str = "a literal such as '2024-01-01T00:00:00.000000Z', or an UPDATE in Rust that binds Timestamp::now()";

/// What takes text first.
const TAKES_TEXT: [&str; 7] = [
    "length", "lower", "ltrim", "replace", "rtrim", "substr", "upper",
];

pub(super) fn call(look: &mut Look<'_, '_, '_>, expr: &Expr, function: &Function) {
    let name = last(&function.name);
    let span = place_of(expr);
    if MOMENTS.contains(&name.as_str()) {
        if look.updates {
            look.advised(&CURRENT_MOMENT, span, shown(expr), MOMENT_IN_UPDATE);
        } else {
            look.found(&CURRENT_MOMENT, span, shown(expr));
        }
        return;
    }
    if !SHARED.contains(&name.as_str()) {
        look.found(&ONE_ENGINE_FUNCTION, span, format!("the function {name}"));
        return;
    }
    if !function.within_group.is_empty() {
        look.found(&ONE_ENGINE_FUNCTION, span, format!("{name} WITHIN GROUP"));
    }
    let arguments: Vec<&Expr> = arguments(function).collect();
    let numeric = arguments
        .iter()
        .any(|argument| expressions::is_numeric(look, argument));
    if numeric && !TAKES_NUMERIC.contains(&name.as_str()) {
        look.found(&NUMERIC_ARITHMETIC, span, shown(expr));
    } else if !numeric && sum_or_avg(look, function).is_some() && !look.converted.contains(&span) {
        look.found(&SUM_OR_AVG, span, shown(expr));
    }
    if TAKES_TEXT.contains(&name.as_str())
        && let Some(first) = arguments.first()
    {
        over_text(look, &name, first);
    }
    if matches!(name.as_str(), "min" | "max") {
        let kind = arguments
            .first()
            .and_then(|argument| look.scope.kind(argument));
        if let Some(kind @ (Kind::Uuid | Kind::Bytea | Kind::Boolean)) = kind {
            look.found(
                &ONE_ENGINE_FUNCTION,
                span,
                format!("{name} over {}", kind.name()),
            );
        }
        if arguments.len() > 1 {
            look.found(
                &ONE_ENGINE_FUNCTION,
                span,
                format!("{name} of several values"),
            );
        }
    }
    if let Some(WindowType::WindowSpec(window)) = &function.over {
        let order: &[OrderByExpr] = &window.order_by;
        orders::of_window(look, order);
    }
    if let Some(filter) = &function.filter {
        queries::condition(look, filter);
    }
}

/// Looks at what a function takes as text.
pub(super) fn over_text(look: &mut Look<'_, '_, '_>, name: &str, value: &Expr) {
    // Bytes have a length and parts, too; a NUMERIC column is said already.
    let is_taken =
        |kind: Kind| kind.is_text() || matches!(kind, Kind::Bytea | Kind::Numeric(_) | Kind::Other);
    if let Some(kind) = look.scope.sure_kind(value).filter(|kind| !is_taken(*kind)) {
        let what = format!("{name} over {}", kind.name());
        look.found(&ONE_ENGINE_FUNCTION, place_of(value), what);
    }
}

pub(super) fn arguments(function: &Function) -> impl Iterator<Item = &Expr> {
    let list = match &function.args {
        FunctionArguments::List(list) => list.args.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|argument| match argument {
        FunctionArg::Unnamed(FunctionArgExpr::Expr(expr)) => Some(expr),
        _ => None,
    })
}

/// An aggregate whose result has another type on each engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    /// The sum of whole numbers, as far as is known.
    Whole,
    /// An average.
    Average,
}

/// What the function is of these; `None` also where it is over floats, which have a float on both.
pub(super) fn sum_or_avg(look: &Look<'_, '_, '_>, function: &Function) -> Option<Aggregate> {
    let is_float = |argument| look.scope.kind(argument) == Some(Kind::Double);
    let aggregate = match last(&function.name).as_str() {
        "sum" => Aggregate::Whole,
        "avg" => Aggregate::Average,
        _ => return None,
    };
    (!arguments(function).any(is_float)).then_some(aggregate)
}

/// Whether it is an aggregate of a NUMERIC column, which is no more than a value to select.
pub(super) fn is_numeric_aggregate(look: &Look<'_, '_, '_>, function: &Function) -> bool {
    matches!(last(&function.name).as_str(), "min" | "max" | "sum")
        && arguments(function).any(|argument| expressions::is_numeric(look, argument))
}

/// Whether it gives a whole number on both engines.
pub(super) fn is_count(expr: &Expr) -> bool {
    match expr {
        Expr::Function(function) => {
            matches!(
                last(&function.name).as_str(),
                "count" | "length" | "row_number" | "rank" | "dense_rank" | "ntile"
            )
        }
        _ => false,
    }
}
