//! How operators bind, as far as it tells what stands beside a parameter.

use super::super::lexer::Kind;
use super::scope::Scope;

/// How strongly an operator binds. Where the engines differ it is [`Rank::Other`].
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub(super) enum Rank {
    /// `=`, `<`, IS and their like.
    Comparison,
    /// LIKE, BETWEEN, IN.
    Word,
    /// `||`, `->`, `&` and the rest.
    Other,
    /// `+`, `-`
    Sum,
    /// `*`, `/`, `%`
    Product,
}

/// An operator between two values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operator {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) rank: Rank,
}

/// The longest operator, in tokens: `->>` of three signs, IS NOT DISTINCT FROM of four words.
const LONGEST: usize = 4;

impl Scope<'_> {
    fn is_sign(&self, at: usize) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.kind == Kind::Symbol && "<>=!+-*/%|&~".contains(token.text))
    }

    fn touches(&self, at: usize) -> bool {
        self.is_sign(at)
            && self.is_sign(at + 1)
            && self.tokens[at].start + 1 == self.tokens[at + 1].start
    }

    fn rank(&self, start: usize, end: usize) -> Rank {
        let one = (end - start == 1).then(|| self.tokens[start].text);
        match one {
            Some("=" | "<" | ">") => Rank::Comparison,
            Some("+" | "-") => Rank::Sum,
            Some("*" | "/" | "%") => Rank::Product,
            None if self.comparison(start) == Some(end) => Rank::Comparison,
            _ => Rank::Other,
        }
    }

    /// The operator that ends before `end`.
    pub(super) fn operator_before(&self, end: usize) -> Option<Operator> {
        let last = end.checked_sub(1)?;
        if self.is_sign(last) {
            let mut start = last;
            while start > 0 && end - start < LONGEST && self.touches(start - 1) {
                start -= 1;
            }
            let rank = self.rank(start, end);
            return Some(Operator { start, end, rank });
        }
        let is = (end.saturating_sub(LONGEST)..end)
            .find(|at| self.is(*at, "IS") && self.comparison(*at) == Some(end));
        if let Some(start) = is {
            let rank = Rank::Comparison;
            return Some(Operator { start, end, rank });
        }
        None
    }

    /// The operator that begins at `start`, words among them.
    pub(super) fn operator_after(&self, start: usize) -> Option<Operator> {
        if self.is_sign(start) {
            let mut end = start + 1;
            while end - start < LONGEST && self.touches(end - 1) {
                end += 1;
            }
            let rank = self.rank(start, end);
            return Some(Operator { start, end, rank });
        }
        let word = if self.is(start, "NOT") {
            start + 1
        } else {
            start
        };
        if self.is_any(word, &["LIKE", "GLOB", "REGEXP", "MATCH", "BETWEEN", "IN"]) {
            let (end, rank) = (word + 1, Rank::Word);
            return Some(Operator { start, end, rank });
        }
        if self.is(start, "COLLATE") {
            let (end, rank) = (start + 1, Rank::Other);
            return Some(Operator { start, end, rank });
        }
        let end = self.comparison(start)?;
        // IS NULL has nothing on its other side.
        (!self.is_any(end, &["NULL", "TRUE", "FALSE"])).then_some(Operator {
            start,
            end,
            rank: Rank::Comparison,
        })
    }

    /// The first token of the column, call or parenthesis that ends before `end`.
    pub(super) fn primary_before(&self, end: usize) -> Option<usize> {
        let mut first = end.checked_sub(1)?;
        if self.is_symbol(first, ")") {
            first = self.partner(first)?;
            if first > 0 && self.name(first - 1).is_some() {
                first -= 1;
            }
        } else {
            while first >= 2 && self.is_symbol(first - 1, ".") {
                first -= 2;
            }
        }
        let goes_on = first > 0 && self.is_any(first - 1, &["COLLATE", "OVER", "FILTER"]);
        (!goes_on).then_some(first)
    }

    /// The token behind the column, call or parenthesis that begins at `start`.
    pub(super) fn primary_after(&self, start: usize) -> usize {
        let behind = |open: usize| self.partner(open).map_or(open + 1, |close| close + 1);
        let end = if self.is_symbol(start, "(") {
            behind(start)
        } else {
            let mut end = start + 1;
            while self.is_symbol(end, ".") {
                end += 2;
            }
            if self.is_symbol(end, "(") {
                end = behind(end);
            }
            end
        };
        end.min(self.tokens.len())
    }
}
