//! Which code of which engine is of which kind: the one table, from which docs/errors.md is made.

use rusqlite::ffi;

use super::ErrorKind;

/// A kind with what leads to it.
pub(super) struct Row {
    pub(super) kind: ErrorKind,
    /// What happened, as the beginning of a message.
    pub(super) means: &'static str,
    /// What to do, as the end of a message.
    pub(super) advice: &'static str,
    /// SQLSTATEs, or their first two characters for a class. The whole code goes before its class.
    pub(super) sqlstates: &'static [&'static str],
    /// SQLite's extended result codes with their names, or primary ones for all their others.
    pub(super) sqlite: &'static [(i32, &'static str)],
    /// What else leads to it, for the page.
    #[cfg_attr(not(test), expect(dead_code, reason = "the page alone has it"))]
    pub(super) also: &'static str,
}

macro_rules! sqlite {
    ($($name:ident)*) => { &[$((ffi::$name, stringify!($name))),*] };
}

/// PostgreSQL's manual, appendix A; <https://sqlite.org/rescode.html>.
pub(super) const ROWS: &[Row] = &[
    Row {
        kind: ErrorKind::Unique,
        means: "another row has these values already",
        advice: "use other values, or change that row",
        sqlstates: &["23505", "23P01"],
        sqlite: sqlite!(SQLITE_CONSTRAINT_UNIQUE SQLITE_CONSTRAINT_PRIMARYKEY SQLITE_CONSTRAINT_ROWID),
        also: "",
    },
    Row {
        kind: ErrorKind::ForeignKey,
        means: "a foreign key would refer to no row",
        advice: "insert the row referred to first, or delete those that refer to it",
        sqlstates: &["23503", "23001"],
        sqlite: sqlite!(SQLITE_CONSTRAINT_FOREIGNKEY),
        also: "SQLite's `ON DELETE RESTRICT`, by its message",
    },
    Row {
        kind: ErrorKind::NotNull,
        means: "a value is missing in a column that is NOT NULL",
        advice: "give it a value",
        sqlstates: &["23502"],
        sqlite: sqlite!(SQLITE_CONSTRAINT_NOTNULL),
        also: "",
    },
    Row {
        kind: ErrorKind::Check,
        means: "the row breaks a rule of its table",
        advice: "use values that the CHECK allows",
        sqlstates: &["23514", "44000"],
        sqlite: sqlite!(SQLITE_CONSTRAINT_CHECK),
        also: "",
    },
    Row {
        kind: ErrorKind::Data,
        means: "a value does not fit",
        advice: "use a value of the column's or parameter's type, within its range",
        sqlstates: &["22", "54000"],
        sqlite: sqlite!(SQLITE_MISMATCH SQLITE_TOOBIG SQLITE_CONSTRAINT_DATATYPE),
        also: "a CHECK whose name begins with `TWINBASE_TYPE.`; a value that the driver or a Rust type refuses",
    },
    Row {
        kind: ErrorKind::Retryable,
        means: "another transaction was in the way",
        advice: "run the whole transaction again",
        sqlstates: &["40001", "40P01", "55P03"],
        sqlite: sqlite!(SQLITE_BUSY SQLITE_LOCKED SQLITE_PROTOCOL),
        also: "",
    },
    Row {
        kind: ErrorKind::ReadOnly,
        means: "the database, the transaction or the connection only reads",
        advice: "write where writing is allowed: on the primary, in a file that this process may write",
        sqlstates: &["25006"],
        sqlite: sqlite!(SQLITE_READONLY),
        also: "",
    },
    Row {
        kind: ErrorKind::Timeout,
        means: "the statement ran for longer than it may",
        advice: "make it faster, or raise database.statement_timeout",
        sqlstates: &["57014"],
        sqlite: &[],
        also: "the SQLite driver's statement timeout",
    },
    Row {
        kind: ErrorKind::PoolTimeout,
        means: "no connection of the pool came free in time",
        advice: "hold connections for a shorter time, or raise database.pool_size or database.acquire_timeout",
        sqlstates: &[],
        sqlite: &[],
        also: "`AcquireErrorCause::TimedOut`, `sqlx::Error::PoolTimedOut`",
    },
    Row {
        kind: ErrorKind::Overloaded,
        means: "the pool is overloaded and refused early",
        advice: "try again later; hold connections for a shorter time, or raise database.pool_size or database.shed_target",
        sqlstates: &[],
        sqlite: &[],
        also: "`AcquireErrorCause::Overloaded`",
    },
    Row {
        kind: ErrorKind::Cancelled,
        means: "the statement was cancelled",
        advice: "run it again if its result is still wanted",
        sqlstates: &[],
        sqlite: sqlite!(SQLITE_INTERRUPT),
        also: "57014 \"due to user request\"",
    },
    Row {
        kind: ErrorKind::Connection,
        means: "the connection was lost",
        advice: "run the transaction again on a new connection, unless its COMMIT was under way",
        sqlstates: &["08", "57P01", "57P02", "57P05", "25P03", "25P04"],
        sqlite: &[],
        also: "`sqlx::Error::Io`, `Protocol`, `WorkerCrashed`",
    },
    Row {
        kind: ErrorKind::Unavailable,
        means: "the database can't be reached or takes no connection",
        advice: "try again later; look at the server, DATABASE_URL and the number of connections",
        sqlstates: &["08001", "08004", "3D000", "53300", "57P03", "57P04"],
        sqlite: sqlite!(SQLITE_CANTOPEN),
        also: "`sqlx::Error::Io` of a refused connection, `Tls`, `PoolClosed`",
    },
    Row {
        kind: ErrorKind::Permission,
        means: "this user or process may not do that",
        advice: "grant the right, or correct the credentials",
        sqlstates: &["28", "42501"],
        sqlite: sqlite!(SQLITE_PERM SQLITE_AUTH),
        also: "",
    },
    Row {
        kind: ErrorKind::DiskFull,
        means: "the disk is full",
        advice: "make room",
        sqlstates: &["53100"],
        sqlite: sqlite!(SQLITE_FULL),
        also: "",
    },
    Row {
        kind: ErrorKind::Resources,
        means: "memory or another resource ran out",
        advice: "give the database more, or ask for less at once",
        sqlstates: &["53", "54"],
        sqlite: sqlite!(SQLITE_NOMEM),
        also: "",
    },
    Row {
        kind: ErrorKind::Statement,
        means: "the statement is wrong",
        advice: "mend the SQL, its parameters, or the names that it uses",
        sqlstates: &["42", "0A", "21", "25", "26", "34", "3B", "3F"],
        sqlite: sqlite!(SQLITE_ERROR SQLITE_RANGE),
        also: "too many or too few arguments; a column that the row does not have",
    },
    Row {
        kind: ErrorKind::NotFound,
        means: "there is no such row",
        advice: "ask with fetch_optional where that is no error",
        sqlstates: &[],
        sqlite: &[],
        also: "`sqlx::Error::RowNotFound`",
    },
    Row {
        kind: ErrorKind::TransactionFailed,
        means: "the transaction has failed already",
        advice: "roll back and run it again; the first error says why it failed",
        sqlstates: &["25P02", "40"],
        sqlite: sqlite!(SQLITE_ABORT),
        also: "`SessionFailed`",
    },
    Row {
        kind: ErrorKind::OutcomeUnknown,
        means: "whether the transaction was committed is not known",
        advice: "look before doing it again",
        sqlstates: &["08007", "40003"],
        sqlite: &[],
        also: "a connection that is lost during a COMMIT, or a statement by itself on the writer lane",
    },
    Row {
        kind: ErrorKind::Corrupt,
        means: "the database is damaged, or is none",
        advice: "restore a backup",
        sqlstates: &["XX001", "XX002"],
        sqlite: sqlite!(SQLITE_CORRUPT SQLITE_NOTADB),
        also: "",
    },
    Row {
        kind: ErrorKind::Io,
        means: "reading or writing the disk failed",
        advice: "check the disk",
        sqlstates: &["58"],
        sqlite: sqlite!(SQLITE_IOERR),
        also: "",
    },
    Row {
        kind: ErrorKind::Other,
        means: "the database refused",
        advice: "see the source of this error",
        sqlstates: &[],
        sqlite: sqlite!(SQLITE_CONSTRAINT),
        also: "anything else, among it `RAISE` in a function or trigger (P0001, SQLITE_CONSTRAINT_TRIGGER)",
    },
];

/// The row of a kind.
pub(super) fn row(kind: ErrorKind) -> &'static Row {
    ROWS.iter()
        .find(|row| row.kind == kind)
        .expect("every kind has a row, which a test sees to")
}

/// The kind of a SQLSTATE.
pub(super) fn of_sqlstate(code: &str) -> ErrorKind {
    let of = |wanted: &str| ROWS.iter().find(|row| row.sqlstates.contains(&wanted));
    of(code)
        .or_else(|| of(code.get(..2)?))
        .map_or(ErrorKind::Other, |row| row.kind)
}

/// The kind of SQLite's extended result code, whose low byte is its primary code.
pub(super) fn of_sqlite(code: i32) -> ErrorKind {
    let of = |wanted: i32| {
        let has = |row: &&Row| row.sqlite.iter().any(|(known, _)| *known == wanted);
        ROWS.iter().find(has)
    };
    of(code)
        .or_else(|| of(code & 0xff))
        .map_or(ErrorKind::Other, |row| row.kind)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    const PAGE: &str = include_str!("../../docs/errors.md");

    fn line(row: &Row) -> String {
        let Row {
            kind,
            means,
            advice,
            sqlstates,
            sqlite,
            also,
        } = row;
        let sqlite: Vec<_> = sqlite
            .iter()
            .map(|(code, name)| format!("{name} ({code})"))
            .collect();
        format!(
            "| `{kind:?}` | {means} | {} | {} | {also} | {advice} |",
            sqlstates.join(", "),
            sqlite.join(", ")
        )
    }

    #[test]
    fn the_page_has_the_table_as_the_code_has_it() {
        let expected: Vec<_> = ROWS.iter().map(line).collect();
        let page: Vec<_> = PAGE
            .lines()
            .filter(|line| line.starts_with("| `"))
            .collect();
        assert!(
            page == expected,
            "write the table of docs/errors.md so:\n{}",
            expected.join("\n")
        );
    }

    #[test]
    fn no_code_has_two_kinds() {
        let mut seen = HashSet::new();
        for row in ROWS {
            for code in row.sqlstates {
                assert!(seen.insert((*code).to_owned()), "{code}");
            }
            for (_, name) in row.sqlite {
                assert!(seen.insert((*name).to_owned()), "{name}");
            }
        }
    }

    #[test]
    fn an_exact_code_goes_before_its_class() {
        assert_eq!(of_sqlstate("22P02"), ErrorKind::Data);
        assert_eq!(of_sqlstate("25P02"), ErrorKind::TransactionFailed);
        assert_eq!(of_sqlstate("25001"), ErrorKind::Statement);
        assert_eq!(of_sqlstate("42501"), ErrorKind::Permission);
        assert_eq!(of_sqlstate("P0001"), ErrorKind::Other);
        assert_eq!(of_sqlite(ffi::SQLITE_BUSY_SNAPSHOT), ErrorKind::Retryable);
        assert_eq!(of_sqlite(ffi::SQLITE_CONSTRAINT_TRIGGER), ErrorKind::Other);
        assert_eq!(of_sqlite(ffi::SQLITE_CONSTRAINT_UNIQUE), ErrorKind::Unique);
    }
}
