//! Prepared statements: what the server says about them, kept as long as they are.

use std::sync::Arc;

use sqlx::any::{AnyStatement, AnyTypeInfo};
use sqlx::postgres::{PgArguments, PgStatement};
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Error, Executor, SqlSafeStr, SqlStr, Statement,
};
use sqlx_core::any::AnyValueKind;
use sqlx_core::common::StatementCache;

use crate::driver::argument::{ArgumentError, refuse_unstorable};

use super::connection::Connection;
use super::encode::{Misfit, Parameter, encode};
use super::inference::{Declared, Search, is_inference_failure};
use super::outline::Outline;
use super::row::Shape;
use super::server_type::ServerType;

/// How many of the statements kept here there are for each that SQLx keeps on the server, so that
/// what is known about a statement outlives it.
const KNOWN_FOR_EACH_PREPARED: usize = 2;

/// Counts the statements that were prepared again because the tables behind them had changed.
pub(super) const REPREPARED: &str = "twinbase_driver_statements_reprepared_total";

/// The name of the savepoint around a statement's first preparation.
const GUARD: &str = "twinbase_prepare";

/// What is known about a connection's statements.
#[derive(Debug)]
pub(super) struct Statements {
    plans: StatementCache<Arc<Plan>>,
    /// The parameters that have to be declared, by the text as it was written.
    declarations: StatementCache<Vec<usize>>,
    /// How often a statement was described again because an argument did not fit.
    described_again: u64,
}

impl Statements {
    pub(super) fn new(capacity: usize) -> Self {
        let capacity = capacity.saturating_mul(KNOWN_FOR_EACH_PREPARED);
        Self {
            plans: StatementCache::new(capacity),
            declarations: StatementCache::new(capacity),
            described_again: 0,
        }
    }

    /// What had to be declared when this text was prepared before.
    fn declared_before(&mut self, sql: &SqlStr, values: &[AnyValueKind]) -> Declared {
        // Most texts are known without any declaration, which one look-up tells.
        if self.plans.contains_key(sql.as_str()) {
            return Declared::default();
        }
        match self.declarations.get_mut(sql.as_str()) {
            Some(indices) => Declared::of(indices, values),
            None => Declared::default(),
        }
    }
}

/// A prepared statement, as the server described it.
#[derive(Debug)]
pub(super) struct Plan {
    /// The text to run, with the comment that tells it from its siblings.
    pub(super) text: SqlStr,
    parameters: Vec<Parameter>,
    pub(super) outline: Outline,
    pub(super) shape: Shape,
    statement: PgStatement,
}

impl Plan {
    /// Whether a row has the columns that were described. It has not if SQLx had to prepare the
    /// statement again, which it does when it had dropped it for others.
    pub(super) fn describes(&self, columns: &[sqlx::postgres::PgColumn]) -> bool {
        std::ptr::eq(self.statement.columns(), columns)
    }
}

/// A statement that is ready to run.
pub(super) struct Bound {
    pub(super) plan: Arc<Plan>,
    pub(super) arguments: PgArguments,
    /// Whether the plan is older than this use of it.
    pub(super) was_known: bool,
}

impl Connection {
    /// Prepares a statement if it isn't yet, and encodes the arguments for it.
    ///
    /// # Errors
    ///
    /// [`ArgumentError`] if the arguments do not fit; the server's error if the text is wrong.
    pub(super) async fn bind(
        &mut self,
        sql: &SqlStr,
        values: &[AnyValueKind],
    ) -> Result<Bound, Error> {
        refuse_unstorable(values)?;
        let mut declared = self.statements.declared_before(sql, values);
        let mut search = Search::default();
        let mut misfit: Option<Misfit> = None;
        let mut described_again = false;
        'described: loop {
            let (plan, was_known) = match self.plan(sql, &declared).await {
                Ok(known) => known,
                Err(error) if is_inference_failure(&error) && misfit.is_none() => {
                    search.next(error, sql, &mut declared, values)?;
                    continue;
                }
                // What did not fit by inference does not fit by declaration either: the former is
                // about the statement as it was written.
                Err(error) => {
                    return Err(match misfit {
                        Some(misfit) if matches!(error, Error::Database(_)) => misfit.error.into(),
                        _ if search.has_begun() => search.give_up(),
                        _ => error,
                    });
                }
            };
            if plan.parameters.len() != values.len() {
                return Err(ArgumentError::Count {
                    parameters: plan.parameters.len(),
                    arguments: values.len(),
                }
                .into());
            }
            let misfits = match encode(&plan.parameters, values) {
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
                Err(misfits) => misfits,
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
            Err(Error::Database(_)) => Ok(true),
            Err(error) => {
                self.note_error(&error);
                Err(error)
            }
        }
    }

    /// The plan of a statement, and whether it was there already.
    async fn plan(
        &mut self,
        sql: &SqlStr,
        declared: &Declared,
    ) -> Result<(Arc<Plan>, bool), Error> {
        let decorated = declared.decorate(sql);
        let text = decorated.as_ref().unwrap_or(sql);
        if let Some(plan) = self.statements.plans.get_mut(text.as_str()) {
            return Ok((Arc::clone(plan), true));
        }
        let statement = self.prepare(text.clone(), declared).await?;
        let plan = Arc::new(Plan {
            text: statement.sql().clone(),
            parameters: parameters(&statement),
            outline: Outline::of(sql.as_str()),
            shape: Shape::new(statement.columns(), |info| (ServerType::of(info), None))?,
            statement,
        });
        let text = plan.text.clone();
        self.statements
            .plans
            .insert(text.as_str(), Arc::clone(&plan));
        Ok((plan, false))
    }

    /// Prepares a statement that has parameters to infer. A failure would end a transaction, so
    /// inside of one a savepoint stands around the attempt; once a statement is known there is none.
    async fn prepare(&mut self, text: SqlStr, declared: &Declared) -> Result<PgStatement, Error> {
        let types = declared.types();
        let guarded = self.transaction_depth() > 0 && may_need_types(text.as_str());
        if guarded {
            self.run_control(guard("SAVEPOINT")).await?;
        }
        self.in_flight = true;
        let patience = self.patience();
        let prepared = (&mut self.inner).prepare_with(text, &types);
        let prepared = patience.wait(prepared).await;
        self.in_flight = false;
        match &prepared {
            Ok(_) if guarded => self.run_control(guard("RELEASE SAVEPOINT")).await?,
            Err(error) if guarded && is_inference_failure(error) => {
                self.run_control(guard("ROLLBACK TO SAVEPOINT")).await?;
                self.run_control(guard("RELEASE SAVEPOINT")).await?;
            }
            Err(error) => self.note_error(error),
            Ok(_) => {}
        }
        prepared
    }

    /// Drops every prepared statement, here and on the server. SQLx has no way to drop one.
    pub(super) async fn forget_statements(&mut self) -> Result<(), Error> {
        self.statements.plans.clear();
        self.statements.declarations.clear();
        self.in_flight = true;
        let patience = self.patience();
        let cleared = patience.wait(self.inner.clear_cached_statements()).await;
        self.in_flight = false;
        if let Err(error) = &cleared {
            self.note_error(error);
        }
        cleared
    }

    /// Prepares a statement for [`sqlx::Executor::prepare`].
    pub(super) async fn describe_for_any(&mut self, sql: SqlStr) -> Result<AnyStatement, Error> {
        self.settle().await?;
        let (plan, _) = self.plan(&sql, &Declared::default()).await?;
        let types: Option<Vec<AnyTypeInfo>> = (plan.parameters.iter())
            .map(|parameter| parameter.server_type.carrier())
            .collect();
        Ok(AnyStatement {
            sql,
            parameters: Some(types.map_or(Either::Right(plan.parameters.len()), Either::Left)),
            column_names: Arc::clone(&plan.shape.names),
            columns: plan.shape.columns.clone(),
        })
    }
}

fn parameters(statement: &PgStatement) -> Vec<Parameter> {
    match statement.parameters() {
        Some(Either::Left(types)) => (types.iter())
            .map(|info| Parameter {
                info: info.clone(),
                server_type: ServerType::of(info),
            })
            .collect(),
        _ => Vec::new(),
    }
}

fn same_types(some: &[Parameter], others: &[Parameter]) -> bool {
    some.len() == others.len()
        && (some.iter().zip(others)).all(|(one, other)| one.info == other.info)
}

/// Whether a text may have parameters: without any there is nothing to infer.
fn may_need_types(sql: &str) -> bool {
    sql.as_bytes().contains(&b'$')
}

fn guard(verb: &str) -> SqlStr {
    AssertSqlSafe(format!("{verb} {GUARD}")).into_sql_str()
}
