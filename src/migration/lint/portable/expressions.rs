//! Forms of expressions: which both engines have, and which they compute alike.

use sqlparser::ast::{BinaryOperator, CastKind, Expr, Function, InTarget, UnaryOperator, Value};

use super::super::kind::Kind;
use super::super::rule::Rule;
use super::super::rule::portable::{
    CAST, DECIMAL_ARITHMETIC, DIVISION, LIKE_IN_DEFINITION, MOMENT_ARITHMETIC, NUMERIC_ARITHMETIC,
    ONE_ENGINE_EXPRESSION,
};
use super::casts::{cast, spells_alike};
use super::comparisons::compared;
use super::{Look, Place, functions, literals, names, place_of, queries, shown};

/// What to do about a value that each engine writes as another text.
const SPELLING: &str =
    "join texts, whole numbers, UUID, DATE and NUMERIC columns alone, or write the text in Rust";

/// Looks at one expression; its parts get their own look.
pub(super) fn expression(look: &mut Look<'_, '_, '_>, expr: &Expr) {
    let what = operator(expr).or_else(|| one_engine(expr).map(str::to_owned));
    if let Some(what) = what {
        let what = format!("{what} in {}", shown(expr));
        look.found(&ONE_ENGINE_EXPRESSION, place_of(expr), what);
        return;
    }
    match expr {
        Expr::BinaryOp { left, op, right } => binary(look, expr, left, op, right),
        Expr::UnaryOp {
            op: UnaryOperator::Not,
            expr,
        } => queries::condition(look, expr),
        Expr::UnaryOp { expr: inner, .. } if is_numeric(look, inner) => {
            computed(look, &NUMERIC_ARITHMETIC, expr);
        }
        Expr::IsDistinctFrom(one, two) | Expr::IsNotDistinctFrom(one, two) => {
            compared(look, expr, &[one, two]);
        }
        Expr::Between {
            expr: value,
            low,
            high,
            ..
        } => {
            compared(look, expr, &[value, low]);
            compared(look, expr, &[value, high]);
        }
        Expr::In {
            expr: value,
            target: InTarget::List(list),
            ..
        } => {
            if list.is_empty() {
                look.found(
                    &ONE_ENGINE_EXPRESSION,
                    place_of(expr),
                    "IN with an empty list",
                );
            }
            for item in list {
                compared(look, expr, &[value, item]);
            }
        }
        Expr::Like { expr: value, .. } => {
            if look.place == Place::Definition {
                look.found(&LIKE_IN_DEFINITION, place_of(expr), shown(expr));
            }
            if let Some(kind) = look.scope.kind(value).filter(|kind| !kind.is_text()) {
                let what = format!("LIKE with a column of {}", kind.name());
                look.found(&ONE_ENGINE_EXPRESSION, place_of(expr), what);
            }
        }
        Expr::Cast {
            expr: inner,
            data_type,
            ..
        } => cast(look, expr, inner, data_type),
        Expr::Case {
            conditions,
            operand,
            else_result,
            ..
        } => {
            for when in conditions {
                if operand.is_none() {
                    queries::condition(look, &when.condition);
                }
            }
            let results = conditions.iter().map(|when| &when.result);
            let mut parts = results
                .chain(else_result.as_deref())
                .chain(operand.as_deref());
            if parts.any(|part| is_numeric(look, part)) {
                computed(look, &NUMERIC_ARITHMETIC, expr);
            }
        }
        Expr::Function(function) => functions::call(look, expr, function),
        Expr::Trim { expr: value, .. } => functions::over_text(look, "trim", value),
        Expr::Substring { expr: value, .. } => functions::over_text(look, "substr", value),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => names::column(look, expr),
        _ => {}
    }
}

/// An operator that only one engine has.
fn operator(expr: &Expr) -> Option<String> {
    match expr {
        Expr::UnaryOp { op, .. } if !is_shared_prefix(*op) => Some(format!("the operator {op}")),
        Expr::BinaryOp { op, .. } if !is_shared(op) => Some(format!("the operator {op}")),
        _ => None,
    }
}

/// What only one engine has.
fn one_engine(expr: &Expr) -> Option<&'static str> {
    Some(match expr {
        Expr::Interval(_) => "INTERVAL",
        Expr::Extract { .. } => "EXTRACT",
        Expr::AtTimeZone { .. } => "AT TIME ZONE",
        Expr::ILike { .. } => "ILIKE",
        Expr::SimilarTo { .. } => "SIMILAR TO",
        Expr::RLike { .. } => "a regular expression",
        Expr::AnyOp { .. } | Expr::AllOp { .. } => "ANY or ALL",
        Expr::Like { any: true, .. } => "LIKE ANY",
        Expr::Array(_) => "ARRAY[…]",
        Expr::Collate { .. } => "COLLATE",
        Expr::Position { .. } => "POSITION",
        Expr::Overlay { .. } => "OVERLAY",
        Expr::Ceil { .. } | Expr::Floor { .. } => "CEIL or FLOOR",
        Expr::TypedString(_) => "a literal with its type before it",
        Expr::IsUnknown(_) | Expr::IsNotUnknown(_) => "IS UNKNOWN",
        Expr::IsNormalized { .. } => "IS NORMALIZED",
        Expr::Substring { special: false, .. } => "SUBSTRING … FROM",
        Expr::Trim {
            trim_where: Some(_),
            ..
        }
        | Expr::Trim {
            trim_what: Some(_), ..
        }
        | Expr::Trim {
            trim_characters: Some(_),
            ..
        } => "TRIM with what it removes",
        Expr::Cast { kind, .. } if !matches!(kind, CastKind::Cast | CastKind::DoubleColon) => {
            "a CAST of another dialect"
        }
        Expr::Identifier(name) if name.value.eq_ignore_ascii_case("default") => {
            "DEFAULT in place of a value"
        }
        Expr::Substring {
            substring_from: Some(from),
            ..
        } if literals::is_negative(from) => "substr from the end",
        Expr::Identifier(_)
        | Expr::CompoundIdentifier(_)
        | Expr::IsFalse(_)
        | Expr::IsNotFalse(_)
        | Expr::IsTrue(_)
        | Expr::IsNotTrue(_)
        | Expr::IsNull(_)
        | Expr::IsNotNull(_)
        | Expr::IsDistinctFrom(..)
        | Expr::IsNotDistinctFrom(..)
        | Expr::In {
            target: InTarget::List(_) | InTarget::Subquery(_),
            ..
        }
        | Expr::Between { .. }
        | Expr::BinaryOp { .. }
        | Expr::Like { .. }
        | Expr::UnaryOp { .. }
        | Expr::Cast { .. }
        | Expr::Substring { .. }
        | Expr::Trim { .. }
        | Expr::Nested(_)
        | Expr::Value(_)
        | Expr::Function(_)
        | Expr::Case { .. }
        | Expr::Exists { .. }
        | Expr::Subquery(_)
        | Expr::Tuple(_)
        | Expr::Wildcard(_)
        | Expr::QualifiedWildcard(..) => return None,
        _ => "this expression",
    })
}

fn is_shared_prefix(op: UnaryOperator) -> bool {
    use UnaryOperator as U;
    matches!(op, U::Not | U::Minus | U::Plus | U::BitwiseNot)
}

fn is_shared(op: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    is_arithmetic(op)
        || is_comparison(op)
        || matches!(
            op,
            // The tokens tell of the arrows.
            B::And
                | B::Or
                | B::StringConcat
                | B::BitwiseAnd
                | B::BitwiseOr
                | B::Arrow
                | B::LongArrow
        )
}

fn is_arithmetic(op: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(op, B::Plus | B::Minus | B::Multiply | B::Divide | B::Modulo)
}

fn is_comparison(op: &BinaryOperator) -> bool {
    use BinaryOperator as B;
    matches!(op, B::Eq | B::NotEq | B::Lt | B::LtEq | B::Gt | B::GtEq)
}

fn binary(
    look: &mut Look<'_, '_, '_>,
    expr: &Expr,
    left: &Expr,
    op: &BinaryOperator,
    right: &Expr,
) {
    let sides = [left, right];
    if is_comparison(op) {
        compared(look, expr, &sides);
        return;
    }
    if matches!(op, BinaryOperator::And | BinaryOperator::Or) {
        queries::condition(look, left);
        queries::condition(look, right);
        return;
    }
    let kinds = sides.map(|side| look.scope.kind(side));
    // A float makes a float of the other side, on both engines.
    let has_float = kinds.contains(&Some(Kind::Double));
    let mut kinds = kinds.iter().flatten();
    let has_decimal = sides.iter().any(|side| literals::is_decimal(side));
    let is_moment = |kind: &Kind| matches!(kind, Kind::Date | Kind::Timestamptz);
    let rule = if sides.iter().any(|side| is_numeric(look, side)) {
        Some(&NUMERIC_ARITHMETIC)
    } else if *op == BinaryOperator::StringConcat {
        if let Some(kind) = kinds.find(|kind| !spells_alike(**kind)) {
            let what = format!("{}, which makes text of {}", shown(expr), kind.name());
            look.advised(&CAST, place_of(expr), what, SPELLING);
            return;
        }
        has_decimal.then_some(&CAST)
    } else if is_arithmetic(op) && kinds.any(is_moment) {
        Some(&MOMENT_ARITHMETIC)
    } else if is_arithmetic(op) && has_decimal && !has_float {
        Some(&DECIMAL_ARITHMETIC)
    } else {
        None
    };
    if let Some(rule) = rule {
        computed(look, rule, expr);
    }
    let divides = matches!(op, BinaryOperator::Divide | BinaryOperator::Modulo);
    if divides && !never_zero(right) {
        computed(look, &DIVISION, expr);
    }
}

fn computed(look: &mut Look<'_, '_, '_>, rule: &'static Rule, expr: &Expr) {
    look.found(rule, place_of(expr), shown(expr));
}

/// Whether it is a column of NUMERIC.
pub(super) fn is_numeric(look: &Look<'_, '_, '_>, expr: &Expr) -> bool {
    matches!(look.scope.kind(expr), Some(Kind::Numeric(_)))
}

/// A divisor with which both engines give a number or NULL.
fn never_zero(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => never_zero(inner),
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => digits.bytes().any(|digit| (b'1'..=b'9').contains(&digit)),
            _ => false,
        },
        Expr::Function(Function { name, .. }) => name.to_string().eq_ignore_ascii_case("nullif"),
        _ => false,
    }
}
