//! What the stored text of a table or of an index says, and no pragma tells.

use super::analysis::unquoted;
use super::constraints::{elements, is_table_constraint, on_conflict, split};
use super::lexer::{self, Kind, Token};

/// What a column's definition says beyond what `table_xinfo` has.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct ColumnDefinition {
    pub(crate) name: String,
    pub(crate) collation: Option<String>,
    /// The expression of a generated column.
    pub(crate) generated: Option<String>,
    /// What is done about a NULL that NOT NULL forbids, where that is not `ABORT`.
    pub(crate) on_null: Option<String>,
}

/// What an index is over.
#[derive(Debug, Default, Eq, PartialEq)]
pub(crate) struct IndexDefinition {
    /// Its columns and expressions, without collation and direction.
    pub(crate) parts: Vec<String>,
    /// Which rows a partial index has.
    pub(crate) predicate: Option<String>,
}

/// The columns of a `CREATE TABLE` text, in their order.
pub(crate) fn columns(sql: &str) -> Vec<ColumnDefinition> {
    let tokens = lexer::tokens(sql);
    elements(&tokens)
        .into_iter()
        .filter(|element| !is_table_constraint(element))
        .filter_map(|element| column(sql, element))
        .collect()
}

fn column(sql: &str, element: &[Token<'_>]) -> Option<ColumnDefinition> {
    let mut found = ColumnDefinition {
        name: element.first().map(unquoted)?,
        ..ColumnDefinition::default()
    };
    for at in lexer::outside_parentheses(element).skip(1) {
        if element[at].is("COLLATE") {
            found.collation = element.get(at + 1).map(unquoted);
        } else if element[at].is("NULL") && element[at - 1].is("NOT") {
            found.on_null = on_conflict(element, at + 1);
        } else if element[at].is("AS")
            && let Some(end) = lexer::closing(element, at + 1)
        {
            found.generated = text(sql, &element[at + 2..end]);
        }
    }
    Some(found)
}

/// The parts and the predicate of a `CREATE INDEX` text.
pub(crate) fn index(sql: &str) -> IndexDefinition {
    let tokens = lexer::tokens(sql);
    let on = tokens.iter().position(|token| token.is("ON"));
    let open = on.and_then(|on| {
        let after = tokens[on..].iter().position(|token| token.is_symbol("("))?;
        Some(on + after)
    });
    let Some((open, end)) = open.and_then(|open| Some((open, lexer::closing(&tokens, open)?)))
    else {
        return IndexDefinition::default();
    };
    let parts = split(&tokens[open + 1..end]).filter_map(|part| text(sql, undirected(part)));
    let predicate = tokens[end + 1..]
        .split_first()
        .filter(|(word, _)| word.is("WHERE"))
        .and_then(|(_, rest)| text(sql, rest));
    IndexDefinition {
        parts: parts.collect(),
        predicate,
    }
}

/// A part of an index without its collation and direction.
fn undirected<'t, 'a>(mut part: &'t [Token<'a>]) -> &'t [Token<'a>] {
    loop {
        part = match part {
            [rest @ .., last] if last.is("ASC") || last.is("DESC") => rest,
            [rest @ .., collate, _] if collate.is("COLLATE") => rest,
            _ => return part,
        };
    }
}

fn text(sql: &str, tokens: &[Token<'_>]) -> Option<String> {
    let (first, last) = (tokens.first()?, tokens.last()?);
    Some(sql[first.start..last.start + last.text.len()].to_owned())
}

/// An expression with the quotes that every engine reads: `"name"` for `[name]` and `` `name` ``, `=` for
/// `==`.
pub(crate) fn standard(sql: &str) -> String {
    let mut written = String::with_capacity(sql.len());
    let mut copied = 0;
    let tokens = lexer::tokens(sql);
    for (at, token) in tokens.iter().enumerate() {
        let doubled = token.is_symbol("=")
            && at > 0
            && tokens[at - 1].is_symbol("=")
            && tokens[at - 1].start + 1 == token.start;
        let other = if token.kind == Kind::Quoted {
            format!("\"{}\"", unquoted(token).replace('"', "\"\""))
        } else if doubled {
            String::new()
        } else {
            continue;
        };
        written.push_str(&sql[copied..token.start]);
        written.push_str(&other);
        copied = token.start + token.text.len();
    }
    written.push_str(&sql[copied..]);
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn collations_and_computed_columns_are_told() {
        let sql = "CREATE TABLE t (a TEXT COLLATE NOCASE CHECK (a COLLATE BINARY <> ''), \
                   \"b c\" INT GENERATED ALWAYS AS (length(a) + 1) STORED, d, CHECK (d > 0))";
        let seen: Vec<_> = columns(sql)
            .into_iter()
            .map(|c| (c.name, c.collation, c.generated))
            .collect();
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(
            seen,
            [
                ("a".to_owned(), text("NOCASE"), None),
                ("b c".to_owned(), None, text("length(a) + 1")),
                ("d".to_owned(), None, None)
            ]
        );
    }

    #[test]
    fn what_is_done_about_a_null_is_told_where_it_is_not_usual() {
        let sql = "CREATE TABLE t (a INT NOT NULL ON CONFLICT Replace UNIQUE, b INT NOT NULL ON CONFLICT ABORT, \
                   c INT NOT NULL UNIQUE ON CONFLICT IGNORE, d INT NULL ON CONFLICT FAIL)";
        let seen: Vec<_> = columns(sql).into_iter().map(|c| c.on_null).collect();
        assert_eq!(seen, [Some("REPLACE".to_owned()), None, None, None]);
    }

    #[test]
    fn the_parts_of_an_index_stand_without_their_direction() {
        let found = index(
            "CREATE UNIQUE INDEX IF NOT EXISTS [i (x)] ON t (a DESC, lower(b) COLLATE NOCASE ASC, \"c,d\") WHERE a > 0 -- so",
        );
        assert_eq!(found.parts, ["a", "lower(b)", "\"c,d\""]);
        assert_eq!(found.predicate.as_deref(), Some("a > 0"));
        assert_eq!(index("CREATE INDEX i"), IndexDefinition::default());
    }

    #[test]
    fn quotes_are_written_as_the_standard_has_them() {
        assert_eq!(
            standard("[a b] == `c` AND \"d\"\"\" = '[e]'"),
            "\"a b\" = \"c\" AND \"d\"\"\" = '[e]'"
        );
    }
}
