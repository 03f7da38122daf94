//! A schema as far as both engines have it: what a program that runs on either can tell.

use std::collections::BTreeMap;

use crate::migration::translate::reading_back::Says;

/// Tables and views by their names.
#[derive(Debug, Default)]
pub(super) struct Schema {
    pub(super) tables: BTreeMap<String, Table>,
    pub(super) views: BTreeMap<String, View>,
}

#[derive(Debug, Default)]
pub(super) struct View {
    /// In their order.
    pub(super) columns: Vec<String>,
    /// Whether its rows are those of its last refresh.
    pub(super) is_materialized: bool,
}

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) columns: Vec<Column>,
    pub(super) primary_key: Option<Key>,
    pub(super) unique: Vec<Key>,
    pub(super) foreign_keys: Vec<ForeignKey>,
    /// The application's own, not those that hold a column to its type.
    pub(super) checks: Vec<Check>,
    pub(super) indexes: Vec<Index>,
    pub(super) triggers: Vec<String>,
}

/// An identity that refuses a value that is given.
pub(super) const ALWAYS: &str = "an identity column GENERATED ALWAYS";

#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    /// The portable type where the column is exactly that; else what it is, in the engine's words.
    pub(super) kind: String,
    /// The type as the engine writes it.
    pub(super) declared: String,
    pub(super) not_null: bool,
    /// What `SQLite` does about a NULL that is forbidden, where it does not fail.
    pub(super) on_null: Option<String>,
    pub(super) default: Option<DefaultValue>,
    pub(super) generated: Option<Expression>,
    /// How the engine makes a value where none is given, if it does.
    pub(super) identity: Option<&'static str>,
}

#[derive(Debug, Clone)]
pub(super) struct DefaultValue {
    pub(super) says: Says,
    pub(super) expression: Expression,
    pub(super) stored: Stored,
}

/// What a row gets of a default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stored {
    /// What is written, as far as is known.
    AsWritten,
    /// This literal, into which the column turned it.
    Literal(String),
    /// Nothing: the column's type refuses it.
    Refused,
}

/// SQL of the engine's own, and PostgreSQL's spelling of it.
#[derive(Debug, Clone)]
pub(super) struct Expression {
    pub(super) text: String,
    /// As PostgreSQL writes it once it has read it; `None` where it can't, or was not asked.
    pub(super) normal: Option<String>,
}

impl Expression {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            normal: None,
        }
    }

    /// Whether the two are known to be the same.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.text == other.text || (self.normal.is_some() && self.normal == other.normal)
    }
}

/// A primary key or a UNIQUE constraint.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) nulls_are_distinct: bool,
    /// What `SQLite` does about a row that breaks it, where it does not fail.
    pub(super) on_conflict: Option<String>,
    pub(super) checked: Checked,
}

/// When a key is looked at.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Checked {
    /// At each row, as `SQLite` does.
    #[default]
    AtOnce,
    /// At the end of the statement. `ON CONFLICT (…)` of an INSERT does not find such a key.
    AfterStatement,
    AtCommit,
}

impl Key {
    /// The columns, and what is done about a row that breaks it.
    pub(super) fn terms(&self) -> String {
        let columns = self.columns.join(", ");
        match &self.on_conflict {
            Some(action) => format!("({columns}) ON CONFLICT {action}"),
            None => format!("({columns})"),
        }
    }
}

#[derive(Debug)]
pub(super) struct ForeignKey {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
    pub(super) target: String,
    pub(super) target_columns: Vec<String>,
    pub(super) on_delete: String,
    pub(super) on_update: String,
    /// Whether it is not looked at before COMMIT.
    pub(super) is_deferred: bool,
    /// MATCH FULL, which SQLite does not know.
    pub(super) matches_full: bool,
}

#[derive(Debug)]
pub(super) struct Check {
    pub(super) name: String,
    pub(super) condition: Expression,
}

#[derive(Debug)]
pub(super) struct Index {
    pub(super) name: String,
    /// `btree` on SQLite.
    pub(super) method: String,
    pub(super) is_unique: bool,
    pub(super) nulls_are_distinct: bool,
    pub(super) parts: Vec<Part>,
    pub(super) predicate: Option<Expression>,
}

/// What an index is sorted by.
#[derive(Debug)]
pub(super) struct Part {
    /// A column's name, or an expression.
    pub(super) expression: Expression,
    pub(super) is_column: bool,
    pub(super) is_descending: bool,
    /// Another collation than the column's own, or other operators than the type's.
    pub(super) order: Option<String>,
}

impl Index {
    /// The columns where it is over columns alone.
    pub(super) fn columns(&self) -> Option<Vec<&str>> {
        let column = |part: &Part| part.is_column.then_some(());
        self.parts.iter().map(column).collect::<Option<Vec<()>>>()?;
        Some(self.parts.iter().map(|p| &p.expression.text[..]).collect())
    }

    /// Whether it is a UNIQUE constraint in all but its name.
    pub(super) fn is_key(&self) -> bool {
        self.is_unique && self.predicate.is_none() && self.columns().is_some()
    }
}

impl Table {
    /// Every expression in the context of the table.
    pub(super) fn expressions(&mut self) -> impl Iterator<Item = &mut Expression> {
        let columns = self.columns.iter_mut().flat_map(|column| {
            let default = column.default.as_mut();
            let computed = default.filter(|default| default.says == Says::Expression);
            let default = computed.map(|default| &mut default.expression);
            default.into_iter().chain(column.generated.as_mut())
        });
        let checks = self.checks.iter_mut().map(|check| &mut check.condition);
        let indexes = self.indexes.iter_mut().flat_map(|index| {
            let computed = index.parts.iter_mut().filter(|part| !part.is_column);
            computed
                .map(|part| &mut part.expression)
                .chain(index.predicate.as_mut())
        });
        columns.chain(checks).chain(indexes)
    }
}
