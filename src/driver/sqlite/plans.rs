//! The statements that a connection has seen.

use super::plan::Plan;
use super::setup;
use sqlx_core::HashMap;
use std::sync::Arc;

/// What is known of each statement, found by the texts that its callers wrote.
///
/// SQLite's statement is one for all texts that are the same to it, `$1` and `?1` say, and so is
/// what is known of it: else one text would not learn what another has seen change.
#[derive(Default)]
pub(super) struct Plans {
    all: Vec<Plan>,
    by_text: HashMap<Arc<str>, usize>,
    /// By the text for SQLite, without the white space around it, as rusqlite's cache has it.
    by_sql: HashMap<Arc<str>, usize>,
}

impl Plans {
    /// The place of the statement of this text.
    pub(super) fn find(&self, text: &str) -> Option<usize> {
        self.by_text.get(text).copied()
    }

    /// Adds a text, and its plan unless that is known by another text; gives its place.
    pub(super) fn add(&mut self, text: &str, plan: Plan) -> usize {
        if self.by_text.len() >= 2 * setup::STATEMENTS {
            // A program with that many texts makes them up; those that recur come back soon.
            self.clear();
        }
        let sql = plan.analysis.sql.trim();
        let place = if let Some(place) = self.by_sql.get(sql) {
            *place
        } else {
            let place = self.all.len();
            self.by_sql.insert(sql.into(), place);
            self.all.push(plan);
            place
        };
        self.by_text.insert(text.into(), place);
        place
    }

    /// The plan at this place, which [`Self::find`] or [`Self::add`] gave.
    pub(super) fn at(&mut self, place: usize) -> &mut Plan {
        &mut self.all[place]
    }

    /// Forgets them all.
    pub(super) fn clear(&mut self) {
        *self = Self::default();
    }

    /// How many texts are known.
    pub(super) fn len(&self) -> usize {
        self.by_text.len()
    }
}
