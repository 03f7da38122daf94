//! The casts of a statement.

use super::error::SqliteError;
use super::lexer::{self, Kind, Token};

/// Refuses a cast that gives a number on SQLite where it would give the type on PostgreSQL.
///
/// SQLite goes by the letters of the type's name (<https://sqlite.org/datatype3.html>, section
/// 3.1): `CAST('2024-02-29' AS DATE)` is 2024, and `CAST('0.1' AS NUMERIC)` a binary float.
pub(super) fn refuse_numeric(tokens: &[Token<'_>]) -> Result<(), SqliteError> {
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = token.is("CAST").then(|| target(&tokens[at..])).flatten() else {
            continue;
        };
        let upper = name.to_ascii_uppercase();
        let kept = [
            "INT", "CHAR", "CLOB", "TEXT", "BLOB", "REAL", "FLOA", "DOUB", "BOOL",
        ];
        if upper == "INTERVAL" || !kept.iter().any(|part| upper.contains(part)) {
            return Err(SqliteError::refused(format!(
                "CAST(… AS {name}) makes a number of the value on SQLite: cast to TEXT, BIGINT, \
                 DOUBLE PRECISION or BOOLEAN, or convert it in the program"
            )));
        }
    }
    Ok(())
}

/// The type's name in `CAST ( … AS name )`, where that is what `tokens` start with.
pub(super) fn target(tokens: &[Token<'_>]) -> Option<String> {
    if !tokens.get(1)?.is_symbol("(") {
        return None;
    }
    let end = lexer::closing(tokens, 1)?;
    let mut depth = 0_usize;
    let mut name_starts = None;
    for (at, token) in tokens.iter().enumerate().take(end).skip(2) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.is("AS") {
            name_starts = Some(at + 1);
        }
    }
    let name: Vec<&str> = tokens[name_starts?..end]
        .iter()
        .take_while(|token| token.kind == Kind::Word || token.kind == Kind::Quoted)
        .map(|token| token.text)
        .collect();
    Some(name.join(" "))
}
