//! The exit codes of `migrate`, and how a failure is told.

use std::process::ExitCode;

use serde_json::{Value, json};

use super::super::output;
use super::Outcome;
use crate::database::DatabaseError;
use crate::migration::{MigrationError, State};
use crate::telemetry::chain;

/// What the exit code says. 2 is clap's: the command line is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Code {
    /// Done; the database is current.
    Done = 0,
    /// Failed for another reason than those below.
    Failed = 1,
    /// Migrations are pending.
    Pending = 3,
    /// A text was changed, a version is unknown or late, or the schema is not what was expected.
    Drift = 4,
    /// The database is newer than the program.
    Newer = 5,
    /// Another process has the lock.
    Locked = 6,
    /// A migration failed.
    MigrationFailed = 7,
    /// A version is half applied.
    Dirty = 8,
    /// The database can't be reached.
    Unreachable = 9,
    /// The lint has found something.
    Findings = 10,
}

impl From<Code> for ExitCode {
    fn from(code: Code) -> Self {
        Self::from(code as u8)
    }
}

impl From<State> for Code {
    fn from(state: State) -> Self {
        match state {
            State::Current => Self::Done,
            State::Pending => Self::Pending,
            State::Newer => Self::Newer,
            State::Drift => Self::Drift,
            State::Dirty => Self::Dirty,
        }
    }
}

impl Code {
    fn of(error: &anyhow::Error) -> Self {
        if let Some(error) = migration(error) {
            return Self::of_migration(error);
        }
        match error.downcast_ref::<DatabaseError>() {
            Some(DatabaseError::Connect { .. }) => Self::Unreachable,
            _ => Self::Failed,
        }
    }

    fn of_migration(error: &MigrationError) -> Self {
        use MigrationError as E;
        match error {
            E::Failed(..) | E::Around { .. } | E::Orphans { .. } | E::InvalidIndex { .. } => {
                Self::MigrationFailed
            }
            E::Changed { .. }
            | E::Late { .. }
            | E::Unknown { .. }
            | E::Unmanaged { .. }
            | E::Differs { .. }
            | E::Irreversible { .. } => Self::Drift,
            E::Newer { .. } => Self::Newer,
            E::Dirty { .. } | E::Ambiguous(_) => Self::Dirty,
            E::Locked { .. } | E::LeaseLost => Self::Locked,
            _ => Self::Failed,
        }
    }

    /// The word for it in JSON.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Done => "current",
            Self::Failed => "failed",
            Self::Pending => "pending",
            Self::Drift => "drift",
            Self::Newer => "newer",
            Self::Locked => "locked",
            Self::MigrationFailed => "migration_failed",
            Self::Dirty => "dirty",
            Self::Unreachable => "unreachable",
            Self::Findings => "findings",
        }
    }
}

fn migration(error: &anyhow::Error) -> Option<&MigrationError> {
    match error.downcast_ref::<DatabaseError>() {
        Some(DatabaseError::Migration(error)) => Some(error),
        _ => error.downcast_ref(),
    }
}

/// Tells of a failure on standard error, and as an object for `--json`: with the versions that were
/// done before it, which stay.
pub(super) fn failed(error: &anyhow::Error, done_before: &[Value]) -> Outcome {
    let code = Code::of(error);
    let message = chain(error.as_ref());
    output::error(&message);
    let found = migration(error);
    let details = found.and_then(MigrationError::details);
    if let Some(details) = details {
        output::plain(details);
    }
    let mut object = json!({
        "outcome": code.as_str(),
        "done_before": done_before,
        "error": {"message": message, "details": details},
    });
    if let Some(failed @ MigrationError::Failed(failure, source)) = found {
        // The chain without our own words.
        let said = message.strip_prefix(&failed.to_string());
        let said = said.and_then(|rest| rest.strip_prefix(": "));
        object["error"]["migration"] = json!({
            "version": failure.version,
            "file": failure.path,
            "line": failure.line,
            "statement": failure.statement,
            "engine_says": said.map_or_else(|| source.to_string(), str::to_owned),
            "effect": failure.undone.to_string(),
            "next": failure.next(),
        });
    }
    if let Some(MigrationError::Locked { waited, holder }) = found {
        object["error"]["lock"] = json!({"waited_s": waited.as_secs(), "holder": holder});
    }
    Outcome {
        json: object,
        lines: Vec::new(),
        code,
    }
}

/// What is put together when all went well.
pub(super) fn done(json: Value, lines: Vec<String>) -> Outcome {
    Outcome {
        json,
        lines,
        code: Code::Done,
    }
}
