//! LIKE as PostgreSQL has it: letters of another case are others, and a backslash escapes.
//!
//! SQLite's own takes ASCII letters of either case for the same and has no escape unless ESCAPE says
//! so (<https://sqlite.org/lang_expr.html>, "The LIKE, GLOB, REGEXP, MATCH, and extract operators"),
//! so that one query finds other rows on each engine. SQLite calls the function `like` for the
//! operator, and a function of that name replaces its own. Its LIKE never uses an index on a column
//! that compares by bytes, as portable columns do, so none is lost.

use super::error::DANGLING_ESCAPE;
use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Error, ffi};
use std::str::Chars;

/// Bytes of the longest pattern, as in SQLite's own (`SQLITE_MAX_LIKE_PATTERN_LENGTH`): a match may
/// take the pattern's length times the text's.
const LONGEST: usize = 50_000;

/// Registers LIKE, without ESCAPE and with it.
pub(super) fn register(connection: &Connection, flags: FunctionFlags) -> rusqlite::Result<()> {
    connection.create_scalar_function("like", 2, flags, |context| {
        operator(context, |_| Ok(Some(Some('\\'))))
    })?;
    connection.create_scalar_function("like", 3, flags, |context| {
        operator(context, |context| {
            let Some(escape) = text(context, 2)? else {
                return Ok(None);
            };
            let mut characters = escape.chars();
            let escape = characters.next();
            if characters.next().is_some() {
                return Err(misfit("ESCAPE takes one character, or none for no escape"));
            }
            Ok(Some(escape))
        })
    })
}

/// `like(pattern, text[, escape])`; NULL where any is.
fn operator(
    context: &Context<'_>,
    escape: impl Fn(&Context<'_>) -> rusqlite::Result<Option<Option<char>>>,
) -> rusqlite::Result<Option<bool>> {
    let (Some(pattern), Some(text), Some(escape)) =
        (text(context, 0)?, text(context, 1)?, escape(context)?)
    else {
        return Ok(None);
    };
    if pattern.len() > LONGEST {
        return Err(misfit("the pattern of LIKE is longer than 50,000 bytes"));
    }
    matches(pattern, text, escape)
        .map(Some)
        .ok_or_else(|| Error::SqliteFailure(ffi::Error::new(DANGLING_ESCAPE), None))
}

/// An argument, which has to be text as it has to be on PostgreSQL.
fn text<'a>(context: &'a Context<'_>, at: usize) -> rusqlite::Result<Option<&'a str>> {
    match context.get_raw(at) {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) => std::str::from_utf8(bytes)
            .map(Some)
            .map_err(|_| misfit("LIKE takes text, and this is no UTF-8")),
        _ => Err(misfit(
            "LIKE takes text, and this is a number or bytes: write CAST(… AS TEXT)",
        )),
    }
}

/// SQLite gives it on with its message or with a code of ours, not with both; the message says more.
fn misfit(message: &str) -> Error {
    Error::UserFunctionError(message.into())
}

/// Whether `text` matches; `None` where the match meets an escape with nothing after it.
fn matches(pattern: &str, text: &str, escape: Option<char>) -> Option<bool> {
    let (mut pattern, mut text) = (pattern.chars(), text.chars());
    // What follows the last `%`, and the text at which that is tried next.
    let mut retry: Option<(Chars<'_>, Chars<'_>)> = None;
    loop {
        if text.as_str().is_empty() {
            // As on PostgreSQL, an escape with nothing after it is no matter here.
            let nothing = |character| character == '%' && escape != Some('%');
            return Some(pattern.all(nothing));
        }
        let mut ahead = pattern.clone();
        let matched = match ahead.next() {
            None => false,
            Some(character) if Some(character) == escape => {
                let literal = ahead.next()?;
                text.next() == Some(literal)
            }
            Some('%') => {
                // What wildcards follow are taken at once, and an escape with nothing after it is
                // met though there may be no text left: so does PostgreSQL.
                loop {
                    let mut further = ahead.clone();
                    match further.next() {
                        None => return Some(true),
                        Some(character) if Some(character) == escape => {
                            if further.as_str().is_empty() {
                                return None;
                            }
                            break;
                        }
                        Some('_') if text.next().is_none() => return Some(false),
                        Some('%' | '_') => {}
                        Some(_) => break,
                    }
                    ahead = further;
                }
                retry = Some((ahead.clone(), text.clone()));
                true
            }
            Some('_') => text.next().is_some(),
            Some(character) => text.next() == Some(character),
        };
        if matched {
            pattern = ahead;
            continue;
        }
        let Some((after, next)) = &mut retry else {
            return Some(false);
        };
        if next.next().is_none() {
            return Some(false);
        }
        (pattern, text) = (after.clone(), next.clone());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_on_postgresql() {
        // Each was tried on PostgreSQL 15.
        for (text, pattern, expected) in [
            ("", "", Some(true)),
            ("", "%", Some(true)),
            ("", "_", Some(false)),
            ("a", "", Some(false)),
            ("Apple", "a%", Some(false)),
            ("Apple", "A%", Some(true)),
            ("Apple", "%le", Some(true)),
            ("Apple", "%l", Some(false)),
            ("Apple", "A_p%e", Some(true)),
            ("ä\u{1f600}b", "_\u{1f600}_", Some(true)),
            ("Ä", "ä", Some(false)),
            ("aXbXc", "a%X%c", Some(true)),
            ("aaab", "%ab", Some(true)),
            ("mississippi", "%iss%ip%i", Some(true)),
            ("a_b", r"a\_b", Some(true)),
            ("axb", r"a\_b", Some(false)),
            ("100%", r"100\%", Some(true)),
            (r"a\b", r"a\\b", Some(true)),
            ("ab", r"\a\b", Some(true)),
            ("ab", r"ab\", Some(false)),
            ("abc", r"ab\", None),
            ("xyz", r"ab\", Some(false)),
        ] {
            assert_eq!(
                matches(pattern, text, Some('\\')),
                expected,
                "{text} LIKE {pattern}"
            );
        }
        assert_eq!(matches(r"a\%", r"a\bc", None), Some(true));
        assert_eq!(matches("a!%", "a%", Some('!')), Some(true));
    }
}
