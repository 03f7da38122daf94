//! A column's definition, and the constraints of columns and tables that both engines honour alike.

use std::ops::Range;

use super::column_type::ColumnType;
use super::default::ColumnDefault;
use super::error::{Position, TranslateError};
use super::reader::{Name, Reader};

/// A column as a migration defines it.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// Its name, without quotes.
    pub(super) name: String,
    /// Its type.
    pub(super) kind: ColumnType,
    /// The type's bytes in the source.
    pub(super) type_span: Range<usize>,
    /// Where the definition begins.
    pub(super) position: Position,
    /// What else it says.
    pub(super) rules: Vec<Rule>,
    /// Its default.
    pub(super) default: Option<ColumnDefault>,
}

/// What a column says beside its type and its default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rule {
    /// NOT NULL.
    NotNull,
    /// It is the primary key, or a part of it.
    PrimaryKey,
    /// It is unique, alone or with others.
    Unique,
    /// It is a foreign key by itself.
    References,
    /// A CHECK without a name follows, which SQLite would give the name of the CHECK before it.
    EndsName,
}

impl Column {
    /// Whether it says so.
    pub(super) fn has(&self, rule: Rule) -> bool {
        self.rules.contains(&rule)
    }

    /// Reads the definition that `reader` is over, to its end.
    pub(super) fn read(mut reader: Reader<'_, '_>) -> Result<Self, TranslateError> {
        let position = reader.position();
        let name = reader.name("the name of a column")?;
        let before_type = reader.clone();
        let kind = ColumnType::read(&mut reader)?;
        let type_start = before_type.peek().map_or(0, |token| token.start);
        let type_length = reader.source(&before_type).len();
        let mut column = Self {
            name: name.folded().into_owned(),
            kind,
            type_span: type_start..type_start + type_length,
            position,
            rules: Vec::new(),
            default: None,
        };
        while !reader.is_done() {
            column.read_constraint(&mut reader)?;
        }
        Ok(column)
    }

    fn read_constraint(&mut self, reader: &mut Reader<'_, '_>) -> Result<(), TranslateError> {
        let named = reader.take_words(&["CONSTRAINT"]);
        if named {
            reader.name("the name of the constraint")?;
        }
        if reader.take_words(&["NOT", "NULL"]) {
            self.rules.push(Rule::NotNull);
        } else if reader.take_words(&["NULL"]) {
        } else if reader.take_words(&["PRIMARY", "KEY"]) {
            self.rules.push(Rule::PrimaryKey);
            plain_key(reader)?;
        } else if reader.take_words(&["UNIQUE"]) {
            self.rules.push(Rule::Unique);
            plain_key(reader)?;
        } else if reader.take_words(&["CHECK"]) {
            check(reader)?;
            if !named {
                self.rules.push(Rule::EndsName);
            }
        } else if self.default.is_none() && reader.take_words(&["DEFAULT"]) {
            self.default = Some(ColumnDefault::read(reader, self.kind)?);
        } else if reader.at_word(&["REFERENCES"]) {
            self.rules.push(Rule::References);
            references(reader)?;
        } else if reader.at_word(&["COLLATE"]) {
            return Err(reader.not_portable(
                "COLLATE",
                "text compares byte by byte on both engines; for another order write a variant of the migration for each engine",
            ));
        } else if reader.at_word(&["GENERATED", "AUTOINCREMENT", "AS"]) {
            return Err(reader.not_portable(
                "a generated column",
                "let the application make keys, with UUID PRIMARY KEY and Uuid::now_v7(), or write a variant of the migration for each engine",
            ));
        } else {
            return Err(reader
                .unexpected("NOT NULL, NULL, DEFAULT, PRIMARY KEY, UNIQUE, CHECK or REFERENCES"));
        }
        Ok(())
    }
}

/// A constraint of the whole table.
#[derive(Debug)]
pub(super) enum TableConstraint<'a> {
    /// The columns of the primary key.
    PrimaryKey(Vec<Name<'a>>),
    /// Columns that are unique together.
    Unique(Vec<Name<'a>>),
    /// A CHECK without a name.
    UnnamedCheck,
    /// Another CHECK, or FOREIGN KEY.
    Other,
}

impl<'a> TableConstraint<'a> {
    /// Reads the constraint that `reader` is over, to its end; `None` where it is a column.
    pub(super) fn read(mut reader: Reader<'_, 'a>) -> Result<Option<Self>, TranslateError> {
        const BEGINNINGS: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
        if reader.at_word(&["LIKE", "EXCLUDE"]) {
            let mut next = reader.clone();
            next.next();
            let is_column = ColumnType::read(&mut next).is_ok();
            return if is_column {
                Ok(None)
            } else {
                Err(reader.not_portable(
                    "this",
                    "write each column, or a variant of the migration for each engine",
                ))
            };
        }
        if !reader.at_word(&BEGINNINGS) {
            return Ok(None);
        }
        let has_name = reader.take_words(&["CONSTRAINT"]);
        if has_name {
            reader.name("the name of the constraint")?;
        }
        let constraint = if reader.take_words(&["PRIMARY", "KEY"]) {
            let names = reader.names()?;
            plain_key(&mut reader)?;
            Self::PrimaryKey(names)
        } else if reader.take_words(&["UNIQUE"]) {
            refuse_nulls_option(&reader)?;
            let names = reader.names()?;
            plain_key(&mut reader)?;
            Self::Unique(names)
        } else if reader.take_words(&["CHECK"]) {
            check(&mut reader)?;
            if has_name {
                Self::Other
            } else {
                Self::UnnamedCheck
            }
        } else if reader.take_words(&["FOREIGN", "KEY"]) {
            reader.names()?;
            references(&mut reader)?;
            Self::Other
        } else {
            return Err(reader.unexpected("PRIMARY KEY, UNIQUE, CHECK or FOREIGN KEY"));
        };
        reader.finish("the end of the constraint")?;
        Ok(Some(constraint))
    }
}

/// What may not follow PRIMARY KEY or UNIQUE.
fn plain_key(reader: &mut Reader<'_, '_>) -> Result<(), TranslateError> {
    refuse_nulls_option(reader)?;
    if reader.at_word(&["DEFERRABLE", "INITIALLY"]) {
        return Err(reader.not_portable(
            "a deferrable key",
            "SQLite checks keys at once, whatever is written: leave it out",
        ));
    }
    reader.take_words(&["NOT", "DEFERRABLE"]);
    for word in [
        "AUTOINCREMENT",
        "ASC",
        "DESC",
        "ON",
        "USING",
        "INCLUDE",
        "WITH",
    ] {
        if reader.at_word(&[word]) {
            return Err(reader.not_portable(
                format!("{word} after a key"),
                "leave it out, or write a variant of the migration for each engine",
            ));
        }
    }
    Ok(())
}

fn refuse_nulls_option(reader: &Reader<'_, '_>) -> Result<(), TranslateError> {
    if reader.at_word(&["NULLS"]) {
        return Err(reader.not_portable(
            "NULLS [NOT] DISTINCT",
            "leave it out: NULLs are distinct on both engines",
        ));
    }
    Ok(())
}

/// What follows CHECK: an expression of the migration's own, which is not looked into.
fn check(reader: &mut Reader<'_, '_>) -> Result<(), TranslateError> {
    reader.parenthesized("the condition in parentheses")?;
    if reader.at_word(&["NO"]) {
        return Err(reader.not_portable("NO INHERIT", "leave it out"));
    }
    Ok(())
}

/// REFERENCES and what belongs to it.
fn references(reader: &mut Reader<'_, '_>) -> Result<(), TranslateError> {
    if !reader.take_words(&["REFERENCES"]) {
        return Err(reader.unexpected("REFERENCES"));
    }
    reader.table_name()?;
    if reader.at_mark("(") {
        reader.names()?;
    }
    loop {
        if reader.at_word(&["MATCH"]) {
            return Err(reader.not_portable("MATCH", "SQLite ignores it: leave it out"));
        }
        let on_change =
            reader.take_words(&["ON", "DELETE"]) || reader.take_words(&["ON", "UPDATE"]);
        if on_change {
            let is_action = reader.take_words(&["NO", "ACTION"])
                || reader.take_words(&["SET", "NULL"])
                || reader.take_words(&["SET", "DEFAULT"])
                || reader.take_words(&["RESTRICT"])
                || reader.take_words(&["CASCADE"]);
            if !is_action {
                return Err(
                    reader.unexpected("NO ACTION, RESTRICT, CASCADE, SET NULL or SET DEFAULT")
                );
            }
            continue;
        }
        let timing = reader.take_words(&["NOT", "DEFERRABLE"])
            || reader.take_words(&["DEFERRABLE"])
            || reader.take_words(&["INITIALLY", "DEFERRED"])
            || reader.take_words(&["INITIALLY", "IMMEDIATE"]);
        if !timing {
            return Ok(());
        }
    }
}
