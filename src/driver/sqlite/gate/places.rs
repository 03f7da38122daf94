//! Where a NUMERIC value stands, when no operator uses it up: an item, a term, an argument.

use super::super::casts;
use super::super::error::SqliteError;
use super::classes::AGGREGATES;
use super::scope::Class;
use super::uses::{COMPARE, COMPUTE, Value};

const SORT: &str = "sort by the column itself, or in Rust";

impl Value<'_> {
    /// What the place makes of it: the value around it, or nothing more.
    pub(super) fn check_place(self) -> Result<Option<Self>, SqliteError> {
        let scope = self.scope;
        let before = self.first.wrapping_sub(1);
        if scope.is_any(before, &["CASE", "WHEN", "THEN", "ELSE"]) {
            return Err(self.refuse("CASE with it", COMPUTE));
        }
        let clause = scope.clause(self.first);
        let Some(clause) = clause else {
            return match scope.around[self.first] {
                Some(open) => self.check_list(open),
                None => Err(self.refuse("this use of it", COMPARE)),
            };
        };
        let listed = scope.is_symbol(before, ",") || before == clause;
        let by = scope.is(before, "BY") || scope.is_symbol(before, ",");
        if scope.is_any(clause, &["SELECT", "RETURNING"])
            && (listed || scope.is_any(before, &["DISTINCT", "ALL"]))
            && self.ends_item()
        {
            return self.leave_select(clause);
        }
        if scope.is_any(clause, &["GROUP", "PARTITION"]) && by && self.ends_term() {
            return Ok(None);
        }
        if scope.is(clause, "ORDER") && by && self.ends_term() {
            return if self.class == Class::Column {
                Ok(None)
            } else {
                Err(self.refuse("ORDER BY the computed value", SORT))
            };
        }
        Err(self.refuse("this use of it", COMPARE))
    }

    fn ends_item(&self) -> bool {
        const AFTER: [&str; 11] = [
            "AS",
            "FROM",
            "WHERE",
            "GROUP",
            "HAVING",
            "WINDOW",
            "ORDER",
            "LIMIT",
            "UNION",
            "INTERSECT",
            "EXCEPT",
        ];
        let ends = |at: usize| {
            self.scope.is_end(at)
                || self.scope.is_symbol(at, ",")
                || self.scope.is_symbol(at, ")")
                || self.scope.is_any(at, &AFTER)
        };
        ends(self.end) || (self.scope.name(self.end).is_some() && ends(self.end + 1))
    }

    fn ends_term(&self) -> bool {
        const AFTER: [&str; 15] = [
            "ASC",
            "DESC",
            "NULLS",
            "LIMIT",
            "OFFSET",
            "HAVING",
            "ORDER",
            "WINDOW",
            "ROWS",
            "GROUPS",
            "UNION",
            "INTERSECT",
            "EXCEPT",
            "RETURNING",
            "ON",
        ];
        let scope = self.scope;
        scope.is_end(self.end)
            || scope.is_symbol(self.end, ",")
            || scope.is_symbol(self.end, ")")
            || scope.is_any(self.end, &AFTER)
    }

    /// The value is an item of this SELECT: where does the SELECT stand?
    fn leave_select(self, select: usize) -> Result<Option<Self>, SqliteError> {
        let scope = self.scope;
        let Some(mut open) = scope.around[select] else {
            return Ok(None);
        };
        while open > 0 && scope.is_symbol(open - 1, "(") && scope.is_grouping(open - 1) {
            open -= 1;
        }
        let before = open.wrapping_sub(1);
        let in_from = scope
            .clause(open)
            .is_some_and(|clause| scope.is(clause, "FROM"));
        // What IN compares with is looked at from its left side, which has to be NUMERIC too.
        if scope.is(before, "IN") {
            let end = if before > 0 && scope.is(before - 1, "NOT") {
                before - 1
            } else {
                before
            };
            return if scope.operand_before(end).class == Class::Column {
                Ok(None)
            } else {
                Err(self.refuse(
                    "IN with something else than a NUMERIC column before it",
                    COMPARE,
                ))
            };
        }
        let given = scope.is_any(before, &["EXISTS", "AS", "MATERIALIZED", "FROM", "JOIN"])
            || (in_from && scope.is_symbol(before, ","));
        if given {
            return Ok(None);
        }
        let Some(close) = scope.partner(open) else {
            return Ok(None);
        };
        Ok(Some(Self {
            scope,
            first: open,
            end: close + 1,
            class: Class::Value,
        }))
    }

    /// The value stands in parentheses that hold a list: arguments, or names.
    fn check_list(self, open: usize) -> Result<Option<Self>, SqliteError> {
        let scope = self.scope;
        let Some(before) = open.checked_sub(1) else {
            return Err(self.refuse("a row of values", COMPARE));
        };
        let close = scope.partner(open).unwrap_or(self.end);
        let names_columns = scope.is_any(before, &["CONFLICT", "USING"])
            || (before > 0 && scope.is(before - 1, "INTO"))
            || (before > 2 && scope.is(before - 1, "AS") && scope.is(before - 3, "INTO"))
            || (before > 2 && scope.is_symbol(before - 1, ".") && scope.is(before - 3, "INTO"))
            || scope.is(close + 1, "AS") && self.gives_cte_names(before);
        if names_columns {
            return Ok(None);
        }
        if scope.is(before, "CAST") {
            let to_text = casts::target(&scope.tokens[before..])
                .is_some_and(|target| target.eq_ignore_ascii_case("TEXT"));
            return if to_text && scope.is(self.end, "AS") && self.first == open + 1 {
                Ok(None)
            } else {
                Err(self.refuse("CAST to anything but TEXT", COMPUTE))
            };
        }
        if scope.name(before).is_none() {
            return Err(self.refuse("IN or a row of values", COMPARE));
        }
        let alone = self.end == close
            && (self.first == open + 1
                || (self.first == open + 2 && scope.is(open + 1, "DISTINCT")));
        if alone && scope.is(before, "COUNT") {
            return Ok(None);
        }
        // SUM goes by the text alone; MIN and MAX need the collation.
        let kept = scope.is(before, "SUM") || self.class == Class::Column;
        if alone && kept && scope.is_any(before, &AGGREGATES) {
            return Ok(Some(Self {
                scope,
                first: before,
                end: scope.end_of_call(close + 1),
                class: Class::Value,
            }));
        }
        let function = scope.tokens[before].text;
        Err(self.refuse(&format!("{function}() of it"), COMPUTE))
    }

    /// Whether the name before a list is that of a CTE: `WITH name (a, b) AS`.
    fn gives_cte_names(&self, name: usize) -> bool {
        name > 0
            && (self.scope.is_any(name - 1, &["WITH", "RECURSIVE"])
                || self.scope.is_symbol(name - 1, ","))
    }
}
