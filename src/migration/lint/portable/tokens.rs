//! What shows in the tokens already, whether or not the parser understands the statement.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan};

use super::super::found::Sink;
use super::super::parse::Read;
use super::super::rule::portable::{
    JSON_OPERATOR, NAME_CASE, ONE_ENGINE_EXPRESSION, ONE_ENGINE_STATEMENT,
};
use super::super::standard::{compares, is_keyword, names_table};

pub(super) fn check(read: &Read, sink: &mut Sink<'_>) {
    for (at, token) in read.tokens.iter().enumerate() {
        let line = read.line(token.span.start.line);
        let before = at.checked_sub(1).map(|before| &read.tokens[before]);
        let next = read.tokens.get(at + 1);
        if is_keyword(token, Keyword::IS) {
            let negated = next.is_some_and(|next| is_keyword(next, Keyword::NOT));
            if compares(read.tokens.get(at + 1 + usize::from(negated))) {
                let what = "IS between two values, which PostgreSQL does not know";
                sink.add(&ONE_ENGINE_EXPRESSION, line, what.into());
            }
        }
        let limit = before.is_some_and(|before| is_keyword(before, Keyword::LIMIT));
        if is_keyword(token, Keyword::ALL) && limit {
            sink.add(&ONE_ENGINE_EXPRESSION, line, "LIMIT ALL".into());
        }
        if is_keyword(token, Keyword::ONLY) && before.is_some_and(names_table) {
            sink.add(&ONE_ENGINE_STATEMENT, line, "ONLY".into());
        }
        let either = |word| before.is_some_and(|before| is_keyword(before, word));
        if is_keyword(token, Keyword::OR) && (either(Keyword::INSERT) || either(Keyword::UPDATE)) {
            let what = "OR and what to do at a conflict, which PostgreSQL writes as ON CONFLICT";
            sink.add(&ONE_ENGINE_STATEMENT, line, what.into());
        }
        if let Token::Number(digits, _) = &token.token
            && (digits.contains('_') || next.is_some_and(|next| continues(token, next)))
        {
            sink.add(
                &ONE_ENGINE_EXPRESSION,
                line,
                "a number with underscores".into(),
            );
        }
        if let Some(what) = literal(&token.token) {
            sink.add(&ONE_ENGINE_EXPRESSION, line, what);
        }
        if matches!(token.token, Token::Arrow | Token::LongArrow) {
            sink.add(
                &JSON_OPERATOR,
                line,
                format!("the operator {}", token.token),
            );
        }
        if let Some(what) = name(token, before, next) {
            sink.add(&NAME_CASE, line, what);
        }
    }
}

/// Whether the number goes on with an underscore, which the tokenizer takes for a name.
fn continues(number: &TokenWithSpan, next: &TokenWithSpan) -> bool {
    number.span.end == next.span.start
        && matches!(&next.token, Token::Word(word) if word.value.starts_with('_'))
}

fn literal(token: &Token) -> Option<String> {
    let what = match token {
        Token::DoubleColon => "a cast by ::",
        Token::DoubleEq => "==",
        Token::CustomBinaryOperator(operator) if operator == "==" => "==",
        Token::EscapedStringLiteral(_) => "a string with escapes, E'…'",
        Token::UnicodeStringLiteral(_) => "a string U&'…'",
        Token::NationalStringLiteral(_) => "a string N'…'",
        Token::DollarQuotedString(_) => "a string between dollar signs",
        Token::HexStringLiteral(_) => {
            "X'…', which is bytes on SQLite and a string of bits on PostgreSQL"
        }
        Token::SingleQuotedByteStringLiteral(_) => "a string of bits, B'…'",
        Token::Placeholder(_) => "a parameter, which nobody binds in a migration",
        _ => return None,
    };
    Some(what.into())
}

/// What is wrong with a token that is a name.
fn name(
    token: &TokenWithSpan,
    before: Option<&TokenWithSpan>,
    next: Option<&TokenWithSpan>,
) -> Option<String> {
    let Token::Word(word) = &token.token else {
        return None;
    };
    // A collation's name is no name of ours.
    if before.is_some_and(|before| is_keyword(before, Keyword::COLLATE)) {
        return None;
    }
    if word.quote_style.is_some() {
        return Some(format!("the name \"{}\" in quotes", word.value));
    }
    let is_operator = ["isnull", "notnull"]
        .iter()
        .any(|w| word.value.eq_ignore_ascii_case(w));
    let capitals = word.value.chars().any(char::is_uppercase);
    if !capitals || is_operator || word.keyword != Keyword::NoKeyword {
        return None;
    }
    let names = [
        Keyword::TABLE,
        Keyword::INTO,
        Keyword::EXISTS,
        Keyword::VIEW,
        Keyword::REFERENCES,
        Keyword::ON,
        Keyword::INDEX,
        Keyword::CONSTRAINT,
        Keyword::AS,
    ];
    let is_call = next.is_some_and(|next| next.token == Token::LParen)
        && !before.is_some_and(|before| names.iter().any(|word| is_keyword(before, *word)));
    (!is_call).then(|| format!("the name {} with capitals", word.value))
}
