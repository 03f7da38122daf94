//! Tokens as the parser knows them, of what it does not know.

use sqlparser::keywords::Keyword;
use sqlparser::tokenizer::{Token, TokenWithSpan, Word};

/// The tokens without what the parser does not know, or would take for something else: `IS x` is written
/// as the standard does, and the COLLATE of `ALTER COLUMN … TYPE`, the CONCURRENTLY of DROP INDEX and ONLY
/// are left to those who look for them among the tokens.
pub(super) fn standard(tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let begins = |word| tokens.first().is_some_and(|first| is_keyword(first, word));
    let (alters, drops) = (begins(Keyword::ALTER), begins(Keyword::DROP));
    let describes = begins(Keyword::COMMENT) || begins(Keyword::SECURITY);
    let mut standard = Vec::with_capacity(tokens.len());
    let mut retypes = false;
    let mut rest = tokens;
    while let [token, after @ ..] = rest {
        rest = after;
        retypes |= alters && is_keyword(token, Keyword::TYPE);
        let is = |word| is_keyword(token, word);
        if retypes && is(Keyword::COLLATE) {
            rest = after.get(1..).unwrap_or_default();
        } else if drops && is(Keyword::CONCURRENTLY)
            || is(Keyword::ONLY) && standard.last().is_some_and(names_table)
        {
        } else if is(Keyword::IS) && !describes {
            standard.push(token.clone());
            rest = distinction(token, after, &mut standard);
        } else {
            standard.push(token.clone());
        }
    }
    standard
}

/// Writes `IS x` as `IS NOT DISTINCT FROM x`, and `IS NOT x` without the NOT; gives what follows.
fn distinction<'t>(
    is: &TokenWithSpan,
    after: &'t [TokenWithSpan],
    standard: &mut Vec<TokenWithSpan>,
) -> &'t [TokenWithSpan] {
    let negated = after
        .first()
        .is_some_and(|token| is_keyword(token, Keyword::NOT));
    let operand = &after[usize::from(negated)..];
    if !compares(operand.first()) {
        return after;
    }
    let words = [
        ("NOT", Keyword::NOT),
        ("DISTINCT", Keyword::DISTINCT),
        ("FROM", Keyword::FROM),
    ];
    let words = words.iter().skip(usize::from(negated));
    standard.extend(words.map(|(value, keyword)| TokenWithSpan {
        token: Token::Word(Word {
            value: (*value).into(),
            quote_style: None,
            keyword: *keyword,
        }),
        span: is.span,
    }));
    operand
}

/// Whether a table's name follows, in which `PostgreSQL` may say ONLY.
pub(super) fn names_table(token: &TokenWithSpan) -> bool {
    is_keyword(token, Keyword::FROM) || is_keyword(token, Keyword::UPDATE)
}

/// Whether what follows IS is a value, and no word of the standard's.
pub(super) fn compares(token: Option<&TokenWithSpan>) -> bool {
    let words = [
        "NULL",
        "NOT",
        "TRUE",
        "FALSE",
        "UNKNOWN",
        "DISTINCT",
        "NORMALIZED",
        "NFC",
        "NFD",
        "NFKC",
        "NFKD",
        "JSON",
        "DOCUMENT",
        "OF",
    ];
    match token.map(|token| &token.token) {
        None | Some(Token::RParen | Token::Comma | Token::SemiColon) => false,
        Some(Token::Word(word)) if word.quote_style.is_none() => {
            !words.iter().any(|w| word.value.eq_ignore_ascii_case(w))
        }
        Some(_) => true,
    }
}

pub(super) fn is_keyword(token: &TokenWithSpan, keyword: Keyword) -> bool {
    matches!(&token.token, Token::Word(word) if word.keyword == keyword)
}
