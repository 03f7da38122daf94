//! CAST, and what it makes of a value on both engines.

use sqlparser::ast::{BinaryOperator, DataType, Expr, UnaryOperator, Value};

use super::super::kind::Kind;
use super::super::model::last;
use super::super::rule::portable::CAST;
use super::functions::Aggregate;
use super::{Look, functions, literals, place_of, shown};

/// Looks at a CAST of `inner`.
pub(super) fn cast(look: &mut Look<'_, '_, '_>, whole: &Expr, inner: &Expr, target: &DataType) {
    let mut operand = inner;
    while let Expr::Nested(nested) = operand {
        operand = nested;
    }
    if is_null(operand) {
        return;
    }
    let to = Kind::of(target);
    let from = look.scope.kind(operand);
    let aggregate = aggregate(look, operand);
    let is_alike = match (to, from) {
        (_, Some(from)) if from.is_whole() => {
            to.is_whole() || to == Kind::Text || to == Kind::Double
        }
        (Kind::Text, Some(from)) => spells_alike(from),
        (Kind::Double, Some(Kind::Double)) => true,
        (Kind::Double, None) if aggregate.is_some() => true,
        (Kind::BigInt | Kind::Text, None) if aggregate == Some(Aggregate::Whole) => true,
        (Kind::BigInt | Kind::Integer | Kind::SmallInt, None) => is_whole(look, operand),
        (Kind::Text, None) => is_whole(look, operand) || literals::is_string(operand),
        (Kind::Double, None) => literals::is_decimal(operand) || is_whole(look, operand),
        _ => false,
    };
    if !is_alike {
        look.found(&CAST, place_of(whole), shown(whole));
    }
}

/// The sum or average that is cast, itself or as what coalesce begins with.
fn aggregate(look: &mut Look<'_, '_, '_>, operand: &Expr) -> Option<Aggregate> {
    let Expr::Function(function) = operand else {
        return None;
    };
    let found = functions::sum_or_avg(look, function);
    if found.is_some() {
        look.converted.push(place_of(operand));
        return found;
    }
    if last(&function.name) != "coalesce" {
        return None;
    }
    let mut arguments = functions::arguments(function);
    let first = arguments.next()?;
    let is_simple = arguments.all(literals::is_whole);
    if is_simple {
        aggregate(look, first)
    } else {
        None
    }
}

/// Whether both engines write such a value as the same text.
pub(super) fn spells_alike(kind: Kind) -> bool {
    kind.is_whole() || kind.is_text() || matches!(kind, Kind::Uuid | Kind::Date | Kind::Numeric(_))
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

/// Whether it is known to be a whole number on both engines.
fn is_whole(look: &Look<'_, '_, '_>, expr: &Expr) -> bool {
    use BinaryOperator as B;
    match expr {
        Expr::Nested(inner) => is_whole(look, inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => is_whole(look, expr),
        Expr::BinaryOp {
            left,
            op: B::Plus | B::Minus | B::Multiply | B::Divide | B::Modulo,
            right,
        } => is_whole(look, left) && is_whole(look, right),
        Expr::Function(function) => {
            let mut arguments = functions::arguments(function);
            match last(&function.name).as_str() {
                "abs" | "coalesce" | "nullif" => arguments.all(|value| is_whole(look, value)),
                _ => functions::is_count(expr),
            }
        }
        _ => literals::is_whole(expr) || look.scope.kind(expr).is_some_and(Kind::is_whole),
    }
}
