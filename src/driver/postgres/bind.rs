//! Arguments to the parameters of a statement, which is prepared for them if it isn't yet.

use std::sync::Arc;

use sqlx::postgres::PgArguments;
use sqlx::{AssertSqlSafe, Error, Executor, SqlSafeStr, SqlStr};
use sqlx_core::any::AnyValueKind;

use crate::driver::argument::{ArgumentError, refuse_unstorable};

use super::connection::{Connection, ends_the_connection};
use super::encode::{Misfit, Parameter, encode};
use super::inference::{Declared, Search, is_inference_failure};
use super::statement::{Plan, REPREPARED, guard, parameters};

/// A statement that is ready to run.
pub(super) struct Bound {
    pub(super) plan: Arc<Plan>,
    pub(super) arguments: PgArguments,
    /// Whether the plan is older than this use of it.
    pub(super) was_known: bool,
}

impl Connection {
    /// Prepares a statement if it isn't yet, and encodes the arguments for it. Its plan is given
    /// where it was `found` before.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] if the arguments do not fit; the server's error if the text is wrong.
    pub(super) async fn bind(
        &mut self,
        sql: &SqlStr,
        values: &[AnyValueKind],
        found: Option<Arc<Plan>>,
    ) -> Result<Bound, Error> {
        refuse_unstorable(values)?;
        // Most texts are known without any declaration, and their arguments fit.
        let mut known = None;
        if let Some(plan) = found.or_else(|| self.statements.known(sql)) {
            match fit(&plan, values)? {
                Ok(arguments) => {
                    return Ok(Bound {
                        plan,
                        arguments,
                        was_known: true,
                    });
                }
                Err(misfits) => known = Some((plan, misfits)),
            }
        }
        // In a box, because it is rare, and room for it would make each statement larger.
        Box::pin(self.bind_by_search(sql, values, known)).await
    }

    /// Prepares a statement that isn't yet, or whose arguments do not fit what is `known` of it.
    async fn bind_by_search(
        &mut self,
        sql: &SqlStr,
        values: &[AnyValueKind],
        mut known: Option<(Arc<Plan>, Vec<Misfit>)>,
    ) -> Result<Bound, Error> {
        let mut declared = match known {
            Some(_) => Declared::default(),
            None => self.statements.declared_before(sql, values),
        };
        let mut search = Search::default();
        let mut misfit: Option<Misfit> = None;
        let mut described_again = false;
        'described: loop {
            let (plan, was_known, misfits) = if let Some((plan, misfits)) = known.take() {
                (plan, true, misfits)
            } else {
                let (plan, was_known) = match self.plan(sql, &declared).await {
                    Ok(found) => found,
                    Err(error) if is_inference_failure(&error) && misfit.is_none() => {
                        search.next(error, sql, &mut declared, values)?;
                        continue;
                    }
                    // What did not fit by inference does not fit by declaration either: the former
                    // is about the statement as it was written.
                    Err(error) => {
                        return Err(match misfit {
                            Some(misfit) if matches!(error, Error::Database(_)) => {
                                misfit.error.into()
                            }
                            _ if search.has_begun() => search.give_up(),
                            _ => error,
                        });
                    }
                };
                match fit(&plan, values)? {
                    Ok(arguments) => {
                        if let Some(indices) = search.found(&declared) {
                            self.statements.declarations.insert(sql.as_str(), indices);
                        }
                        return Ok(Bound {
                            plan,
                            arguments,
                            was_known,
                        });
                    }
                    Err(misfits) => (plan, was_known, misfits),
                }
            };
            for found in misfits {
                let declarable = found.may_be_declared(&plan.parameters, plan.outline.writes);
                if !declarable || declared.contains(found.index) {
                    // What is known may be what was before a column was given another type.
                    if was_known && !described_again {
                        described_again = true;
                        if self.has_other_parameters(&declared, &plan).await? {
                            tracing::debug!(
                                "preparing statements again: a parameter has another type"
                            );
                            metrics::counter!(REPREPARED, "engine" => "postgres").increment(1);
                            self.forget_statements().await?;
                            declared = Declared::default();
                            search = Search::default();
                            misfit = None;
                            continue 'described;
                        }
                    }
                    return Err(found.error.into());
                }
                declared.declare(found.index, &values[found.index]);
                misfit.get_or_insert(found);
            }
        }
    }

    /// Whether the server now describes other parameters than the plan has. It is asked with a text
    /// of its own, because SQLx has no way to drop one statement, and dropping all of them would
    /// make one wrong argument dear.
    async fn has_other_parameters(
        &mut self,
        declared: &Declared,
        plan: &Plan,
    ) -> Result<bool, Error> {
        self.statements.described_again += 1;
        let number = self.statements.described_again;
        let text = format!("{}\n/* described again: {number} */", plan.text.as_str());
        let text = AssertSqlSafe(text).into_sql_str();
        let guarded = self.transaction_depth() > 0;
        if guarded {
            self.run_control(guard("SAVEPOINT")).await?;
        }
        self.in_flight = true;
        let patience = self.patience();
        let types = declared.types();
        let described = (&mut self.inner).prepare_with(text, &types);
        let described = patience.wait(described).await;
        self.in_flight = false;
        if guarded {
            if described.is_err() {
                self.run_control(guard("ROLLBACK TO SAVEPOINT")).await?;
            }
            self.run_control(guard("RELEASE SAVEPOINT")).await?;
        }
        match described {
            Ok(statement) => Ok(!same_types(&parameters(&statement), &plan.parameters)),
            // The statement has become wrong altogether, which preparing it properly will tell.
            Err(Error::Database(error)) if !ends_the_connection(&*error) => Ok(true),
            Err(error) => {
                self.note_error(&error);
                Err(error)
            }
        }
    }
}

/// The arguments as a plan's parameters take them, or those that do not fit.
///
/// # Errors
///
/// [`ArgumentError::Count`] if there are more or fewer of them.
fn fit(
    plan: &Plan,
    values: &[AnyValueKind],
) -> Result<Result<PgArguments, Vec<Misfit>>, ArgumentError> {
    if plan.parameters.len() != values.len() {
        return Err(ArgumentError::Count {
            parameters: plan.parameters.len(),
            arguments: values.len(),
        });
    }
    Ok(encode(&plan.parameters, values))
}

fn same_types(some: &[Parameter], others: &[Parameter]) -> bool {
    some.len() == others.len()
        && (some.iter().zip(others)).all(|(one, other)| one.info == other.info)
}
