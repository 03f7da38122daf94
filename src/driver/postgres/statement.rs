//! Prepared statements: what the server says about them, kept as long as they are.

use std::sync::Arc;

use sqlx::any::{AnyStatement, AnyTypeInfo};
use sqlx::postgres::PgStatement;
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Error, Executor, SqlSafeStr, SqlStr, Statement,
};
use sqlx_core::any::AnyValueKind;
use sqlx_core::common::StatementCache;

use super::connection::Connection;
use super::encode::Parameter;
use super::inference::{Declared, is_inference_failure};
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
    pub(super) declarations: StatementCache<Vec<usize>>,
    /// How often a statement was described again because an argument did not fit.
    pub(super) described_again: u64,
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

    /// The plan that is kept under this text.
    pub(super) fn known(&mut self, text: &SqlStr) -> Option<Arc<Plan>> {
        self.plans.get_mut(text.as_str()).cloned()
    }

    /// What had to be declared when this text was prepared before.
    pub(super) fn declared_before(&mut self, sql: &SqlStr, values: &[AnyValueKind]) -> Declared {
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
    /// Whether the text has a `?`, which may be one of `QueryBuilder`'s.
    pub(super) has_question: bool,
    pub(super) parameters: Vec<Parameter>,
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

impl Connection {
    /// The plan of a statement, and whether it was there already.
    pub(super) async fn plan(
        &mut self,
        sql: &SqlStr,
        declared: &Declared,
    ) -> Result<(Arc<Plan>, bool), Error> {
        let decorated = declared.decorate(sql);
        let text = decorated.as_ref().unwrap_or(sql);
        if let Some(plan) = self.statements.known(text) {
            return Ok((plan, true));
        }
        let statement = self.prepare(text.clone(), declared).await?;
        let plan = Arc::new(Plan {
            text: statement.sql().clone(),
            has_question: text.as_str().contains('?'),
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

pub(super) fn parameters(statement: &PgStatement) -> Vec<Parameter> {
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

/// Whether a text may have parameters: without any there is nothing to infer.
fn may_need_types(sql: &str) -> bool {
    sql.as_bytes().contains(&b'$')
}

pub(super) fn guard(verb: &str) -> SqlStr {
    AssertSqlSafe(format!("{verb} {GUARD}")).into_sql_str()
}
