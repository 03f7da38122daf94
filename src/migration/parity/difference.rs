//! What can differ between two schemas, and how it is told.

use std::fmt;

/// In what an object differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Aspect {
    /// One engine has no such table.
    Table,
    /// One engine has no such view, or one whose rows are kept.
    View,
    /// The columns of a view, or their order.
    Columns,
    /// One engine has no such column.
    Column,
    /// The order of a table's columns, which `SELECT *` and an `INSERT` that names no columns go by.
    ColumnOrder,
    /// The type of a column.
    Type,
    /// Whether a column may be NULL.
    Nullability,
    /// The default of a column.
    Default,
    /// How a generated column is computed.
    Generated,
    /// Whether the engine makes the values of a key by itself.
    Identity,
    /// The columns of the primary key.
    PrimaryKey,
    /// One engine has no such UNIQUE constraint, or a unique index in its place.
    Unique,
    /// One engine has no such foreign key.
    ForeignKey,
    /// What a foreign key refers to.
    Target,
    /// What happens to the rows that refer when theirs is deleted.
    OnDelete,
    /// What happens to the rows that refer when the key of theirs changes.
    OnUpdate,
    /// Whether a key is looked at by the statement or at COMMIT.
    Deferred,
    /// How a foreign key of several columns takes NULLs.
    Match,
    /// One engine has no such CHECK.
    Check,
    /// What a CHECK says.
    Condition,
    /// One engine has no such index.
    Index,
    /// What an index is over.
    Parts,
    /// The directions of an index.
    Direction,
    /// Which rows a partial index has.
    Predicate,
    /// Whether an index is unique.
    Uniqueness,
    /// Whether NULLs are equal in something unique.
    Nulls,
    /// What kind of index it is, and by which collation or operators it is sorted.
    Method,
    /// One engine has no such trigger.
    Trigger,
    /// The name, or the case of its letters: errors name constraints, results name columns.
    Name,
}

impl Aspect {
    /// Every aspect with the word for it in `parity.toml`, in lines and in JSON.
    const WORDS: [(Self, &'static str); 29] = [
        (Self::Table, "table"),
        (Self::View, "view"),
        (Self::Columns, "columns"),
        (Self::Column, "column"),
        (Self::ColumnOrder, "column order"),
        (Self::Type, "type"),
        (Self::Nullability, "nullability"),
        (Self::Default, "default"),
        (Self::Generated, "generated"),
        (Self::Identity, "identity"),
        (Self::PrimaryKey, "primary key"),
        (Self::Unique, "unique"),
        (Self::ForeignKey, "foreign key"),
        (Self::Target, "target"),
        (Self::OnDelete, "on delete"),
        (Self::OnUpdate, "on update"),
        (Self::Deferred, "deferred"),
        (Self::Match, "match"),
        (Self::Check, "check"),
        (Self::Condition, "condition"),
        (Self::Index, "index"),
        (Self::Parts, "parts"),
        (Self::Direction, "direction"),
        (Self::Predicate, "predicate"),
        (Self::Uniqueness, "uniqueness"),
        (Self::Nulls, "nulls"),
        (Self::Method, "method"),
        (Self::Trigger, "trigger"),
        (Self::Name, "name"),
    ];

    /// The word for it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let mut words = Self::WORDS.iter();
        words
            .find(|(aspect, _)| *aspect == self)
            .map_or("", |(_, word)| word)
    }

    /// The aspect of a word.
    pub(super) fn of(word: &str) -> Option<Self> {
        let mut words = Self::WORDS.iter();
        words
            .find(|(_, known)| *known == word)
            .map(|(aspect, _)| *aspect)
    }

    /// Every word, for messages.
    pub(super) fn words() -> String {
        Self::WORDS.map(|(_, word)| word).join(", ")
    }
}

/// One thing that is not alike on the two engines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The table or view, or what belongs to it: `orders.price`, `orders.orders_by_customer`.
    pub object: String,
    /// What about it.
    pub what: Aspect,
    /// How `PostgreSQL` has it; `None` where it has none.
    pub postgres: Option<String>,
    /// How `SQLite` has it; `None` where it has none.
    pub sqlite: Option<String>,
    /// False where these are two expressions that are only not known to be equal.
    pub is_certain: bool,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let has = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
        write!(
            f,
            "{} {}: {} on PostgreSQL, {} on SQLite",
            self.object,
            self.what.as_str(),
            has(&self.postgres),
            has(&self.sqlite)
        )?;
        if self.is_certain {
            Ok(())
        } else {
            f.write_str(" (not known to be equal)")
        }
    }
}
