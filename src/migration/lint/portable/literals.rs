//! Literals and the columns that they are written into or compared with.

use sqlparser::ast::{
    Assignment, AssignmentTarget, Expr, Insert, ObjectName, SelectItem, SetExpr, TableObject,
    UnaryOperator, Value,
};

use super::super::kind::Kind;
use super::super::model::{Column, last};
use super::super::rule::portable::{LITERAL_BESIDE_COLUMN, LITERAL_INTO_COLUMN};
use super::{Look, comparisons, functions, place_of};
use crate::types::{Date, Timestamp, Uuid};

/// A literal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Literal<'a> {
    Number(&'a str),
    String(&'a str),
    Boolean,
}

fn literal(expr: &Expr) -> Option<Literal<'_>> {
    match expr {
        Expr::Nested(inner) => literal(inner),
        Expr::UnaryOp {
            op: UnaryOperator::Minus | UnaryOperator::Plus,
            expr,
        } => literal(expr).filter(|literal| matches!(literal, Literal::Number(_))),
        Expr::Value(value) => match &value.value {
            Value::Number(digits, _) => Some(Literal::Number(digits)),
            Value::SingleQuotedString(text) => Some(Literal::String(text)),
            Value::Boolean(_) => Some(Literal::Boolean),
            _ => None,
        },
        _ => None,
    }
}

/// Whether it is a number with a point or an exponent.
pub(super) fn is_decimal(expr: &Expr) -> bool {
    matches!(literal(expr), Some(Literal::Number(digits)) if has_fraction(digits))
}

pub(super) fn is_whole(expr: &Expr) -> bool {
    matches!(literal(expr), Some(Literal::Number(digits)) if !has_fraction(digits))
}

pub(super) fn is_string(expr: &Expr) -> bool {
    matches!(literal(expr), Some(Literal::String(_)))
}

pub(super) fn is_negative(expr: &Expr) -> bool {
    matches!(
        expr,
        Expr::UnaryOp {
            op: UnaryOperator::Minus,
            ..
        }
    )
}

/// Whether it is a number, of any kind.
pub(super) fn is_number(expr: &Expr) -> bool {
    matches!(literal(expr), Some(Literal::Number(_)))
}

fn has_fraction(digits: &str) -> bool {
    digits.contains(['.', 'e', 'E'])
}

/// Looks at the rows that an INSERT writes.
pub(super) fn inserted(look: &mut Look<'_, '_, '_>, insert: &Insert) {
    let TableObject::TableName(name) = &insert.table else {
        return;
    };
    let (Some(table), Some(source)) = (look.scope.table(name), &insert.source) else {
        return;
    };
    let columns: Vec<Option<&Column>> = if insert.columns.is_empty() {
        table.columns.iter().map(Some).collect()
    } else {
        insert
            .columns
            .iter()
            .map(|column| table.column(&last(column)))
            .collect()
    };
    match &*source.body {
        SetExpr::Values(values) => {
            for row in &values.rows {
                row_written(look, &columns, row.content.iter().map(Some));
            }
        }
        SetExpr::Select(select) => {
            let is_star = |item: &SelectItem| {
                matches!(
                    item,
                    SelectItem::Wildcard(_) | SelectItem::QualifiedWildcard(..)
                )
            };
            let items = select.projection.iter().take_while(|item| !is_star(item));
            let values = items.map(|item| match item {
                SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => {
                    Some(expr)
                }
                _ => None,
            });
            row_written(look, &columns, values);
        }
        _ => {}
    }
}

fn row_written<'e>(
    look: &mut Look<'_, '_, '_>,
    columns: &[Option<&Column>],
    values: impl Iterator<Item = Option<&'e Expr>>,
) {
    for (column, value) in columns.iter().zip(values) {
        if let (Some(column), Some(value)) = (column, value) {
            written(look, column, value);
        }
    }
}

/// Looks at what SET writes.
pub(super) fn assigned(look: &mut Look<'_, '_, '_>, assignments: &[Assignment]) {
    for assignment in assignments {
        let pairs: Vec<(&ObjectName, &Expr)> = match (&assignment.target, &assignment.value) {
            (AssignmentTarget::ColumnName(name), value) => vec![(name, value)],
            (AssignmentTarget::Tuple(names), Expr::Tuple(values)) => {
                names.iter().zip(values).collect()
            }
            _ => continue,
        };
        for (name, value) in pairs {
            let column = name.0.last().and_then(|part| part.as_ident());
            let column = column.and_then(|name| look.scope.column(&Expr::Identifier(name.clone())));
            if let Some(column) = column {
                written(look, column, value);
            }
        }
    }
}

fn written(look: &mut Look<'_, '_, '_>, column: &Column, value: &Expr) {
    comparisons::written(look, column, value);
    if let Expr::Function(function) = value
        && last(&function.name) == "coalesce"
    {
        for argument in functions::arguments(function) {
            written(look, column, argument);
        }
    }
    if let Some(literal) = literal(value)
        && !is_taken(column.kind, literal)
    {
        let what = format!(
            "{value} into {}, which is {}",
            column.name,
            column.kind.name()
        );
        look.found(&LITERAL_INTO_COLUMN, place_of(value), what);
    }
}

/// Whether both engines store the literal alike.
fn is_taken(kind: Kind, literal: Literal<'_>) -> bool {
    match literal {
        _ if kind == Kind::Other => true,
        _ if kind == Kind::Bytea => false,
        Literal::Boolean => kind == Kind::Boolean,
        Literal::Number(digits) => match kind {
            Kind::Numeric(_) => is_exact(digits),
            Kind::Double => true,
            _ => (kind.is_whole() || kind.is_text()) && !has_fraction(digits),
        },
        Literal::String(text) => match kind {
            Kind::Numeric(_) => is_canonical_decimal(text),
            _ if kind.is_whole() => {
                let number = text.parse::<i64>();
                number.is_ok_and(|number| number.to_string() == text)
            }
            _ => is_canonical(kind, text),
        },
    }
}

/// Whether `SQLite` writes the number as the one spelling of a decimal.
fn is_exact(digits: &str) -> bool {
    const FLOAT_DIGITS: usize = 15;
    if !has_fraction(digits) {
        return digits.len() <= 18;
    }
    let Some((whole, places)) = digits.split_once('.') else {
        return false;
    };
    let count = whole.len() + places.len();
    let is_whole = places.bytes().all(|digit| digit == b'0');
    let is_small = whole.bytes().all(|digit| digit == b'0') && places.starts_with("0000");
    !digits.contains(['e', 'E'])
        && count <= FLOAT_DIGITS
        && !is_whole
        && !is_small
        && !whole.is_empty()
}

fn is_canonical_decimal(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, places) = match digits.split_once('.') {
        Some((whole, places)) => (whole, Some(places)),
        None => (digits, None),
    };
    let all_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    all_digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && places.is_none_or(|places| all_digits(places) && !places.ends_with('0'))
        && text != "-0"
}

/// Whether the text is what a column of this type stores on both engines.
fn is_canonical(kind: Kind, text: &str) -> bool {
    let is_same = |canonical: Option<String>| canonical.as_deref() == Some(text);
    match kind {
        Kind::Uuid => is_same(text.parse::<Uuid>().ok().map(|value| value.to_string())),
        Kind::Date => is_same(text.parse::<Date>().ok().map(|value| value.to_string())),
        Kind::Timestamptz => is_same(
            text.parse::<Timestamp>()
                .ok()
                .map(|value| value.to_string()),
        ),
        Kind::Boolean => false,
        _ => true,
    }
}

/// Looks at a column beside the value that it is compared with.
pub(super) fn beside(look: &mut Look<'_, '_, '_>, column: &Expr, value: &Expr) {
    let Some(literal) = literal(value) else {
        return;
    };
    let kind = match self::literal(column) {
        // Both are literals: each pair is said once, from the string's side.
        Some(Literal::String(_)) if matches!(literal, Literal::Number(_)) => {
            let what = format!("{column} beside {value}");
            look.found(&LITERAL_BESIDE_COLUMN, place_of(value), what);
            return;
        }
        _ => look.scope.kind(column),
    };
    let Some(kind) = kind else { return };
    let is_alike = match literal {
        Literal::Number(_) if kind.is_whole() || kind == Kind::Double => true,
        Literal::Number(digits) if matches!(kind, Kind::Numeric(_)) => {
            digits.len() <= 16 && !digits.contains(['e', 'E'])
        }
        Literal::Number(_) => kind == Kind::Other,
        Literal::String(_) if matches!(kind, Kind::Numeric(_) | Kind::Double) => true,
        _ => is_taken(kind, literal),
    };
    if !is_alike {
        let what = format!("{column}, which is {}, beside {value}", kind.name());
        look.found(&LITERAL_BESIDE_COLUMN, place_of(value), what);
    }
}
