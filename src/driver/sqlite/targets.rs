//! What the parameters of a statement meet: a column's type, and what is done with them.

use super::declared::Declared;

/// The type that a parameter has to have.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Type {
    Boolean,
    SmallInt,
    Integer,
    BigInt,
    Double,
    Text,
    Bytes,
    Uuid,
    Timestamptz,
    Date,
    Decimal,
    Json,
    /// The number behind LIMIT.
    Limit,
    /// The number behind OFFSET.
    Offset,
}

impl Type {
    /// The type of a column; `None` where its declaration does not tell what it takes.
    pub(super) const fn of(declared: Declared) -> Option<Self> {
        Some(match declared {
            Declared::Boolean => Self::Boolean,
            Declared::SmallInt => Self::SmallInt,
            Declared::Integer => Self::Integer,
            Declared::BigInt => Self::BigInt,
            Declared::Double => Self::Double,
            Declared::Text => Self::Text,
            Declared::Blob => Self::Bytes,
            Declared::Uuid => Self::Uuid,
            Declared::Timestamptz => Self::Timestamptz,
            Declared::Date => Self::Date,
            Declared::Decimal => Self::Decimal,
            Declared::Json => Self::Json,
            Declared::Unknown | Declared::ForeignNumeric | Declared::ForeignTime => return None,
        })
    }

    /// Whether it is a number that an operator computes with.
    pub(super) const fn is_number(self) -> bool {
        self.is_whole() || matches!(self, Self::Double)
    }

    const fn is_whole(self) -> bool {
        matches!(self, Self::SmallInt | Self::Integer | Self::BigInt)
    }

    /// Its name in messages.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Boolean => "BOOLEAN",
            Self::SmallInt => "SMALLINT",
            Self::Integer => "INTEGER",
            Self::BigInt | Self::Limit | Self::Offset => "BIGINT",
            Self::Double => "DOUBLE PRECISION",
            Self::Text => "TEXT",
            Self::Bytes => "BYTEA",
            Self::Uuid => "UUID",
            Self::Timestamptz => "TIMESTAMPTZ",
            Self::Date => "DATE",
            Self::Decimal => "NUMERIC",
            Self::Json => "JSONB",
        }
    }
}

/// What is done with a parameter.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Use {
    /// It becomes the value of a column.
    Stored,
    /// It stands beside a value of its type.
    Compared,
    /// A CAST of a statement that only reads makes the type of it.
    Cast,
}

/// What a parameter meets.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Target {
    pub(super) kind: Type,
    pub(super) usage: Use,
}

/// What a parameter has met so far.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
enum Met {
    #[default]
    Nothing,
    One(Target),
    /// Types that have nothing in common: which of them PostgreSQL would choose is not known.
    Several,
}

/// What the parameters of a statement meet, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Targets(Vec<Met>);

impl Targets {
    /// Of a statement about whose parameters nothing is known.
    pub(super) const NONE: Self = Self(Vec::new());

    /// Notes what the parameter of this number, from 1, meets.
    pub(super) fn note(&mut self, number: usize, target: Target) {
        let Some(index) = number.checked_sub(1) else {
            return;
        };
        if self.0.len() <= index {
            self.0.resize(index + 1, Met::Nothing);
        }
        let met = &mut self.0[index];
        *met = match *met {
            Met::Nothing => Met::One(target),
            Met::One(before) if before.kind == target.kind => Met::One(Target {
                // What is compared with text has to be text; what is stored there may be an integer.
                usage: match (before.usage, target.usage) {
                    (Use::Compared, _) | (_, Use::Compared) => Use::Compared,
                    (Use::Stored, _) | (_, Use::Stored) => Use::Stored,
                    (Use::Cast, Use::Cast) => Use::Cast,
                },
                ..target
            }),
            // Its range is the column's own business.
            Met::One(before) if before.kind.is_whole() && target.kind.is_whole() => {
                Met::One(Target {
                    kind: Type::BigInt,
                    usage: Use::Compared,
                })
            }
            _ => Met::Several,
        };
    }

    /// What the parameter at this index, from 0, meets.
    pub(super) fn at(&self, index: usize) -> Option<Target> {
        match self.0.get(index) {
            Some(Met::One(target)) => Some(*target),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_that_meets_several_types_is_not_checked() {
        let target = |kind, usage| Target { kind, usage };
        let mut targets = Targets::default();
        for (number, kind) in [
            (1, Type::Text),
            (1, Type::BigInt),
            (2, Type::SmallInt),
            (2, Type::BigInt),
            (4, Type::Uuid),
            (4, Type::Uuid),
        ] {
            targets.note(number, target(kind, Use::Stored));
        }
        assert_eq!(targets.at(0), None);
        assert_eq!(targets.at(1), Some(target(Type::BigInt, Use::Compared)));
        assert_eq!(targets.at(2), None);
        assert_eq!(targets.at(3), Some(target(Type::Uuid, Use::Stored)));
        assert_eq!(targets.at(9), None);
    }
}
