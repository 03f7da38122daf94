//! Walking over the tokens of a statement.

use std::borrow::Cow;

use super::error::{Position, TranslateError};
use super::token::{Kind, Token};

/// A place among the tokens of a statement, or of a part of one.
#[derive(Debug, Clone)]
pub(super) struct Reader<'t, 'a> {
    sql: &'a str,
    tokens: &'t [Token<'a>],
    /// Where the part ends in the source, for errors about something missing.
    end: usize,
}

impl<'t, 'a> Reader<'t, 'a> {
    /// At the first of `tokens`, which are a part of `sql`.
    pub(super) fn new(sql: &'a str, tokens: &'t [Token<'a>]) -> Self {
        let end = tokens.last().map_or(sql.len(), Token::end);
        Self { sql, tokens, end }
    }

    /// The next token, which stays.
    pub(super) fn peek(&self) -> Option<&'t Token<'a>> {
        self.tokens.first()
    }

    /// Whether nothing is left.
    pub(super) fn is_done(&self) -> bool {
        self.tokens.is_empty()
    }

    /// The next token, taken.
    pub(super) fn next(&mut self) -> Option<&'t Token<'a>> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    /// Takes these keywords if they are the next tokens.
    pub(super) fn take_words(&mut self, words: &[&str]) -> bool {
        let found = self.tokens.len() >= words.len()
            && words
                .iter()
                .zip(self.tokens)
                .all(|(word, token)| token.is_word(word));
        if found {
            self.tokens = &self.tokens[words.len()..];
        }
        found
    }

    /// Whether the next token is one of these keywords.
    pub(super) fn at_word(&self, words: &[&str]) -> bool {
        self.peek()
            .is_some_and(|token| words.iter().any(|word| token.is_word(word)))
    }

    /// Whether the next token is this character.
    pub(super) fn at_mark(&self, mark: &str) -> bool {
        self.peek().is_some_and(|token| token.is_mark(mark))
    }

    /// Takes this character if it is the next token.
    pub(super) fn take_mark(&mut self, mark: &str) -> bool {
        let found = self.at_mark(mark);
        if found {
            self.next();
        }
        found
    }

    /// Takes a name, quoted or not.
    pub(super) fn name(&mut self, expected: &'static str) -> Result<Name<'a>, TranslateError> {
        match self.peek() {
            Some(token) if matches!(token.kind, Kind::Word | Kind::QuotedName) => {
                self.next();
                Ok(Name { source: token.text })
            }
            _ => Err(self.unexpected(expected)),
        }
    }

    /// Takes a table's name, with or without its schema, and gives the table's part.
    pub(super) fn table_name(&mut self) -> Result<Name<'a>, TranslateError> {
        let name = self.name("the name of a table")?;
        if self.take_mark(".") {
            self.name("the name of a table")
        } else {
            Ok(name)
        }
    }

    /// Takes a whole number of at most nine digits.
    pub(super) fn whole_number(&mut self, expected: &'static str) -> Result<u32, TranslateError> {
        let number = self
            .peek()
            .filter(|token| token.kind == Kind::Number && token.text.len() <= 9)
            .and_then(|token| token.text.parse().ok())
            .ok_or_else(|| self.unexpected(expected))?;
        self.next();
        Ok(number)
    }

    /// Takes an expression in parentheses and gives a reader over what they hold.
    pub(super) fn parenthesized(&mut self, expected: &'static str) -> Result<Self, TranslateError> {
        if !self.at_mark("(") {
            return Err(self.unexpected(expected));
        }
        let mut depth = 0_usize;
        for (at, token) in self.tokens.iter().enumerate() {
            if token.is_mark("(") {
                depth += 1;
            } else if token.is_mark(")") {
                depth -= 1;
                if depth == 0 {
                    let inner = Self {
                        sql: self.sql,
                        tokens: &self.tokens[1..at],
                        end: token.start,
                    };
                    self.tokens = &self.tokens[at + 1..];
                    return Ok(inner);
                }
            }
        }
        self.tokens = &[];
        Err(self.unexpected("a closing parenthesis"))
    }

    /// Takes the names in parentheses of a key.
    pub(super) fn names(&mut self) -> Result<Vec<Name<'a>>, TranslateError> {
        self.parenthesized("the names of columns in parentheses")?
            .split_commas()
            .into_iter()
            .map(|mut item| {
                let name = item.name("the name of a column")?;
                item.finish("the name of a column alone")?;
                Ok(name)
            })
            .collect()
    }

    /// The parts between the commas that stand outside of parentheses.
    pub(super) fn split_commas(self) -> Vec<Self> {
        let mut parts = Vec::new();
        let (mut from, mut depth) = (0, 0_usize);
        for (at, token) in self.tokens.iter().enumerate() {
            if token.is_mark("(") {
                depth += 1;
            } else if token.is_mark(")") {
                depth = depth.saturating_sub(1);
            } else if token.is_mark(",") && depth == 0 {
                parts.push(Self {
                    sql: self.sql,
                    tokens: &self.tokens[from..at],
                    end: token.start,
                });
                from = at + 1;
            }
        }
        parts.push(Self {
            sql: self.sql,
            tokens: &self.tokens[from..],
            end: self.end,
        });
        parts
    }

    /// An error unless nothing is left.
    pub(super) fn finish(&self, expected: &'static str) -> Result<(), TranslateError> {
        if self.is_done() {
            Ok(())
        } else {
            Err(self.unexpected(expected))
        }
    }

    /// The place of the next token.
    pub(super) fn position(&self) -> Position {
        Position::of(self.sql, self.peek().map_or(self.end, |token| token.start))
    }

    /// The source from `start` to the next token, without the blanks and comments before it.
    pub(super) fn source(&self, from: &Self) -> &'a str {
        let taken = from.tokens.len() - self.tokens.len();
        match (from.tokens.first(), from.tokens[..taken].last()) {
            (Some(first), Some(last)) => &self.sql[first.start..last.end()],
            _ => "",
        }
    }

    /// The next token is not what has to stand here.
    pub(super) fn unexpected(&self, expected: &'static str) -> TranslateError {
        TranslateError::Unexpected {
            position: self.position(),
            expected,
            found: self
                .peek()
                .map_or_else(|| "nothing more".into(), |token| token.text.into()),
        }
    }

    /// What stands here is not portable.
    pub(super) fn not_portable(
        &self,
        what: impl Into<String>,
        advice: &'static str,
    ) -> TranslateError {
        TranslateError::NotPortable {
            position: self.position(),
            what: what.into(),
            advice,
        }
    }
}

/// A name as it stands in the source.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a> {
    source: &'a str,
}

impl<'a> Name<'a> {
    /// The name itself: without quotes, and an unquoted one in lower case, as PostgreSQL folds it.
    pub(super) fn folded(self) -> Cow<'a, str> {
        match self
            .source
            .strip_prefix('"')
            .and_then(|name| name.strip_suffix('"'))
        {
            Some(quoted) if quoted.contains('"') => quoted.replace("\"\"", "\"").into(),
            Some(quoted) => quoted.into(),
            None if self.source.bytes().any(|byte| byte.is_ascii_uppercase()) => {
                self.source.to_ascii_lowercase().into()
            }
            None => self.source.into(),
        }
    }
}

/// `name` in double quotes.
pub(in crate::migration) fn quote_name(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
