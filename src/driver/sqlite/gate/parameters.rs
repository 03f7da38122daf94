//! What each parameter of a statement meets: the column that it is put into or stands beside.
//!
//! A parameter has a type where PostgreSQL would give it that type for a reason that can be seen in
//! the text: beside a column, in the row of an INSERT, in a CAST. Anywhere else, in functions,
//! CASE, behind an expression, it has none, and its argument is bound as it is.

use super::super::casts;
use super::super::declared::Declared;
use super::super::lexer::{Kind, Token};
use super::super::targets::{Target, Targets, Type, Use};
use super::frames::{Frames, Part};
use super::names::Names;
use super::operators::Rank;
use super::scope::Scope;

/// The functions that give one of their arguments.
const CHOICES: [&str; 3] = ["COALESCE", "IFNULL", "NULLIF"];

/// The longest list, in tokens, of which each part is looked at for each other one.
const LIST: usize = 128;

/// Looks at each parameter.
pub(super) fn targets(names: &Names, tokens: &[Token<'_>]) -> Targets {
    let mut targets = Targets::default();
    if !tokens.iter().any(|token| token.kind == Kind::Parameter) {
        return targets;
    }
    let scope = Scope::new(names, tokens);
    let parameters = Parameters {
        scope: &scope,
        frames: Frames::read(&scope),
        // As PostgreSQL's driver reads it.
        writes: tokens.iter().enumerate().any(|(at, token)| {
            // `replace(…)` is a function.
            let replaces = token.is("REPLACE") && !scope.is_symbol(at + 1, "(");
            token.is("INSERT") || token.is("UPDATE") || replaces
        }),
    };
    let mut greatest = 0;
    for (at, token) in tokens.iter().enumerate() {
        if token.kind != Kind::Parameter {
            continue;
        }
        // A bare `?` is the one after the greatest so far, as for SQLite.
        let number = token.text[1..].parse().unwrap_or(greatest + 1);
        greatest = greatest.max(number);
        if let Some(target) = parameters.target(at) {
            targets.note(number, target);
        }
    }
    targets
}

struct Parameters<'a> {
    scope: &'a Scope<'a>,
    frames: Frames<'a>,
    /// Whether it writes values; a CAST takes what a column would then.
    writes: bool,
}

fn compared(kind: Type) -> Target {
    Target {
        kind,
        usage: Use::Compared,
    }
}

fn stored(declared: Declared) -> Option<Target> {
    Some(Target {
        kind: Type::of(declared)?,
        usage: Use::Stored,
    })
}

impl Parameters<'_> {
    /// What the parameter at `at` meets.
    fn target(&self, at: usize) -> Option<Target> {
        let scope = self.scope;
        let (mut first, mut end) = (at, at + 1);
        while first > 0
            && scope.is_symbol(first - 1, "(")
            && scope.is_symbol(end, ")")
            && self.is_grouping(first - 1)
        {
            first -= 1;
            end += 1;
        }
        let before = first.checked_sub(1)?;
        if scope.is(end, "AS") && scope.is_symbol(before, "(") {
            return self.cast(before);
        }
        // In a list by itself, as in each of many rows, it has no operators.
        let starts = scope.is_symbol(before, ",") || scope.is_symbol(before, "(");
        if starts && (scope.is_symbol(end, ",") || scope.is_symbol(end, ")")) {
            return self.in_place(first, end);
        }
        let left = scope.operator_before(first);
        let right = scope.operator_after(end);
        if left.is_none() && right.is_none() {
            return self
                .in_place(first, end)
                .or_else(|| self.in_words(first, end));
        }
        if self.is_assigned(first) {
            return match right {
                None => self.assigned(first),
                Some(right) => self.beside_right(right.end, right.rank),
            };
        }
        match (left, right) {
            (Some(left), Some(right)) if right.rank > left.rank => {
                self.beside_right(right.end, right.rank)
            }
            (Some(left), _) => self.beside_left(left.start, left.rank),
            (None, Some(right)) if right.rank <= Rank::Word => self
                .in_words(first, end)
                .or_else(|| self.beside_right(right.end, right.rank)),
            (None, Some(right)) => self.beside_right(right.end, right.rank),
            (None, None) => None,
        }
    }

    /// Whether the parenthesis only groups. Behind a comma it may be a row of VALUES.
    fn is_grouping(&self, open: usize) -> bool {
        let in_rows = || {
            self.frames
                .spot(open)
                .is_none_or(|spot| spot.part == Part::Rows)
        };
        let behind_comma = open > 0 && self.scope.is_symbol(open - 1, ",");
        self.scope.is_grouping(open) || (behind_comma && !in_rows())
    }

    /// `CAST(… AS type)`, whose parenthesis this is.
    fn cast(&self, open: usize) -> Option<Target> {
        let kind = self.cast_type(open)?;
        let usage = if self.writes && kind == Type::Text {
            Use::Stored
        } else {
            Use::Cast
        };
        Some(Target { kind, usage })
    }

    fn cast_type(&self, open: usize) -> Option<Type> {
        let cast = open
            .checked_sub(1)
            .filter(|at| self.scope.is(*at, "CAST"))?;
        let close = self.scope.partner(open)?;
        let name = casts::target(&self.scope.tokens[cast..=close])?;
        Type::of(Declared::parse(&name))
    }

    /// A place that makes a type of itself: a row's, an item's, LIMIT's.
    fn in_place(&self, first: usize, end: usize) -> Option<Target> {
        let scope = self.scope;
        let before = first - 1;
        for (word, kind) in [("LIMIT", Type::Limit), ("OFFSET", Type::Offset)] {
            if scope.is(before, word) {
                return Some(compared(kind));
            }
        }
        let spot = self.frames.spot(first)?;
        let ends = scope.is_end(end) || scope.is_symbol(end, ",") || scope.is_symbol(end, ")");
        if spot.part == Part::Items && spot.written.is_some() {
            let starts = scope.is_any(before, &["SELECT", "DISTINCT", "ALL"])
                || scope.is_symbol(before, ",");
            let ends = ends || scope.is(end, "AS") || scope.is_any(end, &ITEM_ENDS);
            return (starts && ends)
                .then(|| self.frames.inserted(spot, spot.place?, None))
                .flatten()
                .and_then(stored);
        }
        let open = scope.around[first]?;
        let is_part = (before == open || scope.is_symbol(before, ",")) && ends;
        if !is_part {
            return None;
        }
        let around = self.frames.spot(open)?;
        let caller = open.checked_sub(1)?;
        if around.part == Part::Rows && (scope.is(caller, "VALUES") || scope.is_symbol(caller, ","))
        {
            return self
                .frames
                .inserted(around, spot.place?, Some(open))
                .and_then(stored);
        }
        if scope.is(caller, "IN") {
            return self.beside_left(caller, Rank::Word);
        }
        if scope.is_any(caller, &CHOICES) {
            return self.among(open).map(compared);
        }
        if let Some(left) = scope.operator_before(open) {
            return self.row_of(left.start, open, first);
        }
        // `(a, b) IN (($1, $2), …)`, and not the arguments of a function in the list.
        let before = open.checked_sub(1)?;
        if !scope.is_symbol(before, "(") && !scope.is_symbol(before, ",") {
            return None;
        }
        let list = scope.around[open]?;
        let word = list.checked_sub(1).filter(|at| scope.is(*at, "IN"))?;
        let left = if scope.is(word.checked_sub(1)?, "NOT") {
            word - 1
        } else {
            word
        };
        self.row_of(left, open, first)
    }

    /// The type that the other arguments of `COALESCE (…)` agree on.
    fn among(&self, open: usize) -> Option<Type> {
        let scope = self.scope;
        let close = scope.partner(open).filter(|close| close - open <= LIST)?;
        let mut found = None;
        for (first, end) in scope.list(open + 1, close) {
            let token = &scope.tokens[first];
            let is_open = end == first + 1
                && (matches!(token.kind, Kind::Parameter | Kind::Text) || token.is("NULL"));
            if is_open {
                continue;
            }
            let kind = self.value(first, end)?;
            if *found.get_or_insert(kind) != kind {
                return None;
            }
        }
        found
    }

    /// The parameter is a part of the row at `open`; the row before the operator at `left` has a
    /// column in the same place.
    fn row_of(&self, left: usize, open: usize, first: usize) -> Option<Target> {
        let scope = self.scope;
        let close = left.checked_sub(1).filter(|at| scope.is_symbol(*at, ")"))?;
        let start = scope.partner(close).filter(|start| close - start <= LIST)?;
        let columns = scope.list(start + 1, close);
        let place = self.frames.spot(first)?.place?;
        let (first_of_column, end_of_column) = *columns.get(place)?;
        let spot = self.frames.spot(open)?;
        if spot.part == Part::Assignments && self.is_assigned(open) {
            let name = (end_of_column == first_of_column + 1).then(|| scope.name(first_of_column));
            return self.frames.written(spot, &name??).and_then(stored);
        }
        self.value(first_of_column, end_of_column).map(compared)
    }

    /// Words that compare: LIKE, BETWEEN, IN.
    fn in_words(&self, first: usize, end: usize) -> Option<Target> {
        let scope = self.scope;
        let before = first.checked_sub(1)?;
        let after = if scope.is(end, "NOT") { end + 1 } else { end };
        if scope.is_any(before, &["LIKE", "ESCAPE"]) || scope.is(after, "LIKE") {
            return Some(compared(Type::Text));
        }
        if scope.is(before, "BETWEEN") {
            return self.beside_left(before, Rank::Word);
        }
        if scope.is(before, "AND") {
            let low = scope.primary_before(before);
            let between = low
                .and_then(|low| low.checked_sub(1))
                .filter(|at| scope.is(*at, "BETWEEN"));
            if let Some(between) = between {
                return self.beside_left(between, Rank::Word);
            }
        }
        if scope.is(after, "BETWEEN") {
            return self.beside_right(after + 1, Rank::Word);
        }
        if scope.is(after, "IN") && scope.is_symbol(after + 1, "(") {
            let (first, end) = *scope.list(after + 2, scope.partner(after + 1)?).first()?;
            return self.value(first, end).map(compared);
        }
        None
    }

    /// What stands before the operator at `operator`, where that is a plain value.
    fn beside_left(&self, operator: usize, rank: Rank) -> Option<Target> {
        let scope = self.scope;
        let mut end = operator;
        if rank == Rank::Word && end > 0 && scope.is(end - 1, "NOT") {
            end -= 1;
        }
        let first = scope.primary_before(end)?;
        let binds_before = scope
            .operator_before(first)
            .is_some_and(|operator| operator.rank >= rank);
        if binds_before {
            return None;
        }
        self.beside(first, end, rank)
    }

    /// What stands behind an operator, from `first` on, where that is a plain value.
    fn beside_right(&self, first: usize, rank: Rank) -> Option<Target> {
        let scope = self.scope;
        let end = scope.primary_after(first);
        let binds_after = scope
            .operator_after(end)
            .is_some_and(|operator| operator.rank > rank);
        if binds_after {
            return None;
        }
        self.beside(first, end, rank)
    }

    fn beside(&self, first: usize, end: usize, rank: Rank) -> Option<Target> {
        let kind = self.value(first, end)?;
        let fits = match rank {
            Rank::Other => false,
            Rank::Sum | Rank::Product => kind.is_number(),
            Rank::Comparison | Rank::Word => true,
        };
        fits.then_some(compared(kind))
    }

    /// The type of a plain value: a column, a CAST, `count(…)`, and what chooses among plain values.
    fn value(&self, mut first: usize, mut end: usize) -> Option<Type> {
        let scope = self.scope;
        while first < end && scope.is_symbol(first, "(") && scope.partner(first) == Some(end - 1) {
            first += 1;
            end -= 1;
        }
        let last = end.checked_sub(1).filter(|last| *last >= first)?;
        if scope.is_symbol(first + 1, "(") && scope.partner(first + 1) == Some(last) {
            return match () {
                () if scope.is(first, "CAST") => self.cast_type(first + 1),
                () if scope.is(first, "COUNT") => Some(Type::BigInt),
                () if scope.is_any(first, &["MIN", "MAX"]) => self.value(first + 2, last),
                () if scope.is_any(first, &CHOICES) => self.among(first + 1),
                () => None,
            };
        }
        let qualifier = match last - first {
            0 => None,
            2 | 4 if scope.is_symbol(last - 1, ".") => Some(scope.name(last - 2)?),
            _ => return None,
        };
        let name = scope.name(last)?;
        let declared = self.frames.column(last, qualifier.as_deref(), &name)?;
        Type::of(declared)
    }

    /// Whether what begins at `first` is the new value in `SET column = …`.
    fn is_assigned(&self, first: usize) -> bool {
        let scope = self.scope;
        let in_set = self
            .frames
            .spot(first)
            .is_some_and(|spot| spot.part == Part::Assignments);
        let Some(equals) = first.checked_sub(1).filter(|_| in_set) else {
            return false;
        };
        let Some(target) = scope
            .primary_before(equals)
            .filter(|_| scope.is_symbol(equals, "="))
        else {
            return false;
        };
        target > 0 && (scope.is(target - 1, "SET") || scope.is_symbol(target - 1, ","))
    }

    fn assigned(&self, first: usize) -> Option<Target> {
        let column = first.checked_sub(2)?;
        let spot = self.frames.spot(first)?;
        let name = self.scope.name(column)?;
        self.frames.written(spot, &name).and_then(stored)
    }
}

/// What may follow an item of a SELECT that has no name.
const ITEM_ENDS: [&str; 9] = [
    "FROM",
    "WHERE",
    "UNION",
    "INTERSECT",
    "EXCEPT",
    "ORDER",
    "LIMIT",
    "ON",
    "RETURNING",
];
