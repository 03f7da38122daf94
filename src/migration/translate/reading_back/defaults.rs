//! What the default of a column says.

use crate::config::Engine;
use crate::migration::translate::default::{POSTGRES_TODAY, SQLITE_NOW};
use crate::migration::translate::token::{Kind, tokenize};

/// What a default says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::migration) enum Says {
    /// Nothing: NULL.
    Nothing,
    /// A value.
    Literal,
    /// The present moment, which a TIMESTAMPTZ column of that engine holds.
    Moment,
    /// The present day in UTC.
    Day,
    /// Something else that is computed.
    Expression,
}

/// What the default of a column says on an engine, by the text that the engine keeps.
pub(in crate::migration) fn default(engine: Engine, text: &str) -> Says {
    let bare = bare(text);
    let is = |others: &[&str]| others.iter().any(|other| bare == self::bare(other));
    match engine {
        _ if is(&["NULL"]) => Says::Nothing,
        Engine::Sqlite if is(&[SQLITE_NOW]) => Says::Moment,
        Engine::Sqlite if is(&["CURRENT_DATE", "date('now')"]) => Says::Day,
        Engine::Postgres if is(&["now()", "CURRENT_TIMESTAMP", "transaction_timestamp()"]) => {
            Says::Moment
        }
        Engine::Postgres if is(&[POSTGRES_TODAY]) => Says::Day,
        _ if is_literal(text) && bare.starts_with("null ") => Says::Nothing,
        _ if is_literal(text) => Says::Literal,
        _ => Says::Expression,
    }
}

/// A text without blanks and parentheses, in lower case where it is not quoted, and without the casts to
/// text that PostgreSQL adds.
fn bare(text: &str) -> String {
    let tokens = tokenize(text).unwrap_or_default();
    let words = tokens.iter().filter(|token| !"()".contains(token.text));
    let words = words.map(|token| match token.kind {
        Kind::Word => token.text.to_ascii_lowercase(),
        _ => token.text.to_owned(),
    });
    words.collect::<Vec<_>>().join(" ").replace(" : : text", "")
}

/// Whether it is a number, a string, bytes, TRUE, FALSE or NULL, perhaps with a sign or with casts.
fn is_literal(text: &str) -> bool {
    let Ok(tokens) = tokenize(text) else {
        return false;
    };
    // What stands behind `::` is the name of a type, of one or several words.
    let mut in_cast = false;
    let mut values = 0;
    tokens.iter().all(|token| {
        let text = token.text;
        match token.kind {
            Kind::String | Kind::ForeignString | Kind::Number => {
                values += usize::from(!in_cast);
                true
            }
            Kind::Word if in_cast => true,
            Kind::Word => {
                let values_of_words = ["true", "false", "null"];
                let is_value = values_of_words
                    .iter()
                    .any(|word| text.eq_ignore_ascii_case(word));
                values += usize::from(is_value);
                // SQLite writes bytes as X'00ff'.
                is_value || text.eq_ignore_ascii_case("x")
            }
            Kind::QuotedName => in_cast,
            Kind::Mark => {
                in_cast |= text == ":";
                [":", "(", ")", "+", "-", ","].contains(&text)
            }
        }
    }) && values == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn defaults_are_told_apart() {
        for (engine, text, says) in [
            (Engine::Postgres, "now()", Says::Moment),
            (Engine::Postgres, "CURRENT_TIMESTAMP", Says::Moment),
            (Engine::Postgres, "clock_timestamp()", Says::Expression),
            (
                Engine::Postgres,
                "((now() AT TIME ZONE 'UTC'::text))::date",
                Says::Day,
            ),
            (Engine::Postgres, "CURRENT_DATE", Says::Expression),
            (Engine::Postgres, "'web'::character varying", Says::Literal),
            (Engine::Postgres, "'-5'::integer", Says::Literal),
            (Engine::Postgres, "'1.5'::numeric(20,8)", Says::Literal),
            (Engine::Postgres, "NULL::character varying", Says::Nothing),
            (
                Engine::Postgres,
                "nextval('t_id_seq'::regclass)",
                Says::Expression,
            ),
            (Engine::Postgres, "true", Says::Literal),
            (
                Engine::Sqlite,
                "strftime('%Y-%m-%dT%H:%M:%f000Z', 'now')",
                Says::Moment,
            ),
            (Engine::Sqlite, "CURRENT_TIMESTAMP", Says::Expression),
            (Engine::Sqlite, "CURRENT_DATE", Says::Day),
            (Engine::Sqlite, "X'00ff'", Says::Literal),
            (Engine::Sqlite, "-1.5", Says::Literal),
            (Engine::Sqlite, "(1 + 2)", Says::Expression),
            (Engine::Sqlite, "NULL", Says::Nothing),
        ] {
            assert_eq!(default(engine, text), says, "{text}");
        }
    }
}
