//! Which statements leave something behind that outlives their transaction, or end it.

use super::placeholder::{Token, tokens};

/// SQL text that would end a transaction which the driver has begun: what follows would be committed by
/// itself, and the commit of the transaction would be taken for done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "SQL text can't end a transaction that was begun with begin() or by a session: call commit() or \
     rollback()"
)]
pub(super) struct EndsTransaction;

impl From<EndsTransaction> for sqlx::Error {
    fn from(error: EndsTransaction) -> Self {
        Self::AnyDriverError(Box::new(error))
    }
}

/// Functions that do so from within any statement, of PostgreSQL.
const FUNCTIONS: [&str; 8] = [
    "set_config",
    "setseed",
    "pg_advisory_lock",
    "pg_advisory_lock_shared",
    "pg_try_advisory_lock",
    "pg_try_advisory_lock_shared",
    "dblink_connect",
    "lo_open",
];

/// Whether the text changes the session that it runs in: its settings, temporary tables, locks,
/// prepared statements, listeners, attached databases. The next user of the connection would see it.
///
/// It goes by words and errs on the safe side: a connection too many is closed. `SET LOCAL`, and what
/// else ends with the transaction, changes nothing. What a function of the application's does is not
/// seen.
pub(super) fn changes_session(sql: &str) -> bool {
    let mut reader = Reader::default();
    tokens(sql, |token| reader.take(token));
    reader.changes
}

#[derive(Default)]
struct Reader<'a> {
    changes: bool,
    /// The words of the statement up to here, of which the first three count.
    words: usize,
    first: &'a str,
}

impl<'a> Reader<'a> {
    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Semicolon => {
                *self = Self {
                    changes: self.changes,
                    ..Self::default()
                }
            }
            Token::Word(word) => self.word(word),
            Token::Open | Token::Close => {}
        }
    }

    fn word(&mut self, word: &'a str) {
        let is = |any: &[&str]| any.iter().any(|name| word.eq_ignore_ascii_case(name));
        self.words += 1;
        let first = |name: &str| self.first.eq_ignore_ascii_case(name);
        self.changes |= match self.words {
            1 => {
                self.first = word;
                is(&[
                    "do",
                    "reset",
                    "listen",
                    "unlisten",
                    "prepare",
                    "deallocate",
                    "load",
                    "discard",
                    "pragma",
                    "attach",
                    "detach",
                ])
            }
            2 if first("set") => !is(&["local", "transaction", "constraints"]),
            _ if first("declare") => is(&["hold"]),
            // CREATE OR REPLACE TEMPORARY VIEW; SELECT … INTO TEMPORARY t
            _ => is(&["temp", "temporary"]) || is(&FUNCTIONS),
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_outlives_its_transaction_changes_the_session() {
        for sql in [
            "SET search_path = x",
            "set session characteristics as transaction read only",
            "SELECT 1; RESET ALL",
            "CREATE TEMPORARY TABLE t (a INT)",
            "CREATE LOCAL TEMP TABLE t (a INT)",
            "CREATE OR REPLACE TEMP VIEW v AS SELECT 1",
            "SELECT 1 INTO TEMP t",
            "SELECT pg_advisory_lock(1)",
            "SELECT set_config('a.b', 'c', false)",
            "LISTEN x",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
            "PREPARE p AS SELECT 1",
            "PRAGMA foreign_keys = OFF",
            "ATTACH 'x.db' AS x",
            "/* set local */ -- set local\n SET x = 1",
        ] {
            assert!(changes_session(sql), "{sql}");
        }
        for sql in [
            "SELECT * FROM t",
            "SET LOCAL search_path = x",
            "SET TRANSACTION ISOLATION LEVEL SERIALIZABLE",
            "UPDATE t SET a = 1, pragma = 2",
            "INSERT INTO t VALUES ('SET x = 1; PRAGMA y')",
            "SELECT pg_advisory_xact_lock(1)",
            "CREATE TABLE t (a INT)",
            "DECLARE c CURSOR FOR SELECT 1",
            "",
        ] {
            assert!(!changes_session(sql), "{sql}");
        }
    }
}
