//! Where a token stands: in which parentheses, in which clause, and which names mean what there.

use super::super::lexer::{Kind, Token};
use super::names::Names;
use std::collections::BTreeMap;

/// What a value is to the gate.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Class {
    /// A NUMERIC column, which has the collation.
    Column,
    /// A NUMERIC value without collation: `max(price)`, a subquery.
    Value,
    /// A column of a subquery that is such a value; its own collation is that of text.
    Computed,
    /// A literal, a parameter or NULL, which takes the collation of the column beside it.
    Plain,
    /// `*`.
    Star,
    /// Anything else.
    Other,
}

impl Class {
    /// Whether it is NUMERIC.
    pub(super) const fn is_numeric(self) -> bool {
        matches!(self, Self::Column | Self::Value | Self::Computed)
    }
}

/// A name that the statement itself gives to an item of a SELECT.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Alias {
    pub(super) name: String,
    pub(super) class: Class,
    /// The parenthesis that holds the SELECT; `None` for the outermost.
    pub(super) region: Option<usize>,
}

/// The words that begin a clause.
const CLAUSES: [&str; 18] = [
    "SELECT",
    "FROM",
    "WHERE",
    "GROUP",
    "ORDER",
    "PARTITION",
    "HAVING",
    "ON",
    "SET",
    "RETURNING",
    "VALUES",
    "INTO",
    "LIMIT",
    "OFFSET",
    "USING",
    "WINDOW",
    "ROWS",
    "RANGE",
];

/// Other words that are no names where they stand before one.
const WORDS: [&str; 43] = [
    "DISTINCT",
    "ALL",
    "BY",
    "AND",
    "OR",
    "NOT",
    "WHEN",
    "THEN",
    "ELSE",
    "CASE",
    "IN",
    "IS",
    "LIKE",
    "GLOB",
    "BETWEEN",
    "AS",
    "JOIN",
    "UPDATE",
    "DELETE",
    "INSERT",
    "REPLACE",
    "CONFLICT",
    "DO",
    "WITH",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "EXISTS",
    "ESCAPE",
    "COLLATE",
    "MATCH",
    "REGEXP",
    "LEFT",
    "INNER",
    "CROSS",
    "NATURAL",
    "OUTER",
    "RIGHT",
    "FULL",
    "FILTER",
    "OVER",
    "MATERIALIZED",
    "RECURSIVE",
];

/// The tokens of a statement with what is known of each.
pub(super) struct Scope<'a> {
    pub(super) names: &'a Names,
    pub(super) tokens: &'a [Token<'a>],
    /// The parenthesis around each token.
    pub(super) around: Vec<Option<usize>>,
    /// The other one of each parenthesis.
    partner: BTreeMap<usize, usize>,
    pub(super) aliases: Vec<Alias>,
    /// What names of tables before a point stand for.
    tables: BTreeMap<String, String>,
}

impl<'a> Scope<'a> {
    pub(super) fn new(names: &'a Names, tokens: &'a [Token<'a>]) -> Self {
        let mut scope = Self {
            names,
            tokens,
            around: Vec::with_capacity(tokens.len()),
            partner: BTreeMap::new(),
            aliases: Vec::new(),
            tables: BTreeMap::new(),
        };
        let mut open: Vec<usize> = Vec::new();
        for (at, token) in tokens.iter().enumerate() {
            if token.is_symbol(")")
                && let Some(start) = open.pop()
            {
                scope.partner.insert(start, at);
                scope.partner.insert(at, start);
            }
            scope.around.push(open.last().copied());
            if token.is_symbol("(") {
                open.push(at);
            }
        }
        for at in 0..tokens.len() {
            scope.note_table(at);
        }
        scope
    }

    /// Notes a name that a table gets: `item AS i`, `item i`.
    fn note_table(&mut self, at: usize) {
        let Some(table) = self
            .name(at)
            .filter(|name| self.names.tables.contains_key(name))
        else {
            return;
        };
        let alias = if self.is(at + 1, "AS") {
            at + 2
        } else {
            at + 1
        };
        if let Some(alias) = self.name(alias) {
            self.tables.entry(alias).or_insert_with(|| table.clone());
        }
        self.tables.entry(table.clone()).or_insert(table);
    }

    /// Whether the token is this keyword.
    pub(super) fn is(&self, at: usize, keyword: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| token.is(keyword))
    }

    /// Whether the token is one of these keywords.
    pub(super) fn is_any(&self, at: usize, keywords: &[&str]) -> bool {
        keywords.iter().any(|keyword| self.is(at, keyword))
    }

    /// Whether the token is this character.
    pub(super) fn is_symbol(&self, at: usize, symbol: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.is_symbol(symbol))
    }

    /// Whether nothing of the statement is left at `at`.
    pub(super) fn is_end(&self, at: usize) -> bool {
        at >= self.tokens.len() || self.is_symbol(at, ";")
    }

    /// The other parenthesis.
    pub(super) fn partner(&self, at: usize) -> Option<usize> {
        self.partner.get(&at).copied()
    }

    /// The name that the token is, in lower case; `None` for keywords and the rest.
    pub(super) fn name(&self, at: usize) -> Option<String> {
        let token = self.tokens.get(at)?;
        match token.kind {
            Kind::Word if self.is_any(at, &CLAUSES) || self.is_any(at, &WORDS) => None,
            Kind::Word => Some(token.text.to_lowercase()),
            Kind::Quoted => Some(unquoted(token.text).to_lowercase()),
            _ => None,
        }
    }

    /// The keyword that begins the clause in which the token stands, in its own parentheses.
    pub(super) fn clause(&self, at: usize) -> Option<usize> {
        let around = *self.around.get(at)?;
        let first = around.map_or(0, |open| open + 1);
        (first..at)
            .rev()
            .find(|place| self.around[*place] == around && self.begins_clause(*place))
    }

    fn begins_clause(&self, at: usize) -> bool {
        self.is_any(at, &CLAUSES) && !(self.is(at, "FROM") && self.is_distinct_from(at))
    }

    /// Whether this FROM belongs to IS DISTINCT FROM.
    pub(super) fn is_distinct_from(&self, at: usize) -> bool {
        at >= 2 && self.is(at - 1, "DISTINCT") && (self.is(at - 2, "IS") || self.is(at - 2, "NOT"))
    }

    /// What the column at `at` is, `None` where it is no mention of a NUMERIC one.
    pub(super) fn mention(&self, at: usize) -> Option<Class> {
        let name = self.name(at)?;
        if self.is_symbol(at + 1, "(") || self.is_symbol(at + 1, ".") {
            return None;
        }
        let qualifier = (at >= 2 && self.is_symbol(at - 1, ".")).then(|| self.name(at - 2));
        let first = if qualifier.is_some() { at - 2 } else { at };
        if first > 0 && self.gives_name(first - 1) {
            return None;
        }
        if let Some(table) = qualifier.flatten().and_then(|name| self.tables.get(&name)) {
            let columns = &self.names.tables[table];
            if columns.contains(&name) {
                return Some(Class::Column);
            }
            return self
                .names
                .computed
                .contains(&name)
                .then_some(Class::Computed);
        }
        let is_column = self.names.columns.contains(&name);
        let aliases = || self.aliases.iter().filter(|alias| alias.name == name);
        let computed = self.names.computed.contains(&name)
            || aliases().any(|alias| {
                alias.class == Class::Computed && self.sees(at, alias.region, is_column)
            });
        if computed {
            Some(Class::Computed)
        } else if is_column || aliases().any(|alias| alias.class == Class::Column) {
            Some(Class::Column)
        } else {
            None
        }
    }

    /// Whether what follows the token is a name given, or a table, and no use of a column.
    fn gives_name(&self, before: usize) -> bool {
        let token = &self.tokens[before];
        match token.kind {
            Kind::Word => {
                self.is_any(
                    before,
                    &["AS", "JOIN", "INTO", "UPDATE", "COLLATE", "WINDOW", "OVER"],
                ) || (self.is(before, "FROM") && !self.is_distinct_from(before))
                    || self.name(before).is_some()
            }
            Kind::Quoted | Kind::Text | Kind::Number | Kind::Parameter => true,
            Kind::Symbol => token.text == ")",
            Kind::DoubleColon => false,
        }
    }

    /// Whether an alias of a SELECT in `region` is what its name means at `at`.
    fn sees(&self, at: usize, region: Option<usize>, is_column: bool) -> bool {
        let mut place = at;
        while self.around[place] != region {
            let Some(open) = self.around[place] else {
                return true;
            };
            place = open;
        }
        let Some(clause) = self.clause(place) else {
            return false;
        };
        self.is(clause, "ORDER")
            || (!is_column && self.is_any(clause, &["WHERE", "GROUP", "HAVING"]))
    }
}

fn unquoted(text: &str) -> String {
    let inner = text
        .get(1..text.len().saturating_sub(1))
        .unwrap_or_default();
    let quote = &text[..1];
    inner.replace(&quote.repeat(2), quote)
}
