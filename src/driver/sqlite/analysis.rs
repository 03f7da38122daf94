//! What the driver has to know of a statement before SQLite sees it, read from its text once.

use super::booleans::Booleans;
use super::casts;
use super::checked_casts;
use super::error::SqliteError;
use super::lexer::{self, Kind, Token};
use crate::driver::session_state::changes_session;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// What the text of one statement says.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    /// The text for SQLite: each `$1` is `?1`, whose place SQLite does not have to look up by name,
    /// and CASTs are checked.
    pub(super) sql: String,
    /// Whether there is nothing to run: white space and comments only.
    pub(super) is_empty: bool,
    /// What kind of statement it is.
    pub(super) verb: Verb,
    /// The columns of the result that are boolean by their expression.
    pub(super) booleans: Booleans,
    /// Whether something of it may outlive its transaction.
    pub(super) changes_session: bool,
    /// Whether tables, their columns or their names may be others after it.
    pub(super) changes_schema: bool,
    /// What the text for SQLite has more than the one that was written, by its place in that.
    inserted: BTreeMap<usize, String>,
}

impl Analysis {
    /// The error of preparing the text for SQLite, with the place in the text that was written.
    pub(super) fn explain(&self, mut error: rusqlite::Error) -> SqliteError {
        if let rusqlite::Error::SqlInputError { offset, .. } = &mut error
            && let Ok(place) = usize::try_from(*offset)
        {
            let mut more = 0;
            for (at, piece) in &self.inserted {
                if at + more + piece.len() <= place {
                    more += piece.len();
                }
            }
            *offset -= i32::try_from(more).unwrap_or(0);
        }
        error.into()
    }
}

/// The kinds of statement that the driver treats differently.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) enum Verb {
    /// SELECT, VALUES, and WITH before them: may run on the caller's thread.
    Select,
    /// INSERT or REPLACE into this table; `upsert` with ON CONFLICT DO UPDATE.
    Insert {
        /// The table, as written, without quotes and schema.
        table: String,
        /// Whether a conflict updates a row, in which case no row may have been inserted.
        upsert: bool,
    },
    /// UPDATE or DELETE.
    Change,
    /// Anything else.
    #[default]
    Other,
}

/// Reads the text of a prepared statement.
///
/// CASTs that are `indexed` stay as they are.
///
/// # Errors
/// Where the text has parameters or casts that mean something else on SQLite than on PostgreSQL.
pub(super) fn analyse(sql: &str, indexed: &BTreeSet<String>) -> Result<Analysis, SqliteError> {
    let tokens = lexer::tokens(sql);
    let mut analysis = describe_tokens(sql, &tokens);
    let inserted = if analysis.verb == Verb::Other {
        BTreeMap::new()
    } else {
        checked_casts::insertions(&tokens, indexed)
    };
    analysis.sql = for_sqlite(sql, &tokens, &inserted)?;
    analysis.inserted = inserted;
    casts::refuse_numeric(&tokens)?;
    Ok(analysis)
}

/// Reads the text of a statement that has no arguments and runs as it stands.
pub(super) fn describe(sql: &str) -> Analysis {
    describe_tokens(sql, &lexer::tokens(sql))
}

/// What transaction a text without arguments needs around it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Wrap {
    /// None: it is one statement, or has one that begins or ends transactions or can't be in one.
    No,
    /// Several statements, all of which read.
    Reading,
    /// Several statements.
    Writing,
}

/// Whether the text is several statements that have to succeed or fail as one.
pub(super) fn wrap(sql: &str) -> Wrap {
    const ALONE: [&str; 10] = [
        "BEGIN",
        "COMMIT",
        "END",
        "ROLLBACK",
        "SAVEPOINT",
        "RELEASE",
        "PRAGMA",
        "VACUUM",
        "ATTACH",
        "DETACH",
    ];
    let tokens = lexer::tokens(sql);
    let statements = lexer::statements(&tokens);
    let alone = |statement: &&[Token<'_>]| ALONE.iter().any(|word| statement[0].is(word));
    if statements.len() < 2 || statements.iter().any(alone) {
        Wrap::No
    } else if statements
        .iter()
        .all(|statement| verb(statement) == Verb::Select)
    {
        Wrap::Reading
    } else {
        Wrap::Writing
    }
}

/// Whether the statement ends the transaction: not ROLLBACK TO a savepoint.
pub(super) fn ends_transaction(sql: &str) -> bool {
    let Some(first) = lexer::next(sql, 0) else {
        return false;
    };
    let ends = first.is("COMMIT") || first.is("END");
    ends || (first.is("ROLLBACK") && lexer::tokens(sql).iter().all(|token| !token.is("TO")))
}

/// Whether the text is a ROLLBACK, the one statement that a failed transaction takes.
pub(super) fn rolls_back(sql: &str) -> bool {
    lexer::next(sql, 0).is_some_and(|token| token.is("ROLLBACK"))
}

fn describe_tokens(sql: &str, tokens: &[Token<'_>]) -> Analysis {
    Analysis {
        sql: sql.to_owned(),
        is_empty: tokens.iter().all(|token| token.is_symbol(";")),
        verb: verb(tokens),
        booleans: Booleans::find(tokens, main_verb(tokens)),
        changes_session: changes_session(sql),
        inserted: BTreeMap::new(),
        changes_schema: tokens.first().is_some_and(|first| {
            ["CREATE", "ALTER", "DROP", "ATTACH", "DETACH", "ROLLBACK"]
                .iter()
                .any(|word| first.is(word))
        }),
    }
}

fn for_sqlite(
    sql: &str,
    tokens: &[Token<'_>],
    inserted: &BTreeMap<usize, String>,
) -> Result<String, SqliteError> {
    let mut text = String::with_capacity(sql.len());
    let (mut copied, mut dollars, mut marks) = (0, false, false);
    for token in tokens {
        if let Some(piece) = inserted.get(&token.start) {
            text.push_str(&sql[copied..token.start]);
            text.push_str(piece);
            copied = token.start;
        }
        if token.kind == Kind::DoubleColon {
            return Err(SqliteError::refused(
                "`::` does not cast on SQLite: write CAST(value AS type)".to_owned(),
            ));
        }
        if token.kind != Kind::Parameter {
            continue;
        }
        let name = token.text;
        let numbered = name[1..].bytes().all(|byte| byte.is_ascii_digit());
        if !numbered {
            return Err(SqliteError::refused(format!(
                "the parameter {name} is not portable: write $1, $2 and so on"
            )));
        }
        if let Some(number) = name.strip_prefix('$') {
            dollars = true;
            text.push_str(&sql[copied..token.start]);
            let _ = write!(text, "?{number}");
            copied = token.start + name.len();
        } else {
            marks = true;
        }
    }
    if dollars && marks {
        return Err(SqliteError::refused(
            "the statement has both ? and $1 parameters: write $1, $2 and so on throughout"
                .to_owned(),
        ));
    }
    text.push_str(&sql[copied..]);
    Ok(text)
}

/// The position of the keyword that says what the statement does, behind any WITH.
pub(super) fn main_verb(tokens: &[Token<'_>]) -> Option<usize> {
    if !tokens.first()?.is("WITH") {
        return Some(0);
    }
    lexer::outside_parentheses(tokens).find(|at| {
        ["SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"]
            .iter()
            .any(|word| tokens[*at].is(word))
    })
}

fn verb(tokens: &[Token<'_>]) -> Verb {
    let Some(at) = main_verb(tokens) else {
        return Verb::Other;
    };
    let first = tokens[at..].first();
    let is = |word: &str| first.is_some_and(|token| token.is(word));
    if is("SELECT") || is("VALUES") {
        Verb::Select
    } else if is("UPDATE") || is("DELETE") {
        Verb::Change
    } else if is("INSERT") || is("REPLACE") {
        let into = tokens.iter().skip(at).position(|token| token.is("INTO"));
        let mut name = into.map_or(at, |offset| at + offset + 1);
        if tokens
            .get(name + 1)
            .is_some_and(|token| token.is_symbol("."))
        {
            name += 2;
        }
        let upsert = tokens[at..]
            .windows(2)
            .any(|pair| pair[0].is("DO") && pair[1].is("UPDATE"));
        let table = tokens.get(name).map(unquoted).unwrap_or_default();
        Verb::Insert { table, upsert }
    } else {
        Verb::Other
    }
}

/// A name without its quotes.
pub(super) fn unquoted(token: &Token<'_>) -> String {
    if token.kind == Kind::Quoted && token.text.len() >= 2 {
        let quote = &token.text[..1];
        token.text[1..token.text.len() - 1].replace(&quote.repeat(2), quote)
    } else {
        token.text.to_owned()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn analyse(sql: &str) -> Result<Analysis, SqliteError> {
        super::analyse(sql, &BTreeSet::new())
    }

    #[test]
    fn dollar_parameters_become_numbered_ones() {
        let sql = "SELECT $2, '$1', \"$3\", $1 /* $9 */ FROM t WHERE a = $2";
        let expected = "SELECT ?2, '$1', \"$3\", ?1 /* $9 */ FROM t WHERE a = ?2";
        assert_eq!(analyse(sql).unwrap().sql, expected);
        assert_eq!(analyse("SELECT ?, ?").unwrap().sql, "SELECT ?, ?");
    }

    #[test]
    fn what_means_something_else_on_sqlite_is_refused() {
        for sql in [
            "SELECT $1::timestamptz",
            "SELECT a::text FROM t",
            "SELECT :name",
            "SELECT $1, ?",
            "SELECT CAST($1 AS NUMERIC)",
            "SELECT 1 WHERE CAST(a AS DATE) = b",
            "SELECT CAST((SELECT CAST(1 AS TEXT) AS x) AS UUID)",
            "SELECT CAST(a AS decimal(10,2))",
            "SELECT CAST(a AS INTERVAL)",
        ] {
            assert!(analyse(sql).is_err(), "{sql}");
        }
        for sql in [
            "SELECT CAST(a AS TEXT), CAST(b AS DOUBLE PRECISION), CAST(c AS VARCHAR(3))",
            "SELECT CAST(a AS BIGINT)",
            "SELECT '::', \"CAST(a AS DATE)\"",
        ] {
            assert!(analyse(sql).is_ok(), "{sql}");
        }
    }

    #[test]
    fn the_verb_is_found_behind_with() {
        let verb = |sql: &str| analyse(sql).unwrap().verb;
        assert_eq!(verb("with a as (select 1) select * from a"), Verb::Select);
        assert_eq!(verb("WITH a AS (SELECT 1) DELETE FROM t"), Verb::Change);
        assert_eq!(verb("CREATE TABLE t(a)"), Verb::Other);
        assert_eq!(
            verb("INSERT OR IGNORE INTO main.\"my \"\"table\"(a) VALUES (1)"),
            Verb::Insert {
                table: "my \"table".to_owned(),
                upsert: false
            }
        );
        assert_eq!(
            verb("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1"),
            Verb::Insert {
                table: "t".to_owned(),
                upsert: true
            }
        );
        assert!(analyse(" -- nothing").unwrap().is_empty);
    }

    #[test]
    fn several_statements_run_as_one_unless_one_of_them_cannot() {
        assert_eq!(
            wrap("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)"),
            Wrap::Writing
        );
        assert_eq!(
            wrap("SELECT 1; WITH a AS (SELECT 1) SELECT * FROM a;"),
            Wrap::Reading
        );
        assert_eq!(wrap("INSERT INTO a VALUES (1);"), Wrap::No);
        assert_eq!(wrap("PRAGMA foreign_keys = OFF; DELETE FROM a"), Wrap::No);
        assert_eq!(wrap("begin; DELETE FROM a; commit"), Wrap::No);
        let trigger = "CREATE TRIGGER t AFTER INSERT ON a BEGIN DELETE FROM b; END";
        assert_eq!(wrap(&format!("{trigger}; DELETE FROM c")), Wrap::Writing);
        assert_eq!(wrap(trigger), Wrap::No);
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(
            words in proptest::collection::vec(
                "SELECT|WITH|CAST|\\(|\\)|AS|BOOLEAN|,|;|\\*|INSERT|INTO|\\.|\"a\"|\\$1|\\?|NOT|EXISTS|x|RETURNING|DO|UPDATE", 0..12)
        ) {
            let sql = words.join(" ");
            let _ = analyse(&sql);
            let _ = wrap(&sql);
        }
    }
}
