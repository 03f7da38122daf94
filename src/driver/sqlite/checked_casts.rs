//! CASTs that answer as PostgreSQL's do, where SQLite's own answers something in any case.
//!
//! SQLite makes 12 of `CAST('12abc' AS BIGINT)`, 2 of `CAST(2.5 AS BIGINT)` and false of
//! `CAST('true' AS BOOLEAN)`. So what is cast to a whole number, a float or a boolean goes through a
//! function of the driver's first, in `SELECT`, `INSERT`, `UPDATE` and `DELETE`. The CAST stays around
//! it, for its affinity; and where an index is over the very same CAST, it stays as it is.

use super::casts;
use super::declared::Declared;
use super::lexer::{self, Kind, Token};
use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

/// How the functions' names begin, and what ends the part of a call that stands before its value.
const PREFIX: &str = "twinbase_cast_";

/// What to put before which byte of the text.
pub(super) fn insertions(
    tokens: &[Token<'_>],
    indexed: &BTreeSet<String>,
) -> BTreeMap<usize, String> {
    let mut found = BTreeMap::new();
    let mut in_conflict_target = false;
    for at in 0..tokens.len() {
        let token = &tokens[at];
        if token.is("CONFLICT") {
            in_conflict_target = true;
        } else if token.is("DO") {
            in_conflict_target = false;
        }
        if !token.is("CAST") || in_conflict_target {
            continue;
        }
        let Some((end, place)) = parts(tokens, at) else {
            continue;
        };
        let value = &tokens[at + 2..place];
        let Some(call) = call(value, tokens, at) else {
            continue;
        };
        if !indexed.is_empty() && indexed.contains(&normal(&tokens[at..=end])) {
            continue;
        }
        found.insert(tokens[at + 2].start, call);
        found.insert(tokens[place].start, ")".to_owned());
    }
    found
}

/// Where the parenthesis of a CAST closes, and its AS.
fn parts(tokens: &[Token<'_>], cast: usize) -> Option<(usize, usize)> {
    if !tokens.get(cast + 1)?.is_symbol("(") {
        return None;
    }
    let end = lexer::closing(tokens, cast + 1)?;
    let name = (cast + 2..end).rev().find(|at| tokens[*at].is("AS"))?;
    (name > cast + 2).then_some((end, name))
}

/// The beginning of the call that the value goes through; `None` where it need not.
fn call(value: &[Token<'_>], tokens: &[Token<'_>], cast: usize) -> Option<String> {
    // What is bound has been looked at.
    if matches!(value, [only] if only.kind == Kind::Parameter) {
        return None;
    }
    let bits = match Declared::parse(&casts::target(&tokens[cast..])?) {
        Declared::SmallInt => 16,
        Declared::Integer => 32,
        Declared::BigInt => 64,
        Declared::Double => return Some(format!("{PREFIX}double(")),
        Declared::Boolean => return Some(format!("{PREFIX}boolean(")),
        _ => return None,
    };
    let literal = match value {
        [number] | [_, number] if number.kind == Kind::Number => Some(number.text),
        _ => None,
    };
    let is_whole = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if literal.is_some_and(|text| text.len() < 5 && is_whole(text)) {
        return None;
    }
    // A literal with a fraction is a NUMERIC on PostgreSQL, which rounds a half away from zero.
    let is_decimal = literal.is_some_and(|text| !is_whole(text));
    let function = if is_decimal { "decimal" } else { "whole" };
    Some(format!("{PREFIX}{function}({bits},"))
}

/// The CASTs in the definition of an index.
pub(super) fn of_index(sql: &str) -> Vec<String> {
    let tokens = lexer::tokens(sql);
    (0..tokens.len())
        .filter(|at| tokens[*at].is("CAST"))
        .filter_map(|at| parts(&tokens, at).map(|(end, _)| normal(&tokens[at..=end])))
        .collect()
}

/// A CAST as text that is the same however it is spelt, and whatever table it names.
fn normal(tokens: &[Token<'_>]) -> String {
    let mut text = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        if tokens.get(at + 1).is_some_and(|next| next.is_symbol(".")) {
            at += 2;
            continue;
        }
        match token.kind {
            Kind::Text => text.push_str(token.text),
            Kind::Quoted => text.push_str(&super::analysis::unquoted(token).to_lowercase()),
            _ => text.push_str(&token.text.to_lowercase()),
        }
        text.push(' ');
        at += 1;
    }
    text
}

/// The name of a column without the functions: SQLite names an expression by its text.
pub(super) fn original(name: &str) -> Cow<'_, str> {
    if !name.contains(PREFIX) {
        return Cow::Borrowed(name);
    }
    let tokens = lexer::tokens(name);
    let mut left_out = Vec::new();
    for at in 0..tokens.len() {
        if !tokens[at].text.starts_with(PREFIX) || tokens[at].kind != Kind::Word {
            continue;
        }
        let (Some(open), Some(close)) = (tokens.get(at + 1), lexer::closing(&tokens, at + 1))
        else {
            continue;
        };
        let has_bits = tokens
            .get(at + 3)
            .filter(|comma| comma.is_symbol(",") && tokens[at + 2].kind == Kind::Number);
        let end = has_bits.unwrap_or(open).start + 1;
        left_out.push((tokens[at].start, end));
        left_out.push((tokens[close].start, tokens[close].start + 1));
    }
    left_out.sort_unstable();
    let mut text = String::with_capacity(name.len());
    let mut kept = 0;
    for (start, end) in left_out {
        text.push_str(&name[kept..start]);
        kept = end;
    }
    text.push_str(&name[kept..]);
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(sql: &str, indexed: &[&str]) -> String {
        let indexed = indexed.iter().flat_map(|sql| of_index(sql)).collect();
        let mut text = sql.to_owned();
        for (at, piece) in insertions(&lexer::tokens(sql), &indexed).iter().rev() {
            text.insert_str(*at, piece);
        }
        text
    }

    #[test]
    fn what_is_cast_goes_through_a_function_and_its_name_stays() {
        for (sql, expected) in [
            (
                "SELECT CAST(a AS BIGINT)",
                "SELECT CAST(twinbase_cast_whole(64,a )AS BIGINT)",
            ),
            (
                "SELECT CAST ( CAST(a||'x' AS DOUBLE PRECISION) AS INTEGER ) n",
                "SELECT CAST ( twinbase_cast_whole(32,CAST(twinbase_cast_double(a||'x' )AS DOUBLE \
                 PRECISION) )AS INTEGER ) n",
            ),
            (
                "SELECT CAST(2.5 AS SMALLINT), CAST(count(*) > 0 AS BOOLEAN)",
                "SELECT CAST(twinbase_cast_decimal(16,2.5 )AS SMALLINT), \
                 CAST(twinbase_cast_boolean(count(*) > 0 )AS BOOLEAN)",
            ),
        ] {
            assert_eq!(rewritten(sql, &[]), expected);
            assert_eq!(original(expected), sql);
        }
    }

    #[test]
    fn what_needs_no_function_stays_as_it_is() {
        for sql in [
            "SELECT CAST($1 AS BIGINT), CAST(12 AS SMALLINT), CAST(a AS TEXT), CAST(a AS VARCHAR(3))",
            "INSERT INTO t VALUES (1) ON CONFLICT (CAST(a AS BIGINT)) DO NOTHING",
            "SELECT 'CAST(a AS BIGINT)', cast, CAST, CAST(AS BIGINT), CAST(a AS",
        ] {
            assert_eq!(rewritten(sql, &[]), sql);
        }
        let sql = "SELECT 1 FROM t WHERE CAST( t.\"A\" as bigint) = 1 AND CAST(b AS BIGINT) = 2";
        let kept = rewritten(sql, &["CREATE INDEX i ON t (CAST(a AS BIGINT))"]);
        assert!(kept.contains("CAST( t.\"A\" as bigint) = 1"), "{kept}");
        assert!(kept.contains("twinbase_cast_whole(64,b )"), "{kept}");
    }

    proptest::proptest! {
        #[test]
        fn any_tokens_are_rewritten_without_a_panic_and_back(
            words in proptest::collection::vec(
                "CAST|\\(|\\)|AS|BIGINT|BOOLEAN|DOUBLE PRECISION|,|a|1\\.5|123456|'x'|é|ON CONFLICT|DO|\\.|-", 0..20)
        ) {
            let sql = words.join(" ");
            let changed = rewritten(&sql, &[]);
            proptest::prop_assert_eq!(original(&changed), sql);
        }
    }
}
