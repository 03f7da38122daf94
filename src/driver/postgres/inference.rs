//! Which parameters have to be declared, because the server can't tell their types by itself.
//!
//! A statement is prepared with no declared types first: then the server says what it needs, and
//! each argument is checked against that. `SELECT $1 + $2`, `abs($1)` or `jsonb_build_object('a',
//! $1)` fail like this. What is declared with an argument's Rust type is as little as possible,
//! because the server converts a declared type on its own terms: a float into an integer column is
//! rounded in silence. So parameters are declared one at a time, and one that changes nothing about
//! the error is taken back.

use sqlx::postgres::types::Oid;
use sqlx::postgres::{PgDatabaseError, PgErrorPosition, PgTypeInfo};
use sqlx::{AssertSqlSafe, Error, SqlSafeStr, SqlStr};
use sqlx_core::any::AnyValueKind;

use crate::driver::argument::declared_kind;
use crate::driver::placeholder::{Numbered, numbered};

use super::server_type::declared_oid;

/// The type to be inferred.
const INFERRED: Oid = Oid(0);

/// How often a statement is tried with other declarations before its first error is given up to.
const MAX_TRIALS: usize = 24;

/// The declared types of a statement's parameters.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Declared(Vec<Oid>);

impl Declared {
    /// Declares these parameters with the Rust types of their arguments.
    pub(super) fn of(indices: &[usize], values: &[AnyValueKind]) -> Self {
        let mut declared = Self::default();
        for &index in indices {
            if let Some(value) = values.get(index) {
                declared.declare(index, value);
            }
        }
        declared
    }

    pub(super) fn contains(&self, index: usize) -> bool {
        self.0.get(index).is_some_and(|&oid| oid != INFERRED)
    }

    pub(super) fn declare(&mut self, index: usize, value: &AnyValueKind) {
        if self.0.len() <= index {
            self.0.resize(index + 1, INFERRED);
        }
        self.0[index] = declared_oid(declared_kind(value));
    }

    fn take_back(&mut self, index: usize) {
        self.0[index] = INFERRED;
        // More types than parameters would make parameters of their own.
        while self.0.last() == Some(&INFERRED) {
            self.0.pop();
        }
    }

    fn indices(&self) -> Vec<usize> {
        (0..self.0.len())
            .filter(|&index| self.contains(index))
            .collect()
    }

    /// The types for the server, with zero where it is to infer.
    pub(super) fn types(&self) -> Vec<PgTypeInfo> {
        self.0
            .iter()
            .map(|&oid| PgTypeInfo::with_oid(oid))
            .collect()
    }

    /// The text under which the statement is kept. SQLx keeps statements by their text alone
    /// (transact-rs/sqlx#2885), so the declared types go into a comment. `None` where there are none
    /// and it is the text itself.
    pub(super) fn decorate(&self, sql: &SqlStr) -> Option<SqlStr> {
        if self.0.is_empty() {
            return None;
        }
        let types: Vec<String> = (self.indices().iter())
            .map(|&index| format!("${} {}", index + 1, self.0[index].0))
            .collect();
        let text = format!("{}\n/* {} */", sql.as_str(), types.join(", "));
        Some(AssertSqlSafe(text).into_sql_str())
    }
}

/// The search for a statement's declarations.
#[derive(Debug, Default)]
pub(super) struct Search {
    first_error: Option<Error>,
    trial: Option<Trial>,
    tried: Vec<usize>,
    trials: usize,
}

/// The last parameter that was declared, and the error that it should have changed.
#[derive(Debug)]
struct Trial {
    index: usize,
    complaint: Complaint,
}

#[derive(Debug, PartialEq, Eq)]
struct Complaint {
    message: String,
    position: Option<usize>,
}

impl Search {
    /// Takes the server's complaint and declares one parameter more, or one other.
    ///
    /// # Errors
    ///
    /// The statement's first error, if there is nothing left to declare.
    pub(super) fn next(
        &mut self,
        error: Error,
        sql: &SqlStr,
        declared: &mut Declared,
        values: &[AnyValueKind],
    ) -> Result<(), Error> {
        let complaint = complaint(&error);
        let error = self.first_error.get_or_insert(error);
        let Some(complaint) = complaint else {
            return Err(self.give_up());
        };
        if let Some(trial) = self.trial.take() {
            if trial.complaint == complaint {
                declared.take_back(trial.index);
            } else {
                self.tried.clear();
            }
        }
        tracing::trace!(%error, "the server can't infer a parameter's type");

        let candidate = candidates(sql.as_str(), &complaint)
            .into_iter()
            .find(|index| {
                *index < values.len() && !declared.contains(*index) && !self.tried.contains(index)
            });
        self.trials += 1;
        let Some(index) = candidate.filter(|_| self.trials <= MAX_TRIALS) else {
            return Err(self.give_up());
        };
        declared.declare(index, &values[index]);
        self.tried.push(index);
        self.trial = Some(Trial { index, complaint });
        Ok(())
    }

    /// The first error, which is about the statement as it was written.
    pub(super) fn give_up(&mut self) -> Error {
        self.first_error
            .take()
            .unwrap_or_else(|| Error::Protocol("a search without an error".to_owned()))
    }

    pub(super) fn has_begun(&self) -> bool {
        self.trials > 0
    }

    /// What the search found, to begin with next time.
    pub(super) fn found(&self, declared: &Declared) -> Option<Vec<usize>> {
        self.has_begun().then(|| declared.indices())
    }
}

/// Whether a statement may be prepared after all if its parameters are declared.
///
/// 42P18 is `indeterminate_datatype`, 42P08 `ambiguous_parameter`, 42725 `ambiguous_function`,
/// 42883 `undefined_function` and 42804 `datatype_mismatch`
/// (<https://www.postgresql.org/docs/current/errcodes-appendix.html>). The last two have many other
/// causes; the type that a parameter has for want of another is called `unknown` in every language.
pub(super) fn is_inference_failure(error: &Error) -> bool {
    let Error::Database(error) = error else {
        return false;
    };
    match error.code().as_deref() {
        Some("42P18" | "42P08" | "42725") => true,
        Some("42883" | "42804") => error.message().contains("unknown"),
        _ => false,
    }
}

fn complaint(error: &Error) -> Option<Complaint> {
    let error = error
        .as_database_error()?
        .try_downcast_ref::<PgDatabaseError>()?;
    let position = match error.position() {
        Some(PgErrorPosition::Original(position)) => Some(position),
        _ => None,
    };
    Some(Complaint {
        message: error.message().to_owned(),
        position,
    })
}

/// The parameters, the likeliest cause of the complaint first.
fn candidates(sql: &str, complaint: &Complaint) -> Vec<usize> {
    // "could not determine data type of parameter $2"
    if let [named] = numbered(&complaint.message)[..] {
        return named.number.checked_sub(1).into_iter().collect();
    }
    let parameters = numbered(sql);
    let Some(position) = complaint
        .position
        .and_then(|position| byte_offset(sql, position))
    else {
        return parameters.iter().filter_map(index).collect();
    };
    // At an operator either of its sides may be meant, at a function what is in its parentheses.
    let (before, after): (Vec<_>, Vec<_>) = (parameters.iter()).partition(|p| p.offset < position);
    let is_function = sql[position..]
        .starts_with(|first: char| first.is_alphanumeric() || first == '_' || first == '"');
    let nearest_before = before.last().copied().filter(|_| !is_function);
    after
        .into_iter()
        .chain(nearest_before)
        .chain(before)
        .filter_map(index)
        .collect()
}

fn index(parameter: &Numbered) -> Option<usize> {
    parameter.number.checked_sub(1)
}

/// The offset in bytes of a position in characters, from 1.
fn byte_offset(sql: &str, position: usize) -> Option<usize> {
    let (offset, _) = sql.char_indices().nth(position.checked_sub(1)?)?;
    Some(offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ordered(sql: &str, message: &str, at: &str) -> Vec<usize> {
        let position = sql.find(at).map(|offset| sql[..offset].chars().count() + 1);
        let message = message.to_owned();
        candidates(sql, &Complaint { message, position })
    }

    #[test]
    fn the_parameter_that_the_server_names_is_the_only_candidate() {
        let message = "could not determine data type of parameter $2";
        assert_eq!(ordered("SELECT $1, $2", message, "none"), [1]);
    }

    #[test]
    fn a_functions_candidates_are_its_arguments_first() {
        let sql = "INSERT INTO t VALUES ('é', $1, abs($2), $3)";
        assert_eq!(ordered(sql, "is not unique", "abs"), [1, 2, 0]);
    }

    #[test]
    fn an_operators_candidates_are_at_its_sides() {
        let sql = "SELECT $1, $2 + NULL";
        assert_eq!(ordered(sql, "is not unique", "+"), [1, 0, 1]);
    }

    #[test]
    fn types_are_part_of_the_text_a_statement_is_kept_by() {
        let sql = SqlStr::from_static("SELECT $1, $2 -- no end");
        let declared = Declared::of(&[1], &[AnyValueKind::Bool(true), AnyValueKind::BigInt(1)]);
        let text = declared.decorate(&sql);
        let text = text.as_ref().map(SqlStr::as_str);
        assert_eq!(text, Some("SELECT $1, $2 -- no end\n/* $2 20 */"));
        assert!(Declared::default().decorate(&sql).is_none());
    }

    #[test]
    fn what_is_taken_back_leaves_no_parameter_behind() {
        let mut declared = Declared::of(&[0, 3], &[const { AnyValueKind::Bool(true) }; 4]);
        declared.take_back(3);
        assert_eq!(declared.types().len(), 1);
    }
}
