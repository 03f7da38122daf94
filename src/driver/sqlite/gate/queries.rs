//! The SELECTs of a statement: their items, the names they give, what a compound makes of them.

use super::super::error::SqliteError;
use super::super::lexer::Kind;
use super::scope::{Alias, Class, Scope};
use super::uses::refuse;
use std::collections::BTreeSet;

/// An item of a SELECT, without its alias.
#[derive(Clone, Copy, Debug)]
pub(super) struct Item {
    pub(super) first: usize,
    pub(super) end: usize,
    /// The token that names it.
    pub(super) alias: Option<usize>,
}

/// The words that end a list of items.
const ENDS: [&str; 10] = [
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

impl Scope<'_> {
    /// The tokens that stand directly in these parentheses; `None` for those in none.
    pub(super) fn inside(&self, region: Option<usize>) -> impl Iterator<Item = usize> {
        let first = region.map_or(0, |open| open + 1);
        let end = region
            .and_then(|open| self.partner(open))
            .unwrap_or(self.tokens.len());
        (first..end).filter(move |at| self.around[*at] == region)
    }

    /// The SELECTs that stand directly in these parentheses.
    pub(super) fn selects(&self, region: Option<usize>) -> Vec<usize> {
        self.inside(region)
            .filter(|at| self.is(*at, "SELECT"))
            .collect()
    }

    /// The items of a SELECT or of RETURNING.
    pub(super) fn items(&self, select: usize) -> Vec<Item> {
        let region = self.around[select];
        let close = region
            .and_then(|open| self.partner(open))
            .unwrap_or(self.tokens.len());
        let mut first = select + 1;
        if self.is_any(first, &["DISTINCT", "ALL"]) {
            first += 1;
        }
        let end = (first..close)
            .find(|at| {
                self.around[*at] == region
                    && (self.is_symbol(*at, ";")
                        || (self.is_any(*at, &ENDS) && !self.is(*at - 1, "DISTINCT")))
            })
            .unwrap_or(close);
        self.list(first, end)
            .into_iter()
            .map(|(first, end)| self.item(first, end))
            .collect()
    }

    /// The parts between commas.
    pub(super) fn list(&self, first: usize, end: usize) -> Vec<(usize, usize)> {
        let mut parts = Vec::new();
        let mut start = first;
        let Some(region) = self.around.get(first) else {
            return parts;
        };
        for at in first..end {
            if self.around[at] == *region && self.is_symbol(at, ",") {
                parts.push((start, at));
                start = at + 1;
            }
        }
        if start < end {
            parts.push((start, end));
        }
        parts
    }

    fn item(&self, first: usize, end: usize) -> Item {
        let last = end - 1;
        let named = self.name(last).is_some();
        let bare = Item {
            first,
            end,
            alias: None,
        };
        if !named || last == first {
            return bare;
        }
        let before = &self.tokens[last - 1];
        let ends_value = match before.kind {
            Kind::Word => before.is("END") || before.is("NULL") || self.name(last - 1).is_some(),
            Kind::Symbol => before.text == ")",
            Kind::DoubleColon => false,
            _ => true,
        };
        if before.is("AS") {
            Item {
                end: last - 1,
                alias: Some(last),
                ..bare
            }
        } else if ends_value {
            Item {
                end: last,
                alias: Some(last),
                ..bare
            }
        } else {
            bare
        }
    }

    /// Finds the names that SELECTs give to NUMERIC items, until there are no more.
    pub(super) fn find_aliases(&mut self) -> Result<(), SqliteError> {
        let regions: Vec<Option<usize>> = std::iter::once(None)
            .chain(
                (0..self.tokens.len())
                    .filter(|at| self.is_symbol(*at, "("))
                    .map(Some),
            )
            .filter(|region| !self.selects(*region).is_empty())
            .collect();
        // Each round can only add; a name passes through one SELECT more in each.
        for _ in 0..=regions.len() {
            let mut found = Vec::new();
            for region in &regions {
                found.extend(self.aliases_of(*region)?);
            }
            if found == self.aliases {
                break;
            }
            self.aliases = found;
        }
        for region in regions {
            self.refuse_order_by_place(region)?;
        }
        Ok(())
    }

    fn aliases_of(&self, region: Option<usize>) -> Result<Vec<Alias>, SqliteError> {
        let selects = self.selects(region);
        let lists: Vec<Vec<Item>> = selects.iter().map(|select| self.items(*select)).collect();
        let is_compound = selects.len() > 1
            && self
                .inside(region)
                .any(|at| self.is_any(at, &["UNION", "INTERSECT", "EXCEPT"]));
        let given = region.map(|open| self.cte_names(open)).unwrap_or_default();
        let mut aliases = Vec::new();
        for (place, item) in lists.first().into_iter().flatten().enumerate() {
            let mut class = self.class(item.first, item.end);
            if is_compound {
                class = self.class_in_compound(&lists, place)?;
            }
            let name = given
                .get(place)
                .copied()
                .or(item.alias)
                .or((is_compound && item.end > item.first).then(|| item.end - 1));
            let class = match class {
                Class::Value | Class::Computed => Class::Computed,
                Class::Column => Class::Column,
                _ => continue,
            };
            if let Some(name) = name.and_then(|at| self.name(at)) {
                aliases.push(Alias {
                    name,
                    class,
                    region,
                });
            }
        }
        Ok(aliases)
    }

    /// What a compound's column is: it has the collation that its first SELECT's has.
    fn class_in_compound(&self, lists: &[Vec<Item>], place: usize) -> Result<Class, SqliteError> {
        let classes: Vec<Class> = lists
            .iter()
            .filter_map(|items| items.get(place))
            .map(|item| self.class(item.first, item.end))
            .collect();
        let stars = lists
            .iter()
            .filter(|items| {
                items
                    .iter()
                    .any(|item| self.class(item.first, item.end) == Class::Star)
            })
            .count();
        if stars > 0 && stars < lists.len() {
            return Err(refuse(
                "a NUMERIC column",
                "UNION, INTERSECT or EXCEPT of `*` and of columns",
                "write the columns of each SELECT",
            ));
        }
        if !classes.iter().any(|class| class.is_numeric()) {
            return Ok(classes.first().copied().unwrap_or(Class::Other));
        }
        let nulls = lists
            .iter()
            .filter_map(|items| items.get(place))
            .all(|item| {
                self.class(item.first, item.end).is_numeric()
                    || (item.end == item.first + 1 && self.is(item.first, "NULL"))
            });
        if !nulls {
            return Err(refuse(
                "a NUMERIC column",
                "UNION, INTERSECT or EXCEPT with a column or literal of another kind",
                "give it a NUMERIC column or NULL in each SELECT",
            ));
        }
        let keeps = classes[0] == Class::Column
            && classes
                .iter()
                .all(|class| !class.is_numeric() || *class == Class::Column);
        Ok(if keeps {
            Class::Column
        } else {
            Class::Computed
        })
    }

    /// The names of tables in `name AS (SELECT …)` and `name (a, b) AS (SELECT …)`.
    pub(super) fn common_table_expressions(&self) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        for at in 1..self.tokens.len() {
            let defines =
                self.is_symbol(at + 1, "(") || self.is_any(at + 1, &["NOT", "MATERIALIZED"]);
            if !self.is(at, "AS") || !defines {
                continue;
            }
            let mut name = at - 1;
            if self.is_symbol(name, ")") {
                name = self.partner(name).map_or(0, |open| open.saturating_sub(1));
            }
            found.extend(self.name(name));
        }
        found
    }

    /// The names in `name (a, b) AS (SELECT …)`.
    fn cte_names(&self, open: usize) -> Vec<usize> {
        let mut before = open;
        while before > 0 && self.is_any(before - 1, &["AS", "NOT", "MATERIALIZED"]) {
            before -= 1;
        }
        if before == open || before == 0 {
            return Vec::new();
        }
        match self.partner(before - 1) {
            Some(start) if self.is_symbol(before - 1, ")") => self
                .list(start + 1, before - 1)
                .into_iter()
                .map(|(first, _)| first)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Refuses `ORDER BY 2` where that item has lost its collation.
    fn refuse_order_by_place(&self, region: Option<usize>) -> Result<(), SqliteError> {
        let Some(select) = self.selects(region).first().copied() else {
            return Ok(());
        };
        let lists: Vec<_> = self
            .selects(region)
            .into_iter()
            .map(|at| self.items(at))
            .collect();
        let is_computed = |place: usize| {
            lists
                .iter()
                .filter_map(|items| items.get(place))
                .any(|item| {
                    matches!(
                        self.class(item.first, item.end),
                        Class::Value | Class::Computed
                    )
                })
        };
        let items = self.items(select);
        let has_star = items
            .iter()
            .any(|item| self.class(item.first, item.end) == Class::Star);
        for at in self.inside(region) {
            let is_term = at > 0
                && self.tokens[at].kind == Kind::Number
                && (self.is(at - 1, "BY") || self.is_symbol(at - 1, ","))
                && self
                    .clause(at)
                    .is_some_and(|clause| self.is(clause, "ORDER"));
            if !is_term {
                continue;
            }
            let place = self.tokens[at]
                .text
                .parse::<usize>()
                .unwrap_or(0)
                .wrapping_sub(1);
            if is_computed(place) || (has_star && (0..items.len()).any(is_computed)) {
                return Err(refuse(
                    "a NUMERIC value",
                    "ORDER BY the place of an aggregate or a subquery",
                    "sort in Rust",
                ));
            }
        }
        Ok(())
    }
}
