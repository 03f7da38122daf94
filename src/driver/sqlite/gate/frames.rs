//! Which tables each part of a statement sees, read in one pass over its tokens.
//!
//! A SELECT, an INSERT, an UPDATE and a DELETE each see the tables that they name, and those of the
//! statement around them. What a subquery, a common table expression or a function gives is not
//! followed: a name that may be of one of these is not resolved.

use super::super::declared::Declared;
use super::names::Columns;
use super::scope::Scope;
use std::collections::{BTreeMap, BTreeSet};

/// A table that a part of the statement sees.
struct Source<'a> {
    /// What stands before its columns' names: its alias, or else its name.
    name: Option<String>,
    /// `None` where they are not known.
    columns: Option<&'a Columns>,
    /// Whether its columns are meant only with that before them.
    is_excluded: bool,
}

/// What one SELECT, INSERT, UPDATE or DELETE sees.
#[derive(Default)]
struct Frame<'a> {
    outer: Option<usize>,
    sources: Vec<Source<'a>>,
    /// The columns into which an INSERT's values go, in their order.
    targets: Vec<Option<Declared>>,
    /// Whether the INSERT names them. Else those that are generated may be among them, and are not
    /// given values.
    names_targets: bool,
}

/// The part of a statement in which a token stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Part {
    /// The list behind SELECT.
    Items,
    /// The tables behind FROM.
    Sources,
    /// The assignments behind SET.
    Assignments,
    /// The rows behind VALUES.
    Rows,
    Other,
}

/// Where a token stands.
#[derive(Clone, Copy)]
pub(super) struct Spot {
    frame: usize,
    /// The frame of the INSERT or UPDATE that it is directly part of.
    pub(super) written: Option<usize>,
    pub(super) part: Part,
    /// How many commas stand before it in its list; `None` where a `*` has gone before.
    pub(super) place: Option<usize>,
}

/// What is directly in a pair of parentheses, or in none.
struct Region {
    /// Whether it is a statement of its own, not a list or an expression.
    is_query: bool,
    /// The frame around it.
    outer: Option<usize>,
    spot: Spot,
    awaits_source: bool,
    awaits_target: bool,
}

/// The frames of a statement.
pub(super) struct Frames<'a> {
    scope: &'a Scope<'a>,
    all: Vec<Frame<'a>>,
    spots: Vec<Spot>,
    common: BTreeSet<String>,
}

const QUERY: [&str; 3] = ["SELECT", "WITH", "VALUES"];

impl<'a> Frames<'a> {
    /// Reads the statement.
    pub(super) fn read(scope: &'a Scope<'a>) -> Self {
        let mut frames = Self {
            scope,
            all: vec![Frame::default()],
            spots: Vec::with_capacity(scope.tokens.len()),
            common: scope.common_table_expressions(),
        };
        let spot = Spot {
            frame: 0,
            written: None,
            part: Part::Other,
            place: Some(0),
        };
        let mut regions = vec![Region {
            is_query: true,
            outer: None,
            spot,
            awaits_source: false,
            awaits_target: false,
        }];
        let mut read_until = 0;
        for at in 0..scope.tokens.len() {
            if scope.is_symbol(at, ")") && regions.len() > 1 {
                regions.pop();
            }
            let Some(region) = regions.last_mut() else {
                break;
            };
            frames.spots.push(region.spot);
            if scope.is_symbol(at, "(") {
                let inner = frames.enter(region, at);
                regions.push(inner);
            } else if at >= read_until {
                read_until = frames.take(region, at).max(at + 1);
            }
        }
        frames
    }

    fn add(&mut self, outer: Option<usize>) -> usize {
        self.all.push(Frame {
            outer,
            ..Frame::default()
        });
        self.all.len() - 1
    }

    /// What opens with the parenthesis at `at`.
    fn enter(&mut self, region: &mut Region, at: usize) -> Region {
        let is_query = self.scope.is_any(at + 1, &QUERY);
        let frame = region.spot.frame;
        let joins = region.awaits_source && !is_query;
        // A subquery of FROM does not see the tables beside it.
        let outer = if region.awaits_source {
            self.all[frame].outer
        } else {
            Some(frame)
        };
        if region.awaits_source {
            region.awaits_source = false;
            let after = self.scope.partner(at).map(|close| close + 1);
            let alias = after.and_then(|after| self.alias(after));
            self.all[frame].sources.push(Source {
                name: alias.map(|(name, _)| name),
                columns: None,
                is_excluded: false,
            });
        }
        Region {
            is_query,
            outer,
            spot: Spot {
                frame: if is_query { self.add(outer) } else { frame },
                written: None,
                part: if joins { Part::Sources } else { Part::Other },
                place: Some(0),
            },
            awaits_source: joins,
            awaits_target: false,
        }
    }

    /// Takes a token that is no parenthesis; gives the first one that it has not read with it.
    fn take(&mut self, region: &mut Region, at: usize) -> usize {
        const ENDS: [&str; 10] = [
            "WHERE",
            "GROUP",
            "HAVING",
            "ORDER",
            "LIMIT",
            "OFFSET",
            "WINDOW",
            "UNION",
            "INTERSECT",
            "EXCEPT",
        ];
        let scope = self.scope;
        let before = at.wrapping_sub(1);
        let is = |word| scope.is(at, word);
        let spot = &mut region.spot;
        if scope.is_symbol(at, ",") {
            spot.place = spot.place.map(|place| place + 1);
            region.awaits_source = spot.part == Part::Sources;
        } else if spot.part == Part::Items && self.is_star(at) {
            spot.place = None;
        } else if is("JOIN") && spot.part == Part::Sources {
            region.awaits_source = true;
        } else if !region.is_query {
            return self.take_source(region, at);
        } else if is("SELECT") {
            spot.frame = self.add(region.outer);
            (spot.part, spot.place) = (Part::Items, Some(0));
        } else if is("VALUES") {
            (spot.part, spot.place) = (Part::Rows, Some(0));
        } else if is("FROM") && !scope.is_distinct_from(at) {
            spot.part = Part::Sources;
            region.awaits_source = true;
        } else if is("INTO") || is("DELETE") || (is("UPDATE") && !scope.is(before, "DO")) {
            spot.frame = self.add(region.outer);
            spot.written = Some(spot.frame);
            spot.part = Part::Other;
            region.awaits_target = is("INTO");
            region.awaits_source = !is("DELETE");
        } else if region.awaits_source && is("OR") {
            // UPDATE OR IGNORE
            return at + 2;
        } else if is("SET") || is("RETURNING") || (is("ON") && scope.is(at + 1, "CONFLICT")) {
            if let Some(written) = spot.written {
                spot.frame = written;
            }
            spot.part = if is("SET") {
                Part::Assignments
            } else {
                Part::Other
            };
            region.awaits_source = false;
        } else if scope.is_any(at, &ENDS) {
            spot.part = Part::Other;
            region.awaits_source = false;
        } else {
            return self.take_source(region, at);
        }
        at + 1
    }

    fn is_star(&self, at: usize) -> bool {
        let scope = self.scope;
        let before = at.wrapping_sub(1);
        scope.is_symbol(at, "*")
            && (scope.is_any(before, &["SELECT", "DISTINCT", "ALL"])
                || scope.is_symbol(before, ",")
                || scope.is_symbol(before, "."))
    }

    /// Takes the name of a table where one is due, with its alias.
    fn take_source(&mut self, region: &mut Region, at: usize) -> usize {
        let scope = self.scope;
        if !region.awaits_source {
            return at + 1;
        }
        let Some(mut name) = scope.name(at) else {
            return at + 1;
        };
        region.awaits_source = false;
        let mut end = at + 1;
        let is_qualified = scope.is_symbol(end, ".");
        if is_qualified {
            name = scope.name(at + 2).unwrap_or_default();
            end = at + 3;
        }
        let is_function = scope.is_symbol(end, "(") && !region.awaits_target;
        if is_function {
            end = scope.partner(end).map_or(end, |close| close + 1);
        }
        let is_table = !is_function && (is_qualified || !self.common.contains(&name));
        let columns = scope
            .names
            .all
            .get(&name)
            .filter(|_| is_table)
            .and_then(Option::as_ref);
        let alias = self.alias(end);
        if let Some((_, after)) = &alias {
            end = *after;
        }
        let alias = alias.map_or(name, |(alias, _)| alias);
        let frame = region.spot.frame;
        self.all[frame].sources.push(Source {
            name: Some(alias),
            columns,
            is_excluded: false,
        });
        if region.awaits_target {
            region.awaits_target = false;
            self.all[frame].sources.push(Source {
                name: Some("excluded".to_owned()),
                columns,
                is_excluded: true,
            });
            let (targets, named) = self.targets(end, columns);
            self.all[frame].targets = targets;
            self.all[frame].names_targets = named;
            // The values of an INSERT don't see its table.
            region.spot.frame = self.add(region.outer);
        }
        if is_function { at + 1 } else { end }
    }

    /// The name in `AS name` or `name`, and the token behind it.
    fn alias(&self, at: usize) -> Option<(String, usize)> {
        let scope = self.scope;
        if scope.is(at, "AS") {
            return Some((scope.name(at + 1)?, at + 2));
        }
        // INDEXED BY is no alias, nor is what may follow a table that has none.
        let ends = ["INDEXED", "DEFAULT", "NOT", "SET"];
        let name = scope.name(at).filter(|_| !scope.is_any(at, &ends))?;
        Some((name, at + 1))
    }

    /// The columns that an INSERT names from `at` on, or else all of the table; whether it does.
    fn targets(&self, at: usize, columns: Option<&Columns>) -> (Vec<Option<Declared>>, bool) {
        let scope = self.scope;
        let Some(columns) = columns else {
            return (Vec::new(), false);
        };
        let list = scope
            .partner(at)
            .filter(|_| scope.is_symbol(at, "(") && !scope.is_any(at + 1, &QUERY));
        let Some(close) = list else {
            let all = columns.iter().map(|(_, declared)| Some(*declared));
            return (all.collect(), false);
        };
        let types: BTreeMap<&str, Declared> = columns
            .iter()
            .map(|(name, declared)| (name.as_str(), *declared))
            .collect();
        let named = scope
            .list(at + 1, close)
            .into_iter()
            .map(|(first, _)| types.get(scope.name(first)?.as_str()).copied());
        (named.collect(), true)
    }

    /// Where a token stands.
    pub(super) fn spot(&self, at: usize) -> Option<Spot> {
        self.spots.get(at).copied()
    }

    /// The type of the column into which the value in this place of an INSERT goes; `row` is the
    /// parenthesis of its row.
    pub(super) fn inserted(
        &self,
        spot: Spot,
        place: usize,
        row: Option<usize>,
    ) -> Option<Declared> {
        let frame = &self.all[spot.written?];
        if !frame.names_targets {
            let last = self.scope.partner(row?)?.checked_sub(1)?;
            let width = self.spots.get(last)?.place? + 1;
            if width != frame.targets.len() {
                return None;
            }
        }
        *frame.targets.get(place)?
    }

    /// The type of a column of the table that an INSERT or UPDATE writes.
    pub(super) fn written(&self, spot: Spot, name: &str) -> Option<Declared> {
        let source = self.all[spot.written?].sources.first()?;
        find(source.columns?, name)
    }

    /// The type of the column that a name means at `at`.
    pub(super) fn column(
        &self,
        at: usize,
        qualifier: Option<&str>,
        name: &str,
    ) -> Option<Declared> {
        let mut next = Some(self.spots.get(at)?.frame);
        while let Some(frame) = next.map(|number| &self.all[number]) {
            if let Some(qualifier) = qualifier {
                let is_meant = |source: &&Source<'_>| source.name.as_deref() == Some(qualifier);
                if let Some(source) = frame.sources.iter().find(is_meant) {
                    return find(source.columns?, name);
                }
            } else {
                let sources = || frame.sources.iter().filter(|source| !source.is_excluded);
                let mut found = sources()
                    .filter_map(|source| source.columns)
                    .filter_map(|columns| find(columns, name));
                if let Some(first) = found.next() {
                    // Of JOIN USING and NATURAL JOIN; else the statement would be wrong.
                    return found.all(|other| other == first).then_some(first);
                }
                if sources().any(|source| source.columns.is_none()) {
                    return None;
                }
            }
            next = frame.outer;
        }
        None
    }
}

fn find(columns: &Columns, name: &str) -> Option<Declared> {
    let (_, declared) = columns.iter().find(|(column, _)| column == name)?;
    Some(*declared)
}
