//! What a schema holds, as sorted lines: enough to tell whether two databases of one engine are alike.
//!
//! The order of columns and the runner's own tables are left out.

mod postgres;
mod sqlite;

use sqlx::AnyConnection;

use super::history::OWN_TABLES;
use crate::config::Engine;

/// The table in which Alembic keeps its revision.
pub(super) const ALEMBIC: &str = "alembic_version";

/// A schema as lines, each of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Schema(Vec<String>);

impl Schema {
    /// Reads the schema in which the connection makes its tables.
    pub(super) async fn read(
        conn: &mut AnyConnection,
        engine: Engine,
    ) -> Result<Self, sqlx::Error> {
        let mut lines = match engine {
            Engine::Sqlite => sqlite::read(conn).await?,
            Engine::Postgres => postgres::read(conn).await?,
        };
        lines.sort();
        Ok(Self(lines))
    }

    /// The lines.
    pub(super) fn text(&self) -> String {
        self.0.join("\n")
    }

    /// Whether there is nothing in it.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The same, whether constraints have been checked against the rows that were there or not (`NOT VALID`):
    /// nothing can undo that they were.
    pub(super) fn without_validity(&self) -> Self {
        let line = |line: &String| line.trim_end_matches(" NOT VALID").to_owned();
        Self(self.0.iter().map(line).collect())
    }

    /// In how many lines two schemas differ.
    pub(super) fn distance(&self, other: &Self) -> usize {
        let missing = |a: &Self, b: &Self| a.0.iter().filter(|line| !b.0.contains(line)).count();
        missing(self, other) + missing(other, self)
    }
}

/// Whether a table is no part of the application's schema.
pub(super) fn is_own(table: &str) -> bool {
    OWN_TABLES.contains(&table) || table == ALEMBIC
}
