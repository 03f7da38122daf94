//! A migration's text as statements that a SQL parser has read, each with its lines.

use std::ops::Range;

use sqlparser::ast;
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::keywords::Keyword;
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer, Word};

use super::super::statement::{self, Statement};
use crate::config::Engine;

/// A file's text, read.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    /// Its statements.
    pub(super) statements: Vec<Read>,
    /// Its comments of two dashes.
    pub(super) comments: Vec<Comment<'a>>,
}

/// A comment.
#[derive(Debug)]
pub(super) struct Comment<'a> {
    /// Its line, from 1.
    pub(super) line: usize,
    /// Its text, dashes included.
    pub(super) text: &'a str,
    /// The statement that follows it, or that it stands in, by its number.
    pub(super) statement: usize,
}

/// One statement, as far as it could be read.
#[derive(Debug)]
pub(super) struct Read {
    /// Its text and its line.
    pub(super) statement: Statement,
    /// Its tokens without blanks and comments; empty where they can't be told.
    pub(super) tokens: Vec<TokenWithSpan>,
    /// What it says, or why the parser does not know.
    pub(super) ast: Result<ast::Statement, String>,
}

impl Read {
    /// The line of the file for a line of the parser's, which counts from the statement's first.
    pub(super) fn line(&self, line: u64) -> usize {
        self.statement.line + usize::try_from(line).map_or(0, |line| line.saturating_sub(1))
    }

    /// The lines of the file that it stands on.
    pub(super) fn lines(&self) -> Range<usize> {
        let first = self.statement.line;
        first..first + self.statement.sql.matches('\n').count() + 1
    }
}

/// The most tokens between two commas, and the most parentheses within each other. What is beyond may be
/// nested deeper than the stack bears.
const LONGEST: usize = 5000;
const DEEPEST: usize = 200;

/// Reads `sql` as `engine` does.
pub(super) fn parse(sql: &str, engine: Engine) -> Parsed<'_> {
    let outline = statement::outline(sql, engine);
    let comments = outline
        .comments
        .iter()
        .map(|(at, text)| Comment {
            line: 1 + sql[..*at].matches('\n').count(),
            text,
            statement: outline.ends.partition_point(|end| end < at),
        })
        .collect();
    Parsed {
        statements: outline
            .statements
            .into_iter()
            .map(|statement| read(statement, engine))
            .collect(),
        comments,
    }
}

fn read(statement: Statement, engine: Engine) -> Read {
    let dialect: &dyn Dialect = match engine {
        Engine::Postgres => &PostgreSqlDialect {},
        Engine::Sqlite => &SQLiteDialect {},
    };
    let tokens = Tokenizer::new(dialect, &statement.sql).tokenize_with_location();
    let (tokens, ast) = match tokens {
        Err(error) => (Vec::new(), Err(error.message)),
        Ok(mut tokens) => {
            tokens.retain(|token| !matches!(token.token, Token::Whitespace(_)));
            let ast = if is_too_long(&tokens) {
                Err(format!(
                    "more than {LONGEST} tokens without a comma, or {DEEPEST} parentheses"
                ))
            } else {
                parse_tokens(dialect, standard(&tokens))
            };
            (tokens, ast)
        }
    };
    Read {
        statement,
        tokens,
        ast,
    }
}

fn parse_tokens(
    dialect: &dyn Dialect,
    tokens: Vec<TokenWithSpan>,
) -> Result<ast::Statement, String> {
    let mut parser = Parser::new(dialect).with_tokens_with_locations(tokens);
    let mut statements = parser.parse_statements().map_err(|error| said(&error))?;
    match (statements.pop(), statements.is_empty()) {
        (Some(statement), true) => Ok(statement),
        _ => Err("it is not one statement".into()),
    }
}

/// What the parser says, without the place, which it counts from the statement's first line.
fn said(error: &ParserError) -> String {
    let (ParserError::TokenizerError(text) | ParserError::ParserError(text)) = error else {
        return "it is nested too deeply".into();
    };
    let end = text.find(" at Line:").unwrap_or(text.len());
    text[..end].to_owned()
}

/// The tokens without what the parser does not know: `IS x` is written as the standard does, and the
/// COLLATE of `ALTER COLUMN … TYPE` and the CONCURRENTLY of DROP INDEX are left to those who look for them.
fn standard(tokens: &[TokenWithSpan]) -> Vec<TokenWithSpan> {
    let mut standard = Vec::with_capacity(tokens.len());
    let mut rest = tokens;
    let alters = tokens
        .first()
        .is_some_and(|token| is_keyword(token, Keyword::ALTER));
    let drops = tokens
        .first()
        .is_some_and(|token| is_keyword(token, Keyword::DROP));
    let describes = statement_begins(tokens, "COMMENT") || statement_begins(tokens, "SECURITY");
    let mut retypes = false;
    while let [token, after @ ..] = rest {
        retypes |= alters && is_keyword(token, Keyword::TYPE);
        if retypes && is_keyword(token, Keyword::COLLATE) {
            rest = after.get(1..).unwrap_or_default();
            continue;
        }
        if drops && is_keyword(token, Keyword::CONCURRENTLY) {
            rest = after;
            continue;
        }
        standard.push(token.clone());
        rest = after;
        if !is_keyword(token, Keyword::IS) || describes {
            continue;
        }
        let negated = rest.first().is_some_and(|t| is_keyword(t, Keyword::NOT));
        let operand = &rest[usize::from(negated)..];
        if !compares(operand.first()) {
            continue;
        }
        rest = operand;
        let words: &[(&str, Keyword)] = if negated {
            &[("DISTINCT", Keyword::DISTINCT), ("FROM", Keyword::FROM)]
        } else {
            &[
                ("NOT", Keyword::NOT),
                ("DISTINCT", Keyword::DISTINCT),
                ("FROM", Keyword::FROM),
            ]
        };
        standard.extend(words.iter().map(|(value, keyword)| TokenWithSpan {
            token: Token::Word(Word {
                value: (*value).into(),
                quote_style: None,
                keyword: *keyword,
            }),
            span: token.span,
        }));
    }
    standard
}

fn statement_begins(tokens: &[TokenWithSpan], word: &str) -> bool {
    let first = tokens.first().map(|token| &token.token);
    matches!(first, Some(Token::Word(first)) if first.value.eq_ignore_ascii_case(word))
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

/// Whether an operand follows an operand so often that the tree would be too deep to walk.
fn is_too_long(tokens: &[TokenWithSpan]) -> bool {
    let mut counts = vec![0_usize];
    for token in tokens {
        match token.token {
            Token::LParen => counts.push(0),
            Token::RParen if counts.len() > 1 => {
                counts.pop();
            }
            Token::Comma => {
                if let Some(count) = counts.last_mut() {
                    *count = 0;
                }
            }
            _ => {}
        }
        if let Some(count) = counts.last_mut() {
            *count += 1;
            if *count > LONGEST {
                return true;
            }
        }
        if counts.len() > DEEPEST {
            return true;
        }
    }
    false
}
