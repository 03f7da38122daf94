//! Columns that are added to a table, or get another type.

use sqlparser::ast::{ColumnDef, ColumnOption, DataType, Expr, Ident, Value};
use sqlparser::keywords::Keyword;

use super::super::kind::Kind;
use super::super::model::{folded, last};
use super::super::rule::live::{
    ADD_COLUMN_CHECK, ADD_COLUMN_NOT_NULL, ADD_COLUMN_REWRITE, COLUMN_TYPE_CHANGE,
    KEY_WITHOUT_INDEX,
};
use super::super::standard::is_keyword;
use super::{Look, defaults};

pub(super) fn added(look: &mut Look<'_, '_, '_>, table: &str, column: &ColumnDef) {
    let name = format!("{table}.{}", folded(&column.name));
    let span = column.name.span;
    let default = column
        .options
        .iter()
        .find_map(|option| match &option.option {
            ColumnOption::Default(expr) => Some(expr),
            _ => None,
        });
    let has_value = default.is_some_and(|default| !is_null(default));
    let mut makes_values = is_serial(&column.data_type);
    if makes_values {
        look.at(
            &ADD_COLUMN_REWRITE,
            span,
            format!("{name}, which is {}", column.data_type),
        );
    }
    if let Some(default) = default.filter(|default| defaults::is_volatile(default)) {
        look.at(
            &ADD_COLUMN_REWRITE,
            span,
            format!("{name} with the default {default}"),
        );
    }
    for option in &column.options {
        match &option.option {
            ColumnOption::Generated {
                generation_expr,
                generation_expr_mode,
                ..
            } => {
                makes_values = true;
                let is_virtual = matches!(
                    generation_expr_mode,
                    Some(sqlparser::ast::GeneratedExpressionMode::Virtual)
                );
                if generation_expr.is_none() || !is_virtual {
                    look.at(
                        &ADD_COLUMN_REWRITE,
                        span,
                        format!("{name}, which is generated"),
                    );
                }
            }
            ColumnOption::PrimaryKey(_) | ColumnOption::Unique(_) => {
                look.at(&KEY_WITHOUT_INDEX, span, format!("the key of {name}"));
            }
            ColumnOption::Check(_) => {
                look.at(&ADD_COLUMN_CHECK, span, format!("{name} with a CHECK"));
            }
            ColumnOption::ForeignKey(_) if has_value => {
                let what = format!("{name} with a foreign key and a default");
                look.at(&ADD_COLUMN_CHECK, span, what);
            }
            _ => {}
        }
    }
    let not_null = column.options.iter().any(|option| {
        matches!(
            option.option,
            ColumnOption::NotNull | ColumnOption::PrimaryKey(_)
        )
    });
    if not_null && !has_value && !makes_values {
        look.at(&ADD_COLUMN_NOT_NULL, span, name);
    }
}

fn is_null(expr: &Expr) -> bool {
    matches!(expr, Expr::Value(value) if value.value == Value::Null)
}

fn is_serial(declared: &DataType) -> bool {
    match declared {
        DataType::Custom(name, _) => matches!(
            last(name).as_str(),
            "serial" | "bigserial" | "smallserial" | "serial2" | "serial4" | "serial8"
        ),
        _ => false,
    }
}

/// Looks at a column that gets another type.
pub(super) fn retyped(
    look: &mut Look<'_, '_, '_>,
    table: &str,
    column: &Ident,
    to: &DataType,
    converts: bool,
) {
    let name = folded(column);
    let known = look
        .model
        .tables
        .get(table)
        .and_then(|table| table.column(&name));
    // An index of another collation is another index.
    let collation = read_collation(look);
    let widens = known.is_some_and(|known| {
        !converts && is_wider(known.kind, Kind::of(to)) && known.collation == collation
    });
    if !widens {
        let from = known.map_or("a type that is not known", |known| known.kind.name());
        look.at(
            &COLUMN_TYPE_CHANGE,
            column.span,
            format!("{table}.{name} from {from} to {to}"),
        );
    }
}

/// What stands behind COLLATE, which the parser does not take there.
fn read_collation(look: &Look<'_, '_, '_>) -> Option<String> {
    let mut tokens = look.read.tokens.iter();
    tokens.find(|token| is_keyword(token, Keyword::COLLATE))?;
    tokens
        .next()
        .map(|token| token.token.to_string().trim_matches('"').to_owned())
}

/// Whether `PostgreSQL` neither writes the rows anew nor looks at them.
fn is_wider(from: Kind, to: Kind) -> bool {
    match (from, to) {
        (Kind::Varchar(Some(from)), Kind::Varchar(Some(to))) => to >= from,
        (Kind::Varchar(_) | Kind::Text, Kind::Varchar(None) | Kind::Text)
        | (Kind::Numeric(_), Kind::Numeric(None)) => true,
        (Kind::Numeric(Some((from, scale))), Kind::Numeric(Some((to, same)))) => {
            to >= from && scale == same
        }
        _ => false,
    }
}
