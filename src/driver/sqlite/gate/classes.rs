//! What a piece of a statement is.

use super::super::lexer::Kind;
use super::scope::{Class, Scope};

/// The aggregates that have a NUMERIC result for a NUMERIC column.
pub(super) const AGGREGATES: [&str; 3] = ["MIN", "MAX", "SUM"];

/// The most digits of a number literal that SQLite keeps exactly: it reads most of them as binary
/// floats (<https://sqlite.org/floatingpoint.html>).
const LITERAL_DIGITS: usize = 15;

impl Scope<'_> {
    /// What the tokens from `first` to before `end` are, as one value.
    pub(super) fn class(&self, mut first: usize, mut end: usize) -> Class {
        while first < end && self.is_symbol(first, "(") && self.partner(first) == Some(end - 1) {
            if self.is_any(first + 1, &["SELECT", "WITH", "VALUES"]) {
                return self.class_of_subquery(first);
            }
            first += 1;
            end -= 1;
        }
        if first >= end {
            return Class::Other;
        }
        let last = end - 1;
        match end - first {
            _ if self.is_symbol(last, "*") && (first == last || self.is_symbol(last - 1, ".")) => {
                Class::Star
            }
            1 if self.is_plain(first) => Class::Plain,
            2 if (self.is_symbol(first, "-") || self.is_symbol(first, "+"))
                && self.is_number(last) =>
            {
                Class::Plain
            }
            1 => self.mention(last).unwrap_or(Class::Other),
            3 if self.is_symbol(first + 1, ".") => self.mention(last).unwrap_or(Class::Other),
            _ if self.is_any(first, &AGGREGATES) && self.is_symbol(first + 1, "(") => {
                let close = self.partner(first + 1).unwrap_or(first);
                let argument = if self.is(first + 2, "DISTINCT") {
                    first + 3
                } else {
                    first + 2
                };
                if self.end_of_call(close + 1) == end && self.class(argument, close).is_numeric() {
                    Class::Value
                } else {
                    Class::Other
                }
            }
            _ => Class::Other,
        }
    }

    /// The token behind a call's FILTER and OVER.
    pub(super) fn end_of_call(&self, mut end: usize) -> usize {
        for word in ["FILTER", "OVER"] {
            if self.is(end, word) {
                end = match self.partner(end + 1) {
                    Some(close) if self.is_symbol(end + 1, "(") => close + 1,
                    _ => end + 2,
                };
            }
        }
        end.min(self.tokens.len())
    }

    /// What the subquery in these parentheses gives.
    pub(super) fn class_of_subquery(&self, open: usize) -> Class {
        let classes: Vec<Class> = self
            .selects(Some(open))
            .into_iter()
            .map(|select| match *self.items(select) {
                [item] => self.class(item.first, item.end),
                _ => Class::Other,
            })
            .collect();
        match classes[..] {
            [] => Class::Other,
            _ if classes.iter().all(|class| class.is_numeric()) => Class::Value,
            _ if classes.iter().all(|class| *class == Class::Plain) => Class::Plain,
            _ => Class::Other,
        }
    }

    /// Whether the token is a literal that means the same on both engines, a parameter, or NULL.
    fn is_plain(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        matches!(token.kind, Kind::Text | Kind::Parameter) || token.is("NULL") || self.is_number(at)
    }

    /// Whether the token is a number that SQLite keeps exactly.
    fn is_number(&self, at: usize) -> bool {
        let token = &self.tokens[at];
        token.kind == Kind::Number
            && token.text.len() <= LITERAL_DIGITS + 1
            && token.text.bytes().filter(u8::is_ascii_digit).count() <= LITERAL_DIGITS
            && token
                .text
                .bytes()
                .all(|byte| byte.is_ascii_digit() || byte == b'.')
    }
}
