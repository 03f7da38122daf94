//! What the driver has to know of a statement before SQLite sees it, read from its text once.

use super::error::SqliteError;
use super::lexer::{self, Kind, Token};
use std::fmt::Write as _;

/// What the text of one statement says.
#[derive(Debug, Default)]
pub(super) struct Analysis {
    /// The text for SQLite: each `$1` is `?1`, whose place SQLite does not have to look up by name.
    pub(super) sql: String,
    /// Whether there is nothing to run: white space and comments only.
    pub(super) is_empty: bool,
    /// What kind of statement it is.
    pub(super) verb: Verb,
    /// The columns of the result that are boolean by their expression.
    pub(super) booleans: Booleans,
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

/// Which columns of a result hold 0 and 1 as false and true, though SQLite knows no type for them.
///
/// Positions count from the left up to the first `*` of the list, and from the right behind the
/// last one.
#[derive(Debug, Default)]
pub(super) struct Booleans {
    from_left: Vec<usize>,
    from_right: Vec<usize>,
}

impl Booleans {
    /// Whether the column at `at` of `count` is one of them.
    pub(super) fn contains(&self, at: usize, count: usize) -> bool {
        self.from_left.contains(&at) || self.from_right.contains(&(count - at))
    }
}

/// Reads the text of a prepared statement.
///
/// # Errors
/// Where the text has parameters or casts that mean something else on SQLite than on PostgreSQL.
pub(super) fn analyse(sql: &str) -> Result<Analysis, SqliteError> {
    let tokens = lexer::tokens(sql);
    let mut analysis = describe_tokens(sql, &tokens);
    analysis.sql = with_numbered_parameters(sql, &tokens)?;
    refuse_casts(&tokens)?;
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
        "BEGIN", "COMMIT", "END", "ROLLBACK", "SAVEPOINT", "RELEASE", "PRAGMA", "VACUUM", "ATTACH",
        "DETACH",
    ];
    let tokens = lexer::tokens(sql);
    let statements = lexer::statements(&tokens);
    let alone = |statement: &&[Token<'_>]| ALONE.iter().any(|word| statement[0].is(word));
    if statements.len() < 2 || statements.iter().any(alone) {
        Wrap::No
    } else if statements.iter().all(|statement| verb(statement) == Verb::Select) {
        Wrap::Reading
    } else {
        Wrap::Writing
    }
}

fn describe_tokens(sql: &str, tokens: &[Token<'_>]) -> Analysis {
    Analysis {
        sql: sql.to_owned(),
        is_empty: tokens.iter().all(|token| token.is_symbol(";")),
        verb: verb(tokens),
        booleans: booleans(tokens),
    }
}

fn with_numbered_parameters(sql: &str, tokens: &[Token<'_>]) -> Result<String, SqliteError> {
    let mut text = String::with_capacity(sql.len());
    let (mut copied, mut dollars, mut marks) = (0, false, false);
    for token in tokens {
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

/// Refuses a cast that gives a number on SQLite where it would give the type on PostgreSQL.
///
/// SQLite goes by the letters of the type's name (<https://sqlite.org/datatype3.html>, section
/// 3.1): `CAST('2024-02-29' AS DATE)` is 2024, and `CAST('0.1' AS NUMERIC)` a binary float.
fn refuse_casts(tokens: &[Token<'_>]) -> Result<(), SqliteError> {
    for (at, token) in tokens.iter().enumerate() {
        let Some(name) = token.is("CAST").then(|| cast_target(&tokens[at..])).flatten() else {
            continue;
        };
        let upper = name.to_ascii_uppercase();
        let kept = ["INT", "CHAR", "CLOB", "TEXT", "BLOB", "REAL", "FLOA", "DOUB", "BOOL"];
        if upper == "INTERVAL" || !kept.iter().any(|part| upper.contains(part)) {
            return Err(SqliteError::refused(format!(
                "CAST(… AS {name}) makes a number of the value on SQLite: cast to TEXT, BIGINT, \
                 DOUBLE PRECISION or BOOLEAN, or convert it in the program"
            )));
        }
    }
    Ok(())
}

/// The type's name in `CAST ( … AS name )`, where that is what `tokens` start with.
fn cast_target(tokens: &[Token<'_>]) -> Option<String> {
    if !tokens.get(1)?.is_symbol("(") {
        return None;
    }
    let end = lexer::closing(tokens, 1)?;
    let mut depth = 0_usize;
    let mut name_starts = None;
    for (at, token) in tokens.iter().enumerate().take(end).skip(2) {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && token.is("AS") {
            name_starts = Some(at + 1);
        }
    }
    let name: Vec<&str> = tokens[name_starts?..end]
        .iter()
        .take_while(|token| token.kind == Kind::Word || token.kind == Kind::Quoted)
        .map(|token| token.text)
        .collect();
    Some(name.join(" "))
}

/// The position of the keyword that says what the statement does, behind any WITH.
fn main_verb(tokens: &[Token<'_>]) -> Option<usize> {
    if !tokens.first()?.is("WITH") {
        return Some(0);
    }
    outside_parentheses(tokens).find(|at| {
        ["SELECT", "VALUES", "INSERT", "REPLACE", "UPDATE", "DELETE"]
            .iter()
            .any(|word| tokens[*at].is(word))
    })
}

/// The positions of the tokens that stand in no parentheses.
fn outside_parentheses<'t>(tokens: &'t [Token<'_>]) -> impl Iterator<Item = usize> + 't {
    let mut depth = 0_usize;
    tokens.iter().enumerate().filter_map(move |(at, token)| {
        if token.is_symbol("(") {
            depth += 1;
        } else if token.is_symbol(")") {
            depth = depth.saturating_sub(1);
        } else if depth == 0 {
            return Some(at);
        }
        None
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
        if tokens.get(name + 1).is_some_and(|token| token.is_symbol(".")) {
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

fn unquoted(token: &Token<'_>) -> String {
    if token.kind == Kind::Quoted && token.text.len() >= 2 {
        let quote = &token.text[..1];
        token.text[1..token.text.len() - 1].replace(&quote.repeat(2), quote)
    } else {
        token.text.to_owned()
    }
}

/// Finds the boolean columns of the outermost SELECT list, or of a RETURNING list.
fn booleans(tokens: &[Token<'_>]) -> Booleans {
    let mut found = Booleans::default();
    let Some(verb) = main_verb(tokens) else {
        return found;
    };
    let list_word = if tokens[verb..].first().is_some_and(|token| token.is("SELECT")) {
        Some(verb)
    } else {
        outside_parentheses(tokens).find(|at| tokens[*at].is("RETURNING"))
    };
    let Some(list_word) = list_word else {
        return found;
    };
    let items = select_items(&tokens[list_word + 1..]);
    let is_star = |item: &&[Token<'_>]| item.last().is_some_and(|token| token.is_symbol("*"));
    let first_star = items.iter().position(&is_star).unwrap_or(items.len());
    let last_star = items.iter().rposition(is_star);
    for (at, item) in items.iter().enumerate() {
        if is_boolean(item) {
            if at < first_star {
                found.from_left.push(at);
            } else if last_star.is_some_and(|star| at > star) {
                found.from_right.push(items.len() - at);
            }
        }
    }
    found
}

fn select_items<'t, 'a>(tokens: &'t [Token<'a>]) -> Vec<&'t [Token<'a>]> {
    const END: [&str; 10] = [
        "FROM", "WHERE", "GROUP", "HAVING", "WINDOW", "ORDER", "LIMIT", "UNION", "INTERSECT",
        "EXCEPT",
    ];
    let mut start = usize::from(
        tokens.first().is_some_and(|token| token.is("DISTINCT") || token.is("ALL")),
    );
    let mut items = Vec::new();
    let mut end = tokens.len();
    for at in outside_parentheses(tokens) {
        let token = &tokens[at];
        if token.is_symbol(",") {
            items.push(&tokens[start..at]);
            start = at + 1;
        } else if token.is_symbol(";") || END.iter().any(|word| token.is(word)) {
            end = at;
            break;
        }
    }
    if start <= end {
        items.push(&tokens[start..end]);
    }
    items
}

/// Whether an item of the list is `CAST(… AS BOOLEAN)` or `[NOT] EXISTS (…)`, with or without an
/// alias.
fn is_boolean(item: &[Token<'_>]) -> bool {
    let item = match item.first() {
        Some(token) if token.is("NOT") => &item[1..],
        _ => item,
    };
    let Some(first) = item.first() else {
        return false;
    };
    if !item.get(1).is_some_and(|token| token.is_symbol("(")) {
        return false;
    }
    let boolean = first.is("EXISTS")
        || (first.is("CAST")
            && cast_target(item).is_some_and(|name| {
                name.eq_ignore_ascii_case("BOOLEAN") || name.eq_ignore_ascii_case("BOOL")
            }));
    boolean
        && lexer::closing(item, 1).is_some_and(|end| {
            let rest = &item[end + 1..];
            let alias = match rest.first() {
                Some(token) if token.is("AS") => &rest[1..],
                _ => rest,
            };
            alias.is_empty()
                || (alias.len() == 1 && matches!(alias[0].kind, Kind::Word | Kind::Quoted))
        })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    fn boolean_columns(sql: &str, count: usize) -> Vec<usize> {
        let booleans = analyse(sql).unwrap().booleans;
        (0..count).filter(|at| booleans.contains(*at, count)).collect()
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
    fn boolean_columns_are_found_by_their_expression() {
        assert_eq!(boolean_columns("SELECT a, CAST(count(*) > 0 AS BOOLEAN) AS many, b", 3), [1]);
        assert_eq!(boolean_columns("SELECT EXISTS(SELECT 1, 2), NOT EXISTS (SELECT 1) e", 2), [0, 1]);
        assert_eq!(boolean_columns("SELECT *, CAST(a AS BOOL) FROM t", 5), [4]);
        assert_eq!(boolean_columns("SELECT CAST(a AS BOOL), t.* FROM t", 5), [0]);
        assert_eq!(boolean_columns("SELECT CAST(a AS BOOLEAN) + 1", 1), [0_usize; 0]);
        assert_eq!(
            boolean_columns("WITH x AS (SELECT CAST(1 AS BOOLEAN)) SELECT 1, EXISTS(SELECT 1) FROM x", 2),
            [1]
        );
        assert_eq!(
            boolean_columns("INSERT INTO t(a) VALUES (1) RETURNING id, CAST(a > 0 AS BOOLEAN)", 2),
            [1]
        );
        assert_eq!(boolean_columns("SELECT DISTINCT CAST(a AS BOOLEAN) FROM t", 1), [0]);
    }

    #[test]
    fn the_verb_is_found_behind_with() {
        let verb = |sql: &str| analyse(sql).unwrap().verb;
        assert_eq!(verb("with a as (select 1) select * from a"), Verb::Select);
        assert_eq!(verb("WITH a AS (SELECT 1) DELETE FROM t"), Verb::Change);
        assert_eq!(verb("CREATE TABLE t(a)"), Verb::Other);
        assert_eq!(
            verb("INSERT OR IGNORE INTO main.\"my \"\"table\"(a) VALUES (1)"),
            Verb::Insert { table: "my \"table".to_owned(), upsert: false }
        );
        assert_eq!(
            verb("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET b = 1"),
            Verb::Insert { table: "t".to_owned(), upsert: true }
        );
        assert!(analyse(" -- nothing").unwrap().is_empty);
    }

    #[test]
    fn several_statements_run_as_one_unless_one_of_them_cannot() {
        assert_eq!(wrap("INSERT INTO a VALUES (1); INSERT INTO b VALUES (2)"), Wrap::Writing);
        assert_eq!(wrap("SELECT 1; WITH a AS (SELECT 1) SELECT * FROM a;"), Wrap::Reading);
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
