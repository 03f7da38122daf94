//! The constraints in a table's CREATE TABLE, with their names.

use super::analysis::unquoted;
use super::lexer::{self, Kind, Token};
use crate::driver::constraint_name::default_name;

/// A constraint as its table declares it.
#[derive(Debug, Eq, PartialEq)]
pub(crate) struct Constraint {
    pub(crate) rule: Rule,
    /// Its name, or the one that PostgreSQL would give it.
    pub(crate) name: String,
    /// Its columns; of a CHECK those that it names.
    pub(crate) columns: Vec<String>,
    /// What a CHECK says; empty for the others.
    pub(crate) condition: String,
    /// Whether a foreign key is not looked at before COMMIT.
    pub(crate) deferred: bool,
    /// What a UNIQUE or a primary key does about a row that breaks it, where that is not `ABORT`.
    pub(crate) on_conflict: Option<String>,
}

/// What a constraint demands.
#[derive(Debug, Eq, PartialEq)]
pub(crate) enum Rule {
    PrimaryKey,
    Unique,
    /// The table that the key refers to.
    ForeignKey(String),
    /// What SQLite calls the CHECK in its message: its name, or its text.
    Check(String),
}

/// The constraints of `table` that its `CREATE TABLE` text declares, in their order.
pub(crate) fn declared(table: &str, sql: &str) -> Vec<Constraint> {
    let tokens = lexer::tokens(sql);
    let elements = elements(&tokens);
    let columns: Vec<String> = elements
        .iter()
        .filter(|element| !is_table_constraint(element))
        .filter_map(|element| element.first().map(unquoted))
        .collect();
    let mut reader = Reader {
        sql,
        table,
        columns: &columns,
        found: Vec::new(),
        given: None,
    };
    for element in elements {
        reader.read(element);
    }
    reader.found
}

/// The columns and the constraints of a CREATE TABLE.
pub(super) fn elements<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    let Some(open) = tokens.iter().position(|token| token.is_symbol("(")) else {
        return Vec::new();
    };
    let end = lexer::closing(tokens, open).unwrap_or(tokens.len());
    split(&tokens[open + 1..end]).collect()
}

/// The parts of `tokens` between the commas that stand in no parentheses.
pub(super) fn split<'t, 'a>(tokens: &'t [Token<'a>]) -> impl Iterator<Item = &'t [Token<'a>]> {
    let mut start = 0;
    let mut commas: Vec<usize> = lexer::outside_parentheses(tokens)
        .filter(|at| tokens[*at].is_symbol(","))
        .collect();
    commas.push(tokens.len());
    commas.into_iter().map(move |comma| {
        let part = &tokens[start..comma];
        start = comma + 1;
        part
    })
}

pub(super) fn is_table_constraint(element: &[Token<'_>]) -> bool {
    const WORDS: [&str; 5] = ["CONSTRAINT", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN"];
    element
        .first()
        .is_some_and(|first| WORDS.iter().any(|word| first.is(word)))
}

/// What ON CONFLICT says at `at`, perhaps behind a direction, where that is not what SQLite does anyway.
pub(super) fn on_conflict(element: &[Token<'_>], at: usize) -> Option<String> {
    let mut rest = element.get(at..)?;
    if let [direction, behind @ ..] = rest
        && (direction.is("ASC") || direction.is("DESC"))
    {
        rest = behind;
    }
    match rest {
        [on, conflict, action, ..] if on.is("ON") && conflict.is("CONFLICT") => {
            Some(unquoted(action).to_ascii_uppercase()).filter(|action| action != "ABORT")
        }
        _ => None,
    }
}

struct Reader<'a> {
    sql: &'a str,
    table: &'a str,
    columns: &'a [String],
    found: Vec<Constraint>,
    /// The name that SQLite gives to a CHECK without one: the last given in the same column, and for
    /// the table's first constraint in the last column.
    given: Option<String>,
}

impl Reader<'_> {
    /// Reads a column's definition or a constraint of the table.
    fn read(&mut self, element: &[Token<'_>]) {
        let for_table = is_table_constraint(element);
        let own: Vec<String> = if for_table {
            Vec::new()
        } else {
            self.given = None;
            element.first().map(unquoted).into_iter().collect()
        };
        let mut name = None;
        let mut foreign = None;
        let mut at = own.len();
        while let Some(token) = element.get(at) {
            let group = self.group(element, at + 1);
            if token.is_symbol("(") {
                at = lexer::closing(element, at).unwrap_or(at);
            } else if token.is("CONSTRAINT") {
                name = element.get(at + 1).map(unquoted);
                self.given.clone_from(&name);
                at += 1;
            } else if token.is("UNIQUE") {
                let columns = group.unwrap_or_else(|| own.clone());
                self.add(Rule::Unique, name.take(), columns);
                self.note_conflict(element, at + 1);
            } else if token.is("PRIMARY") {
                let columns = self.group(element, at + 2).unwrap_or_else(|| own.clone());
                self.add(Rule::PrimaryKey, name.take(), columns);
                self.note_conflict(element, at + 2);
            } else if token.is("CHECK") {
                self.check(element, at + 1, name.take());
            } else if token.is("FOREIGN") {
                foreign = self.group(element, at + 2);
            } else if token.is("REFERENCES") {
                let parent = element.get(at + 1).map(unquoted).unwrap_or_default();
                let columns = foreign.take().unwrap_or_else(|| own.clone());
                self.add(Rule::ForeignKey(parent), name.take(), columns);
                at += 1;
            } else if token.is("DEFERRABLE") {
                self.defer(element, at);
            } else if ["NOT", "NULL", "DEFAULT", "COLLATE", "GENERATED", "AS"]
                .iter()
                .any(|word| token.is(word))
            {
                name = None;
            }
            at += 1;
        }
        if for_table {
            self.given = None;
        }
    }

    /// The names in the parentheses that open at `at`.
    fn group(&self, element: &[Token<'_>], at: usize) -> Option<Vec<String>> {
        element.get(at).filter(|token| token.is_symbol("("))?;
        let end = lexer::closing(element, at)?;
        let first = |part: &[Token<'_>]| part.first().map(unquoted);
        let names: Vec<String> = split(&element[at + 1..end]).filter_map(first).collect();
        // As the columns are declared: `UNIQUE (Name)` may mean `name`.
        let declared = |name: String| {
            let same = |column: &&String| column.eq_ignore_ascii_case(&name);
            self.columns.iter().find(same).cloned().unwrap_or(name)
        };
        Some(names.into_iter().map(declared).collect())
    }

    /// Takes note of the DEFERRABLE at `at`: it is for the table's last foreign key, whatever stands between.
    fn defer(&mut self, element: &[Token<'_>], at: usize) {
        let is = |at: usize, word| element.get(at).is_some_and(|token| token.is(word));
        let mut found = self.found.iter_mut().rev();
        if let Some(key) = found.find(|other| matches!(other.rule, Rule::ForeignKey(_))) {
            key.deferred = !is(at - 1, "NOT") && is(at + 1, "INITIALLY") && is(at + 2, "DEFERRED");
        }
    }

    /// Takes note of the ON CONFLICT that stands at `at`, perhaps behind columns and a direction.
    fn note_conflict(&mut self, element: &[Token<'_>], mut at: usize) {
        if element.get(at).is_some_and(|token| token.is_symbol("(")) {
            at = lexer::closing(element, at).map_or(at, |end| end + 1);
        }
        if let Some(key) = self.found.last_mut() {
            key.on_conflict = on_conflict(element, at);
        }
    }

    fn check(&mut self, element: &[Token<'_>], open: usize, name: Option<String>) {
        let Some(end) = lexer::closing(element, open) else {
            return;
        };
        let inside = &element[open + 1..end];
        let text = self.sql[element[open].start + 1..element[end].start].trim();
        let named = inside
            .iter()
            .filter(|token| matches!(token.kind, Kind::Word | Kind::Quoted));
        let mut columns = Vec::new();
        for token in named {
            let word = unquoted(token);
            let column = self.columns.iter().find(|c| c.eq_ignore_ascii_case(&word));
            if let Some(column) = column.filter(|column| !columns.contains(*column)) {
                columns.push(column.clone());
            }
        }
        // SQLite takes the quotes of a text that begins with a quoted name for quotes of the whole.
        let message = match (&self.given, inside.first()) {
            (Some(given), _) => given.clone(),
            (None, Some(first)) if first.kind == Kind::Quoted => unquoted(first),
            _ => text.to_owned(),
        };
        self.add(Rule::Check(message), name, columns);
        if let Some(check) = self.found.last_mut() {
            text.clone_into(&mut check.condition);
        }
    }

    fn add(&mut self, rule: Rule, name: Option<String>, columns: Vec<String>) {
        let name = name.unwrap_or_else(|| self.free_name(&rule, &columns));
        self.found.push(Constraint {
            rule,
            name,
            columns,
            condition: String::new(),
            deferred: false,
            on_conflict: None,
        });
    }

    /// PostgreSQL's name, with a number where an earlier constraint has it.
    fn free_name(&self, rule: &Rule, columns: &[String]) -> String {
        let (label, columns) = match rule {
            Rule::PrimaryKey => ("pkey", &[][..]),
            Rule::Unique => ("key", columns),
            Rule::ForeignKey(_) => ("fkey", columns),
            // Of several columns PostgreSQL names none.
            Rule::Check(_) if columns.len() == 1 => ("check", columns),
            Rule::Check(_) => ("check", &[][..]),
        };
        let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
        let mut name = default_name(self.table, &columns, label);
        let mut number = 0;
        while self.found.iter().any(|other| other.name == name) {
            number += 1;
            name = default_name(self.table, &columns, &format!("{label}{number}"));
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(sql: &str) -> Vec<String> {
        let found = declared("t", sql);
        found.into_iter().map(|found| found.name).collect()
    }

    #[test]
    fn named_and_unnamed_constraints_have_postgresqls_names() {
        let sql = "CREATE TABLE t (id INT PRIMARY KEY, a TEXT NOT NULL UNIQUE CHECK (a <> ','), \
                   b INT CONSTRAINT b_there NOT NULL CONSTRAINT b_up REFERENCES p (id) ON DELETE SET NULL, \
                   c NUMERIC(9,2) DEFAULT (1 + 2) CHECK (c > 0) CHECK (C < 9), \
                   UNIQUE (a, b), CONSTRAINT same UNIQUE (\"c\"), CHECK (b < c), \
                   FOREIGN KEY (a, b) REFERENCES q (x, y))";
        assert_eq!(
            names(sql),
            [
                "t_pkey",
                "t_a_key",
                "t_a_check",
                "b_up",
                "t_c_check",
                "t_c_check1",
                "t_a_b_key",
                "same",
                "t_check",
                "t_a_b_fkey"
            ]
        );
    }

    #[test]
    fn a_check_is_known_by_sqlites_own_words() {
        let found = declared(
            "t",
            "CREATE TABLE t (a INT CHECK ( a  > 0 ), b CHECK (\"b\" > 1))",
        );
        let rules: Vec<_> = found.into_iter().map(|found| found.rule).collect();
        let check = |text: &str| Rule::Check(text.to_owned());
        assert_eq!(rules, [check("a  > 0"), check("b")]);
    }

    #[test]
    fn a_check_without_a_name_is_called_by_the_name_before_it() {
        let sql = "CREATE TABLE t (a INT CONSTRAINT x NOT NULL CHECK (a > 1), \
                   b INT CONSTRAINT y NULL, CHECK (a > b), CHECK (a < 9))";
        let found = declared("t", sql);
        let check = |text: &str| Rule::Check(text.to_owned());
        let seen: Vec<_> = found.into_iter().map(|c| (c.rule, c.name)).collect();
        assert_eq!(
            seen,
            [
                (check("x"), "t_a_check".to_owned()),
                (check("y"), "t_check".to_owned()),
                (check("a < 9"), "t_a_check1".to_owned())
            ]
        );
    }

    #[test]
    fn conditions_and_deferred_keys_are_told() {
        let found = declared(
            "t",
            "CREATE TABLE t (a INT CONSTRAINT x NOT NULL CHECK ( a > (1) ) REFERENCES p DEFERRABLE INITIALLY DEFERRED, \
             b INT REFERENCES p (id) DEFERRABLE)",
        );
        let seen = found.iter().map(|c| (&c.condition[..], c.deferred));
        assert_eq!(
            seen.collect::<Vec<_>>(),
            [("a > (1)", false), ("", true), ("", false)]
        );
    }

    #[test]
    fn a_deferral_is_for_the_last_foreign_key_of_the_table() {
        for (columns, expected) in [
            (
                "a REFERENCES p, b UNIQUE DEFERRABLE INITIALLY DEFERRED",
                true,
            ),
            ("a REFERENCES p UNIQUE DEFERRABLE INITIALLY DEFERRED", true),
            ("a REFERENCES p NOT DEFERRABLE INITIALLY DEFERRED", false),
            (
                "a REFERENCES p DEFERRABLE INITIALLY DEFERRED NOT DEFERRABLE",
                false,
            ),
            ("a UNIQUE DEFERRABLE INITIALLY DEFERRED REFERENCES p", false),
        ] {
            let found = declared("t", &format!("CREATE TABLE t ({columns})"));
            for constraint in found {
                let is_key = matches!(constraint.rule, Rule::ForeignKey(_));
                assert_eq!(constraint.deferred, expected && is_key, "{columns}");
            }
        }
    }

    #[test]
    fn what_a_broken_key_does_is_told_where_it_is_not_usual() {
        let found = declared(
            "t",
            "CREATE TABLE t (a INT PRIMARY KEY DESC ON CONFLICT ignore, \
             b INT NOT NULL ON CONFLICT REPLACE UNIQUE ON CONFLICT ABORT UNIQUE NOT NULL ON CONFLICT FAIL, \
             UNIQUE (a, b) ON CONFLICT REPLACE)",
        );
        let seen = found.iter().map(|c| c.on_conflict.as_deref());
        assert_eq!(
            seen.collect::<Vec<_>>(),
            [Some("IGNORE"), None, None, Some("REPLACE")]
        );
    }

    #[test]
    fn what_is_no_table_has_no_constraints() {
        assert_eq!(declared("t", "CREATE VIRTUAL TABLE t USING fts5"), []);
        assert_eq!(declared("t", ""), []);
    }
}
