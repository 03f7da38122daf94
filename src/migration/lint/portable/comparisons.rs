//! Values beside each other, and columns written into others.

use sqlparser::ast::{Expr, SelectItem, SetExpr};

use super::super::kind::Kind;
use super::super::model::Column;
use super::super::rule::portable::{JSON_OPERATOR, NUMERIC_ARITHMETIC, ONE_ENGINE_EXPRESSION};
use super::casts::spells_alike;
use super::{Look, functions, literals, place_of, shown};

/// What to do about columns of unlike types.
const ONE_TYPE: &str = "columns of one type beside each other, or convert in Rust";

/// Looks at values that are compared with each other.
pub(super) fn compared(look: &mut Look<'_, '_, '_>, whole: &Expr, sides: &[&Expr; 2]) {
    if let [Expr::Tuple(left), Expr::Tuple(right)] = sides {
        for (one, two) in left.iter().zip(right) {
            compared(look, whole, &[one, two]);
        }
        return;
    }
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
    if let Some(what) = unlike(look, sides) {
        look.advised(&ONE_ENGINE_EXPRESSION, place_of(whole), what, ONE_TYPE);
    }
}

/// Looks at the columns that UNION, INTERSECT or EXCEPT brings together.
pub(super) fn joined(look: &mut Look<'_, '_, '_>, left: &SetExpr, right: &SetExpr) {
    let (SetExpr::Select(one), SetExpr::Select(two)) = (left, right) else {
        return;
    };
    // From a star on, nobody knows which columns meet.
    let pairs = one.projection.iter().zip(&two.projection);
    for (one, two) in pairs.map_while(|(one, two)| Some((value(one)?, value(two)?))) {
        if let Some(what) = unlike(look, &[one, two]) {
            look.advised(&ONE_ENGINE_EXPRESSION, place_of(two), what, ONE_TYPE);
        }
    }
}

fn value(item: &SelectItem) -> Option<&Expr> {
    match item {
        SelectItem::UnnamedExpr(expr) | SelectItem::ExprWithAlias { expr, .. } => Some(expr),
        _ => None,
    }
}

/// What is said of two columns that do not go together.
fn unlike(look: &Look<'_, '_, '_>, sides: &[&Expr; 2]) -> Option<String> {
    let [one, two] = sides.map(|side| look.scope.sure_kind(side));
    let (one, two) = (one?, two?);
    (Family::of(one)? != Family::of(two)?).then(|| {
        format!(
            "{}, which is {}, beside {}, which is {}",
            sides[0],
            one.name(),
            sides[1],
            two.name()
        )
    })
}

/// Looks at a column that is written into another one.
pub(super) fn written(look: &mut Look<'_, '_, '_>, column: &Column, value: &Expr) {
    let Some(from) = look.scope.sure_kind(value) else {
        return;
    };
    let (Some(source), Some(target)) = (Family::of(from), Family::of(column.kind)) else {
        return;
    };
    // PostgreSQL makes text of anything that is written into text; the driver lets no NUMERIC column pass.
    let is_text = target == Family::Text && source != Family::Decimal && spells_alike(from);
    let is_alike = source == target || is_text;
    if !is_alike {
        let what = format!(
            "{value}, which is {}, into {}, which is {}",
            from.name(),
            column.name,
            column.kind.name()
        );
        look.advised(&ONE_ENGINE_EXPRESSION, place_of(value), what, ONE_TYPE);
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
