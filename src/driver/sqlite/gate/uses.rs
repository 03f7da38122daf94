//! What is done to each NUMERIC value of a statement.

use super::super::error::SqliteError;
use super::super::lexer::Token;
use super::names::Names;
use super::scope::{Class, Scope};

pub(super) const COMPUTE: &str =
    "read the column and compute in Rust, with twinbase::types::Decimal";
pub(super) const COMPARE: &str =
    "compare the column itself with a literal, a parameter or another NUMERIC column";
const CONDITION: &str = "move the condition into WHERE, as a comparison of the column itself";

/// The error for a statement that SQLite would answer wrongly.
pub(super) fn refuse(name: &str, found: &str, advice: &str) -> SqliteError {
    SqliteError::refused(format!(
        "{name} is NUMERIC, which SQLite keeps as text: {found} would be wrong there, in silence; \
         {advice}"
    ))
}

/// Looks at each mention of a NUMERIC column, and at what is put into one.
pub(super) fn check(names: &Names, tokens: &[Token<'_>]) -> Result<(), SqliteError> {
    let mut scope = Scope::new(names, tokens);
    scope.find_aliases()?;
    for at in 0..tokens.len() {
        if let Some(class) = scope.mention(at) {
            let first = if at >= 2 && scope.is_symbol(at - 1, ".") {
                at - 2
            } else {
                at
            };
            let value = Value {
                scope: &scope,
                first,
                end: at + 1,
                class,
            };
            value.check()?;
        }
    }
    scope.check_inserts()
}

/// A NUMERIC value and its place: a mention of a column, an aggregate or a subquery around it.
#[derive(Clone, Copy)]
pub(super) struct Value<'a> {
    pub(super) scope: &'a Scope<'a>,
    pub(super) first: usize,
    pub(super) end: usize,
    pub(super) class: Class,
}

impl Value<'_> {
    pub(super) fn refuse(&self, found: &str, advice: &str) -> SqliteError {
        let tokens = &self.scope.tokens[self.first..self.end];
        let name = tokens
            .iter()
            .map(|token| token.text)
            .collect::<Vec<_>>()
            .join(" ");
        let name = name
            .replace(" . ", ".")
            .replace("( ", "(")
            .replace(" )", ")");
        refuse(&name.replace(" (", "("), found, advice)
    }

    /// Follows the value outwards to where it is used.
    fn check(mut self) -> Result<(), SqliteError> {
        loop {
            self.strip_parentheses();
            if self.check_operators()? {
                return Ok(());
            }
            match self.check_place()? {
                Some(outer) => self = outer,
                None => return Ok(()),
            }
        }
    }

    fn strip_parentheses(&mut self) {
        let scope = self.scope;
        while self.first > 0
            && scope.is_symbol(self.first - 1, "(")
            && scope.is_symbol(self.end, ")")
            && scope.is_grouping(self.first - 1)
        {
            self.first -= 1;
            self.end += 1;
        }
    }

    /// Whether it is used up by a comparison, which gives no NUMERIC.
    fn check_operators(&self) -> Result<bool, SqliteError> {
        let scope = self.scope;
        let before = self.first.checked_sub(1);
        let operator_before = scope.comparison_before(self.first);
        if self.is_set() {
            self.check_set()?;
            return Ok(true);
        }
        if scope.is_arithmetic(self.end) || before.is_some_and(|at| scope.is_arithmetic(at)) {
            return Err(self.refuse("arithmetic, || or LIKE with it", COMPUTE));
        }
        let is_null = scope.is(self.end, "IS")
            && scope
                .comparison(self.end)
                .is_some_and(|end| scope.is(end, "NULL"));
        if is_null || scope.is_any(self.end, &["ISNULL", "NOTNULL"]) {
            return Ok(true);
        }
        if let Some(end) = scope.comparison(self.end) {
            if operator_before.is_some() {
                return Err(self.refuse("a comparison of a comparison", COMPARE));
            }
            self.check_against(scope.operand(end).class, false)?;
            return Ok(true);
        }
        if let Some(start) = operator_before {
            self.check_against(scope.operand_before(start).class, true)?;
            return Ok(true);
        }
        let after = if scope.is(self.end, "NOT") {
            self.end + 1
        } else {
            self.end
        };
        if scope.is(after, "BETWEEN") {
            let low = scope.operand(after + 1);
            let high = scope.operand(low.end + 1);
            if !scope.is(low.end, "AND") {
                return Err(self.refuse("this BETWEEN", COMPARE));
            }
            self.check_against(low.class, false)?;
            self.check_against(high.class, false)?;
            return Ok(true);
        }
        if scope.is(after, "IN") {
            self.check_in(after + 1)?;
            return Ok(true);
        }
        if let Some(value) = scope.between_before(self.first) {
            self.check_against(value.class, true)?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Whether a comparison with a value of this class on the other side goes by the collation.
    ///
    /// SQLite takes the collation of the left column, else of the right one
    /// (<https://sqlite.org/datatype3.html>, section 7.1).
    fn check_against(&self, other: Class, other_is_left: bool) -> Result<(), SqliteError> {
        let goes_by_value = match (self.class, other) {
            (Class::Column, Class::Column | Class::Plain | Class::Value)
            | (Class::Value, Class::Column) => true,
            (Class::Column, Class::Computed) => !other_is_left,
            (Class::Computed, Class::Column) => other_is_left,
            _ => false,
        };
        if goes_by_value {
            Ok(())
        } else if self.class == Class::Column {
            let found = "this comparison of it with an expression, a column of another type or a \
                         number that SQLite does not keep exactly";
            Err(self.refuse(found, COMPARE))
        } else {
            Err(self.refuse("a comparison of the computed value", CONDITION))
        }
    }

    fn check_in(&self, open: usize) -> Result<(), SqliteError> {
        let scope = self.scope;
        let error = || Err(self.refuse("this IN", COMPARE));
        let Some(close) = scope.partner(open).filter(|_| self.class == Class::Column) else {
            return error();
        };
        if scope.is_any(open + 1, &["SELECT", "WITH", "VALUES"]) {
            let class = scope.class_of_subquery(open);
            return match class {
                Class::Value | Class::Plain => Ok(()),
                _ => error(),
            };
        }
        let plain = scope
            .list(open + 1, close)
            .into_iter()
            .all(|(first, end)| scope.class(first, end) == Class::Plain);
        if plain { Ok(()) } else { error() }
    }

    /// Whether this is the target of `SET column = …`.
    fn is_set(&self) -> bool {
        let scope = self.scope;
        self.first > 0
            && (scope.is(self.first - 1, "SET") || scope.is_symbol(self.first - 1, ","))
            && scope.is_symbol(self.end, "=")
            && scope
                .clause(self.first)
                .is_some_and(|at| scope.is(at, "SET"))
    }

    fn check_set(&self) -> Result<(), SqliteError> {
        match self.scope.operand(self.end + 1).class {
            Class::Plain | Class::Column | Class::Computed | Class::Value => Ok(()),
            _ => Err(self.refuse("an expression put into it", COMPUTE)),
        }
    }
}
