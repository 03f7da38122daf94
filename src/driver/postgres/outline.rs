//! What a SQL text does, as far as its keywords tell: transactions, writes, and what its counts mean.

use crate::driver::placeholder::{Token, tokens};
use crate::driver::session_state::changes_session;

const STATEMENT_TIMEOUT: &[u8] = b"statement_timeout";

/// An outline of a text of one statement or many.
#[derive(Debug, Clone, Default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the text"
)]
pub(super) struct Outline {
    /// The verb of each statement, in order.
    verbs: Vec<Verb>,
    /// Whether a statement, or a part of one, writes values into columns.
    pub(super) writes: bool,
    /// Whether something of it may outlive its transaction.
    pub(super) changes_session: bool,
    /// Whether it may set how long statements run.
    pub(super) names_statement_timeout: bool,
    /// Whether a COMMIT or ROLLBACK begins the next transaction.
    chains: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    /// BEGIN and START TRANSACTION; COMMIT and ROLLBACK that chain the next transaction.
    Begin,
    /// What ends the transaction.
    End,
    /// A statement whose command tag counts rows that it changed, or may.
    Change,
    /// WITH, before its main verb is known.
    With,
    /// Anything else. SELECT and CREATE TABLE AS count the rows that they read.
    Other,
}

impl Outline {
    pub(super) fn of(sql: &str) -> Self {
        let mut reader = Reader::default();
        tokens(sql, |token| reader.take(token));
        reader.end_statement();
        reader.outline.changes_session = changes_session(sql);
        let mut parts = sql.as_bytes().windows(STATEMENT_TIMEOUT.len());
        reader.outline.names_statement_timeout =
            parts.any(|part| part.eq_ignore_ascii_case(STATEMENT_TIMEOUT));
        reader.outline
    }

    /// Whether the text begins a transaction, even if it ends it too.
    pub(super) fn begins(&self) -> bool {
        self.verbs.contains(&Verb::Begin)
    }

    /// Whether the text ends a transaction, even if it begins another.
    pub(super) fn ends(&self) -> bool {
        self.verbs.contains(&Verb::End) || self.chains
    }

    /// Whether a transaction is open when all of the text has run; `None` where it is as it was.
    pub(super) fn leaves_open(&self) -> Option<bool> {
        let mut controls = self.verbs.iter().rev();
        let last = controls.find(|verb| matches!(verb, Verb::Begin | Verb::End))?;
        Some(*last == Verb::Begin)
    }

    /// Whether the count in the command tag of this statement, from 0, is of changed rows.
    pub(super) fn counts_changes(&self, statement: usize) -> bool {
        // A statement too many means that the text was misread: the server's word is taken then.
        (self.verbs.get(statement)).is_none_or(|verb| *verb == Verb::Change)
    }
}

#[derive(Default)]
struct Reader<'a> {
    outline: Outline,
    verb: Option<Verb>,
    /// The last word of the statement.
    previous: &'a str,
    /// How many parentheses are open.
    depth: usize,
    /// How many END are to come in the body of a function (BEGIN ATOMIC).
    bodies: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Open => self.depth += 1,
            Token::Close => self.depth = self.depth.saturating_sub(1),
            // Inside of parentheses and bodies it ends a part only (CREATE RULE, CREATE FUNCTION).
            Token::Semicolon if self.depth == 0 && self.bodies == 0 => self.end_statement(),
            Token::Semicolon => {}
            Token::Word(word) => {
                self.read_word(word);
                self.previous = word;
            }
        }
    }

    fn read_word(&mut self, word: &str) {
        let is = |keyword: &str| word.eq_ignore_ascii_case(keyword);
        let after = |keyword: &str| self.previous.eq_ignore_ascii_case(keyword);
        // Not the lock of a SELECT: FOR UPDATE, FOR NO KEY UPDATE.
        let update = is("update") && !after("for") && !after("key");
        self.outline.writes |= update || is("insert") || is("merge");
        if is("atomic") && after("begin") {
            self.bodies = 1;
        } else if self.bodies > 0 {
            if is("case") {
                self.bodies += 1;
            } else if is("end") {
                self.bodies -= 1;
            }
        }
        let change = is("insert") || is("update") || is("delete") || is("merge");
        self.verb = Some(match self.verb {
            None if is("begin") || is("start") => Verb::Begin,
            None if is("commit") || is("end") || is("rollback") || is("abort") => Verb::End,
            None if change || is("copy") || is("execute") => Verb::Change,
            None if is("with") => Verb::With,
            None => Verb::Other,
            Some(Verb::With) if self.depth == 0 && change => Verb::Change,
            Some(Verb::With) if self.depth == 0 && (is("select") || is("values")) => Verb::Other,
            // ROLLBACK TO SAVEPOINT, COMMIT PREPARED
            Some(Verb::End) if is("to") || is("prepared") => Verb::Other,
            Some(Verb::End) if is("chain") && !after("no") => {
                self.outline.chains = true;
                Verb::Begin
            }
            Some(verb) => verb,
        });
    }

    fn end_statement(&mut self) {
        self.outline.verbs.extend(self.verb.take());
        self.previous = "";
        self.depth = 0;
        self.bodies = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_open_after_its_last_control() {
        for (sql, begins, open) in [
            ("BEGIN", true, Some(true)),
            ("-- first\n start transaction; SELECT 1", true, Some(true)),
            ("BEGIN; SELECT 'BEGIN'; COMMIT;", true, Some(false)),
            ("ROLLBACK TO SAVEPOINT a", false, None),
            ("COMMIT AND CHAIN", true, Some(true)),
            ("COMMIT AND NO CHAIN", false, Some(false)),
            ("SELECT 1; DO $$ BEGIN COMMIT; END $$", false, None),
            (
                "CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT CASE WHEN true THEN 1 END; \
                 SELECT 2; END; SELECT 1",
                false,
                None,
            ),
        ] {
            let outline = Outline::of(sql);
            assert_eq!(
                (outline.begins(), outline.leaves_open()),
                (begins, open),
                "{sql}"
            );
        }
    }

    #[test]
    fn counts_are_of_changes_by_the_main_verb() {
        for (sql, changes) in [
            ("INSERT INTO t SELECT 1", true),
            ("WITH a AS (SELECT 1) DELETE FROM t", true),
            (
                "WITH a AS (DELETE FROM t RETURNING 1) SELECT 1 FROM a",
                false,
            ),
            ("(SELECT 1) UNION SELECT 2", false),
            ("CREATE TABLE u AS SELECT 1", false),
        ] {
            assert_eq!(Outline::of(sql).counts_changes(0), changes, "{sql}");
        }
        let many = Outline::of("SELECT 1;; /* ; */ UPDATE t SET a = ';'; SELECT 2");
        let counts = [0, 1, 2].map(|statement| many.counts_changes(statement));
        assert_eq!(counts, [false, true, false]);
    }

    #[test]
    fn a_lock_is_no_write() {
        assert!(!Outline::of("SELECT 1 FROM t FOR NO KEY UPDATE").writes);
        assert!(!Outline::of("SELECT 'INSERT' FROM t FOR UPDATE").writes);
        assert!(Outline::of("INSERT INTO t VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 1").writes);
        assert!(Outline::of("WITH a AS (UPDATE t SET a = 1 RETURNING a) SELECT * FROM a").writes);
    }
}
