//! Values beside each other, and columns written into others.

use sqlparser::ast::Expr;

use super::super::kind::Kind;
use super::super::model::Column;
use super::super::rule::portable::{JSON_OPERATOR, NUMERIC_ARITHMETIC, ONE_ENGINE_EXPRESSION};
use super::casts::spells_alike;
use super::{Look, functions, literals, place_of, shown};

/// Looks at values that are compared with each other.
pub(super) fn compared(look: &mut Look<'_, '_, '_>, whole: &Expr, sides: &[&Expr; 2]) {
    for (side, other) in [(sides[0], sides[1]), (sides[1], sides[0])] {
        if look.scope.kind(side) == Some(Kind::Jsonb) {
            look.found(&JSON_OPERATOR, place_of(whole), shown(whole));
            return;
        }
        if let Expr::Function(function) = side
            && functions::is_numeric_aggregate(look, function)
        {
            look.found(&NUMERIC_ARITHMETIC, place_of(whole), shown(whole));
            return;
        }
        literals::beside(look, side, other);
    }
    let kinds = sides.map(|side| look.scope.sure_kind(side));
    if let [Some(one), Some(two)] = kinds
        && let (Some(first), Some(second)) = (Family::of(one), Family::of(two))
        && first != second
    {
        let what = format!(
            "{}, which is {}, beside {}, which is {}",
            sides[0],
            one.name(),
            sides[1],
            two.name()
        );
        look.found(&ONE_ENGINE_EXPRESSION, place_of(whole), what);
    }
}

/// Looks at a column that is written into another one.
pub(super) fn written(look: &mut Look<'_, '_, '_>, column: &Column, value: &Expr) {
    let Some(from) = look.scope.sure_kind(value) else {
        return;
    };
    let (Some(source), Some(target)) = (Family::of(from), Family::of(column.kind)) else {
        return;
    };
    // PostgreSQL makes text of anything that is written into text.
    let is_alike = source == target || target == Family::Text && spells_alike(from);
    if !is_alike {
        let what = format!(
            "{value}, which is {}, into {}, which is {}",
            from.name(),
            column.name,
            column.kind.name()
        );
        look.found(&ONE_ENGINE_EXPRESSION, place_of(value), what);
    }
}

/// What compares with each other on both engines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Number,
    Decimal,
    Text,
    Boolean,
    Uuid,
    Bytes,
    Moment,
    Day,
}

impl Family {
    fn of(kind: Kind) -> Option<Self> {
        Some(match kind {
            Kind::SmallInt | Kind::Integer | Kind::BigInt | Kind::Double => Self::Number,
            Kind::Numeric(_) => Self::Decimal,
            Kind::Text | Kind::Varchar(_) => Self::Text,
            Kind::Boolean => Self::Boolean,
            Kind::Uuid => Self::Uuid,
            Kind::Bytea => Self::Bytes,
            Kind::Timestamptz => Self::Moment,
            Kind::Date => Self::Day,
            Kind::Jsonb | Kind::Other => return None,
        })
    }
}
