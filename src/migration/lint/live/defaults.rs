//! Defaults that `PostgreSQL` computes once for all rows that exist.

use sqlparser::ast::{BinaryOperator, Expr};

use super::super::MOMENTS;
use super::super::model::last;

/// Functions beside [`MOMENTS`] that give one value in a whole statement.
const STABLE: [&str; 6] = [
    "transaction_timestamp",
    "statement_timestamp",
    "current_user",
    "session_user",
    "current_schema",
    "current_setting",
];

/// Whether it may be another value for each row. What is not known counts as such.
pub(super) fn is_volatile(expr: &Expr) -> bool {
    match expr {
        Expr::Value(_) | Expr::TypedString(_) | Expr::Interval(_) => false,
        Expr::Nested(inner)
        | Expr::Cast { expr: inner, .. }
        | Expr::UnaryOp { expr: inner, .. }
        | Expr::Collate { expr: inner, .. } => is_volatile(inner),
        Expr::AtTimeZone {
            timestamp,
            time_zone,
        } => is_volatile(timestamp) || is_volatile(time_zone),
        Expr::BinaryOp { left, op, right } => {
            matches!(op, BinaryOperator::Custom(_)) || is_volatile(left) || is_volatile(right)
        }
        Expr::Array(array) => array.elem.iter().any(is_volatile),
        Expr::Function(function) => {
            let name = last(&function.name);
            !MOMENTS.contains(&name.as_str()) && !STABLE.contains(&name.as_str())
        }
        _ => true,
    }
}
