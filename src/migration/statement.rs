//! The text of a migration, cut into its statements, so that a failure can name the one at fault.

use crate::config::Engine;

/// One statement of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// Its text, without the semicolon, and without blanks and comments before it.
    pub sql: String,
    /// The line of the text on which it begins, from 1.
    pub line: usize,
    /// Its first words in upper case, quoted names as they are: enough to tell what it does.
    pub(super) words: Vec<String>,
}

/// How many words of a statement are kept.
const WORDS: usize = 12;

impl Statement {
    /// Whether it begins with these keywords.
    pub(super) fn begins(&self, words: &[&str]) -> bool {
        self.words.len() >= words.len() && words.iter().zip(&self.words).all(|(a, b)| a == b)
    }

    /// Whether it begins or ends a transaction, which is the runner's to do.
    pub(super) fn controls_transaction(&self) -> bool {
        let first = self.words.first().map_or("", String::as_str);
        match first {
            "BEGIN" | "COMMIT" | "END" | "ABORT" | "START" => true,
            "ROLLBACK" => !self.words.iter().any(|word| word == "TO"),
            "PREPARE" => self.begins(&["PREPARE", "TRANSACTION"]),
            _ => false,
        }
    }

    /// Whether it drops a table, which on `SQLite` deletes the rows that refer to it.
    pub(super) fn drops_table(&self) -> bool {
        self.begins(&["DROP", "TABLE"])
    }

    /// The statement on one line, cut short: for messages.
    #[must_use]
    pub fn short(&self) -> String {
        shorten(&self.sql)
    }
}

/// A text on one line and no longer than a message bears.
pub(super) fn shorten(sql: &str) -> String {
    const LONGEST: usize = 120;
    let line = sql.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line,
    }
}

/// Cuts `sql` at the semicolons that end a statement on `engine`: not those in strings, comments,
/// parentheses, the body of a trigger (`SQLite`) or of a routine (`BEGIN ATOMIC`, `PostgreSQL`).
#[must_use]
pub fn split(sql: &str, engine: Engine) -> Vec<Statement> {
    outline(sql, engine).statements
}

/// A text's statements, and what stands between and within them.
pub(super) struct Outline<'a> {
    /// The statements.
    pub(super) statements: Vec<Statement>,
    /// Where each statement ends: the byte of its semicolon, or the end of the text.
    pub(super) ends: Vec<usize>,
    /// The comments, each with its first byte.
    pub(super) comments: Vec<(usize, &'a str)>,
}

/// Cuts `sql` as [`split`] does, and gives what it passed over on the way.
pub(super) fn outline(sql: &str, engine: Engine) -> Outline<'_> {
    Splitter {
        sql,
        engine,
        start: None,
        words: Vec::new(),
        last: ["", ""],
        depth: 0,
        bodies: 0,
        found: Outline {
            statements: Vec::new(),
            ends: Vec::new(),
            comments: Vec::new(),
        },
    }
    .run()
}

struct Splitter<'a> {
    sql: &'a str,
    engine: Engine,
    /// Where the statement began.
    start: Option<usize>,
    words: Vec<String>,
    /// The last two tokens, the newest last.
    last: [&'a str; 2],
    depth: usize,
    /// How many END are to come in a body of a routine.
    bodies: usize,
    found: Outline<'a>,
}

impl<'a> Splitter<'a> {
    fn run(mut self) -> Outline<'a> {
        let mut at = 0;
        while let Some(first) = self.sql[at..].chars().next() {
            let rest = &self.sql[at..];
            let blank = self.blank(rest, first);
            if blank > 0 {
                if rest.starts_with("--") || rest.starts_with("/*") {
                    self.found.comments.push((at, &rest[..blank]));
                }
                at += blank;
                continue;
            }
            let length = self.token(rest, first);
            if rest.starts_with(';') && self.is_end() {
                self.finish(at);
            } else {
                self.take(at, &self.sql[at..at + length]);
            }
            at += length;
        }
        self.finish(self.sql.len());
        self.found
    }

    /// The length of the white space or the comment here; 0 for none.
    fn blank(&self, rest: &str, first: char) -> usize {
        if first.is_whitespace() || first == '\u{feff}' {
            return first.len_utf8();
        }
        if rest.starts_with("--") {
            return rest.find('\n').unwrap_or(rest.len());
        }
        if !rest.starts_with("/*") {
            return 0;
        }
        let (mut at, mut depth) = (2, 1_usize);
        while depth > 0 && at < rest.len() {
            let tail = &rest.as_bytes()[at..];
            if tail.starts_with(b"*/") {
                depth -= 1;
                at += 2;
            } else if tail.starts_with(b"/*") && self.engine == Engine::Postgres {
                depth += 1;
                at += 2;
            } else {
                at += 1;
            }
        }
        at.min(rest.len())
    }

    /// The length of the token here.
    fn token(&self, rest: &str, first: char) -> usize {
        let postgres = self.engine == Engine::Postgres;
        match first {
            '\'' => quoted(rest, '\'', false),
            '"' => quoted(rest, '"', false),
            '`' if !postgres => quoted(rest, '`', false),
            '[' if !postgres => rest.find(']').map_or(rest.len(), |end| end + 1),
            'e' | 'E' if postgres && rest[1..].starts_with('\'') => {
                1 + quoted(&rest[1..], '\'', true)
            }
            '$' if postgres => dollar(rest),
            _ if is_word(first) => rest.find(|c| !is_word(c) && c != '$').unwrap_or(rest.len()),
            _ => first.len_utf8(),
        }
    }

    fn take(&mut self, at: usize, token: &'a str) {
        self.start.get_or_insert(at);
        let is = |word: &str| token.eq_ignore_ascii_case(word);
        match token {
            "(" => self.depth += 1,
            ")" => self.depth = self.depth.saturating_sub(1),
            _ if is("ATOMIC") && self.last[1].eq_ignore_ascii_case("BEGIN") => self.bodies = 1,
            _ if self.bodies > 0 && is("CASE") => self.bodies += 1,
            _ if self.bodies > 0 && is("END") => self.bodies -= 1,
            _ => {}
        }
        let is_name = token.starts_with('"');
        if self.words.len() < WORDS && (is_name || token.starts_with(is_word)) {
            self.words.push(if is_name {
                token.to_owned()
            } else {
                token.to_uppercase()
            });
        }
        self.last = [self.last[1], token];
    }

    /// Whether the semicolon here ends the statement.
    fn is_end(&self) -> bool {
        if self.engine == Engine::Postgres {
            return self.depth == 0 && self.bodies == 0;
        }
        let mut words = self.words.iter().map(String::as_str);
        let trigger = words.next() == Some("CREATE")
            && words.find(|word| !matches!(*word, "TEMP" | "TEMPORARY")) == Some("TRIGGER");
        !trigger || (self.last[1].eq_ignore_ascii_case("END") && self.last[0] == ";")
    }

    fn finish(&mut self, at: usize) {
        if let Some(start) = self.start.take() {
            self.found.ends.push(at);
            self.found.statements.push(Statement {
                sql: self.sql[start..at].trim_end().to_owned(),
                line: 1 + self.sql[..start].matches('\n').count(),
                words: std::mem::take(&mut self.words),
            });
        }
        self.last = ["", ""];
        self.depth = 0;
        self.bodies = 0;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The length of what `quote` opens here; doubled it stands for itself, and so does what follows a
/// backslash where those escape.
fn quoted(rest: &str, quote: char, escapes: bool) -> usize {
    let mut chars = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = chars.next() {
        if c == '\\' && escapes {
            chars.next();
        } else if c == quote {
            if chars.peek().is_some_and(|(_, next)| *next == quote) {
                chars.next();
            } else {
                return at + c.len_utf8();
            }
        }
    }
    rest.len()
}

/// The length of a dollar-quoted string, or of the dollar sign alone.
fn dollar(rest: &str) -> usize {
    let Some(end) = rest[1..].find('$').map(|end| end + 2) else {
        return 1;
    };
    let tag = &rest[..end];
    let name = &tag[1..end - 1];
    if name.starts_with(|c: char| c.is_ascii_digit()) || !name.chars().all(is_word) {
        return 1;
    }
    rest[end..]
        .find(tag)
        .map_or(rest.len(), |close| end + close + end)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(sql: &str, engine: Engine) -> Vec<(usize, String)> {
        split(sql, engine)
            .into_iter()
            .map(|statement| (statement.line, statement.sql))
            .collect()
    }

    #[test]
    fn statements_have_their_lines_and_neither_comments_nor_semicolons() {
        let sql = "-- first;\nSELECT 'a;''b' ;\n\n/* ; */ SELECT \"c;\" -- d;\n;;\nSELECT 2 ";
        for engine in [Engine::Sqlite, Engine::Postgres] {
            assert_eq!(
                cut(sql, engine),
                [
                    (2, "SELECT 'a;''b'".to_owned()),
                    (4, "SELECT \"c;\" -- d;".to_owned()),
                    (6, "SELECT 2".to_owned())
                ]
            );
            assert_eq!(cut("-- nothing\n", engine), []);
        }
    }

    #[test]
    fn comments_stand_before_or_within_their_statements() {
        let sql = "-- a\nSELECT '-- no', -- b\n 1; -- c\n/* -- no */ SELECT 2";
        for engine in [Engine::Sqlite, Engine::Postgres] {
            let outline = outline(sql, engine);
            let of = |at| outline.ends.partition_point(|end| *end < at);
            let found = outline.comments.iter().map(|(at, text)| (of(*at), *text));
            assert_eq!(
                found.collect::<Vec<_>>(),
                [(0, "-- a"), (0, "-- b"), (1, "-- c"), (1, "/* -- no */")]
            );
            assert_eq!(outline.statements.len(), 2);
        }
    }

    #[test]
    fn a_body_is_one_statement_with_its_semicolons() {
        for (engine, body) in [
            (
                Engine::Sqlite,
                "CREATE TEMP TRIGGER t AFTER INSERT ON a BEGIN UPDATE b SET x = CASE 1 WHEN 1 THEN 2 END; DELETE FROM c; END",
            ),
            (
                Engine::Postgres,
                "CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; SELECT 2; END",
            ),
            (Engine::Postgres, "DO $x$ BEGIN PERFORM 1; COMMIT; END $x$"),
            (Engine::Postgres, r"SELECT E'it\'s; ''so', $$;$$, $1"),
            (
                Engine::Postgres,
                "CREATE RULE r AS ON INSERT TO a DO (SELECT 1; SELECT 2)",
            ),
            (Engine::Postgres, "SELECT /* /* ; */ ; */ 1"),
            (Engine::Sqlite, "SELECT [a;b], `c;d`, $1"),
        ] {
            let sql = format!("{body};\nSELECT 1");
            let found = cut(&sql, engine);
            assert_eq!(found.len(), 2, "{found:?}");
            assert_eq!(found[0].1, body);
        }
    }

    #[test]
    fn what_controls_a_transaction_is_told() {
        for (sql, controls) in [
            ("begin", true),
            ("START TRANSACTION", true),
            ("commit work", true),
            ("ROLLBACK", true),
            ("ROLLBACK TO SAVEPOINT a", false),
            ("SAVEPOINT a", false),
            ("PREPARE x AS SELECT 1", false),
            ("CREATE TABLE begin (id BIGINT)", false),
        ] {
            let found = split(sql, Engine::Postgres);
            assert_eq!(found[0].controls_transaction(), controls, "{sql}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_cut_without_a_panic(sql in "[a-z0-9 '\"$;é/*\\-(){}\\\\`\\[\\]\n]{0,80}") {
            for engine in [Engine::Sqlite, Engine::Postgres] {
                for statement in split(&sql, engine) {
                    proptest::prop_assert!(sql.contains(&statement.sql));
                    proptest::prop_assert!(statement.line <= 1 + sql.matches('\n').count());
                }
            }
        }
    }
}
