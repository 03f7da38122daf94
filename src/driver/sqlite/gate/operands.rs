//! The operators beside a value, and what stands on their other side.

use super::super::lexer::Kind;
use super::scope::{Class, Scope};

/// Words that are operators which text alone has.
const TEXT_OPERATORS: [&str; 6] = ["LIKE", "GLOB", "REGEXP", "MATCH", "ESCAPE", "COLLATE"];

/// A value beside an operator.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    pub(super) first: usize,
    pub(super) end: usize,
    pub(super) class: Class,
}

impl Scope<'_> {
    /// Whether the two tokens have nothing between them.
    fn touch(&self, at: usize) -> bool {
        let (one, two) = (&self.tokens[at], &self.tokens[at + 1]);
        one.kind == Kind::Symbol && two.kind == Kind::Symbol && one.start + 1 == two.start
    }

    /// Whether the parenthesis only groups: nothing before it makes it a call or a list.
    pub(super) fn is_grouping(&self, open: usize) -> bool {
        const BEFORE: [&str; 15] = [
            "SELECT",
            "DISTINCT",
            "ALL",
            "WHERE",
            "AND",
            "OR",
            "NOT",
            "ON",
            "HAVING",
            "BY",
            "WHEN",
            "THEN",
            "ELSE",
            "BETWEEN",
            "RETURNING",
        ];
        let Some(before) = open.checked_sub(1) else {
            return true;
        };
        match self.tokens[before].kind {
            Kind::Symbol => !self.is_symbol(before, ")") && !self.is_symbol(before, ","),
            Kind::Word => self.is_any(before, &BEFORE) || self.comparison_before(open).is_some(),
            _ => false,
        }
    }

    /// The end of the comparison operator that begins at `at`.
    pub(super) fn comparison(&self, at: usize) -> Option<usize> {
        if at + 1 < self.tokens.len() && self.touch(at) {
            let pair = [self.tokens[at].text, self.tokens[at + 1].text].concat();
            if ["<=", ">=", "<>", "!=", "=="].contains(&pair.as_str()) {
                return Some(at + 2);
            }
        }
        if ["<", ">", "="]
            .iter()
            .any(|symbol| self.is_symbol(at, symbol))
        {
            return Some(at + 1);
        }
        if !self.is(at, "IS") {
            return None;
        }
        let mut end = at + 1;
        if self.is(end, "NOT") {
            end += 1;
        }
        if self.is(end, "DISTINCT") {
            end += 2;
        }
        Some(end)
    }

    /// The first token of the comparison operator that ends before `end`.
    pub(super) fn comparison_before(&self, end: usize) -> Option<usize> {
        (end.saturating_sub(4)..end).find(|at| self.comparison(*at) == Some(end))
    }

    /// Whether the token computes with what stands beside it.
    pub(super) fn is_arithmetic(&self, at: usize) -> bool {
        ["+", "-", "*", "/", "%", "|", "&", "~"]
            .iter()
            .any(|symbol| self.is_symbol(at, symbol))
            || self.is_any(at, &TEXT_OPERATORS)
    }

    /// The value that begins at `at`; its class is `Other` where it goes on as an expression.
    pub(super) fn operand(&self, at: usize) -> Operand {
        let signed = self.is_symbol(at, "-") || self.is_symbol(at, "+");
        let first = if signed { at + 1 } else { at };
        let mut end = first + 1;
        if self.is_symbol(first, "(") {
            end = self.partner(first).map_or(end, |close| close + 1);
        } else {
            while self.is_symbol(end, ".") {
                end += 2;
            }
            if self.is_symbol(end, "(") {
                end = self.end_of_call(self.partner(end).map_or(end, |close| close + 1));
            }
        }
        end = end.min(self.tokens.len());
        let goes_on = self.is_arithmetic(end)
            || (self.comparison(end).is_some() && !self.is(end, "IS"))
            || self.is(at, "CASE");
        let class = if goes_on || at >= end {
            Class::Other
        } else {
            self.class(at, end)
        };
        Operand {
            first: at,
            end,
            class,
        }
    }

    /// The value that ends before `end`; its class is `Other` where it is part of an expression.
    pub(super) fn operand_before(&self, end: usize) -> Operand {
        let other = |first| Operand {
            first,
            end,
            class: Class::Other,
        };
        let Some(mut first) = end.checked_sub(1) else {
            return other(end);
        };
        if self.is_symbol(first, ")") {
            let Some(open) = self.partner(first) else {
                return other(first);
            };
            first = open;
            if first > 0 && self.name(first - 1).is_some() {
                first -= 1;
            }
        } else {
            while first >= 2 && self.is_symbol(first - 1, ".") {
                first -= 2;
            }
        }
        let signed = first >= 1
            && self.tokens[first].kind == Kind::Number
            && (self.is_symbol(first - 1, "-") || self.is_symbol(first - 1, "+"))
            && (first == 1 || !self.ends_value(first - 2));
        if signed {
            first -= 1;
        }
        let goes_on =
            first > 0 && (self.is_arithmetic(first - 1) || self.comparison_before(first).is_some());
        if goes_on {
            return other(first);
        }
        Operand {
            first,
            end,
            class: self.class(first, end),
        }
    }

    fn ends_value(&self, at: usize) -> bool {
        match self.tokens[at].kind {
            Kind::Word => self.name(at).is_some(),
            Kind::Symbol => self.is_symbol(at, ")"),
            _ => true,
        }
    }

    /// The first token of `x BETWEEN` or `x BETWEEN y AND`, where that ends before `end`.
    pub(super) fn between_before(&self, end: usize) -> Option<Operand> {
        let mut at = end.checked_sub(1)?;
        if self.is(at, "AND") {
            at = self.operand_before(at).first.checked_sub(1)?;
        }
        if !self.is(at, "BETWEEN") {
            return None;
        }
        let value_end = if at > 0 && self.is(at - 1, "NOT") {
            at - 1
        } else {
            at
        };
        Some(self.operand_before(value_end))
    }
}
