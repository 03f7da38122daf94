//! A migration's text as statements that a SQL parser has read, each with its lines.

use std::ops::Range;

use sqlparser::ast::{self, SetExpr};
use sqlparser::dialect::{Dialect, PostgreSqlDialect, SQLiteDialect};
use sqlparser::parser::{Parser, ParserError};
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};

use super::super::statement::{self, Statement};
use super::standard::standard;
use crate::config::Engine;

/// A file's text, read.
#[derive(Debug)]
pub(super) struct Parsed<'a> {
    /// Its statements.
    pub(super) statements: Vec<Read>,
    /// Its comments.
    pub(super) comments: Vec<Comment<'a>>,
}

/// A comment.
#[derive(Debug)]
pub(super) struct Comment<'a> {
    /// Its line, from 1.
    pub(super) line: usize,
    /// Its text, with what opens it.
    pub(super) text: &'a str,
    /// The statement that it is about, by its number: the one that ends before it on its line, or that it
    /// stands in, or that follows it.
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
        .map(|(at, text)| {
            let line = 1 + sql[..*at].matches('\n').count();
            let next = outline.ends.partition_point(|end| end < at);
            let begins_below = outline
                .statements
                .get(next)
                .is_none_or(|statement| statement.line > line);
            let ends_here = next > 0 && !sql[outline.ends[next - 1]..*at].contains('\n');
            Comment {
                line,
                text,
                statement: next - usize::from(begins_below && ends_here),
            }
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

/// The INSERT, UPDATE, DELETE or MERGE that follows a `WITH`, which the parser takes for a query; any other
/// statement as it is.
pub(super) fn body(statement: &ast::Statement) -> &ast::Statement {
    match statement {
        ast::Statement::Query(query) => written(query).unwrap_or(statement),
        _ => statement,
    }
}

/// The statement that a query is, where it writes.
pub(super) fn written(query: &ast::Query) -> Option<&ast::Statement> {
    match &*query.body {
        SetExpr::Insert(statement)
        | SetExpr::Update(statement)
        | SetExpr::Delete(statement)
        | SetExpr::Merge(statement) => Some(statement),
        _ => None,
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
