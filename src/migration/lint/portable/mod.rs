//! What the engines do differently, found in the source of a portable file.

mod casts;
mod clauses;
mod comparisons;
mod definitions;
mod expressions;
mod functions;
mod literals;
mod names;
mod orders;
mod queries;
mod scope;
mod statements;
mod tokens;
mod views;

use std::ops::ControlFlow;

use sqlparser::ast::{Expr, Query, Select, Spanned as _, Statement, Visit as _, Visitor};
use sqlparser::tokenizer::Span;

use super::found::Sink;
use super::model::Model;
use super::parse::{Read, body};
use super::rule::Rule;
use super::rule::own::UNPARSED;
use scope::Scope;

/// Looks at a statement of a portable file; `after` is the schema that it leaves.
pub(super) fn check(read: &Read, after: &Model, sink: &mut Sink<'_>) {
    if !statements::is_known(read, sink) {
        return;
    }
    tokens::check(read, sink);
    match &read.ast {
        Ok(statement) => {
            let mut look = Look {
                read,
                scope: Scope::of(statement, after),
                place: Place::Query,
                converted: Vec::new(),
                updates: matches!(body(statement), Statement::Update(_)),
                sink,
            };
            look.statement(statement);
        }
        Err(why) => {
            let what = format!("{}: {why}", read.statement.short());
            sink.add(&UNPARSED, read.statement.line, what);
        }
    }
}

/// Where an expression stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// In a query, or in a statement that writes rows.
    Query,
    /// In a CHECK or an index, which the driver does not look into.
    Definition,
}

/// A look at one statement.
struct Look<'a, 's, 'f> {
    read: &'a Read,
    scope: Scope<'a>,
    place: Place,
    /// The aggregates around which a CAST stands.
    converted: Vec<Span>,
    /// Whether the statement is an UPDATE.
    updates: bool,
    sink: &'s mut Sink<'f>,
}

impl Look<'_, '_, '_> {
    fn found(&mut self, rule: &'static Rule, span: Span, what: impl Into<String>) {
        let line = self.read.line(span.start.line);
        self.sink.add(rule, line, what.into());
    }

    /// As `found`, with what to write instead in this case.
    fn advised(&mut self, rule: &'static Rule, span: Span, what: String, safe: &str) {
        let line = self.read.line(span.start.line);
        self.sink.advise(rule, line, what, safe);
    }

    fn statement(&mut self, statement: &Statement) {
        let written = body(statement);
        statements::clauses(self, written);
        names::check(self, written);
        match written {
            Statement::CreateTable(create) => definitions::table(self, create),
            Statement::AlterTable(alter) => definitions::alteration(self, alter),
            Statement::CreateIndex(index) => definitions::index(self, index),
            Statement::CreateView(view) => {
                views::columns(self, view);
                let _ = statement.visit(self);
            }
            Statement::Insert(insert) => {
                literals::inserted(self, insert);
                let _ = statement.visit(self);
            }
            Statement::Update(update) => {
                literals::assigned(self, &update.assignments);
                if let Some(selection) = &update.selection {
                    queries::condition(self, selection);
                }
                let _ = statement.visit(self);
            }
            Statement::Delete(delete) => {
                if let Some(selection) = &delete.selection {
                    queries::condition(self, selection);
                }
                let _ = statement.visit(self);
            }
            _ => {
                let _ = statement.visit(self);
            }
        }
    }

    /// Looks at an expression of a definition.
    fn defined(&mut self, expr: &Expr) {
        let before = std::mem::replace(&mut self.place, Place::Definition);
        let _ = expr.visit(self);
        self.place = before;
    }
}

impl Visitor for Look<'_, '_, '_> {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        queries::query(self, query);
        ControlFlow::Continue(())
    }

    fn pre_visit_select(&mut self, select: &Select) -> ControlFlow<()> {
        queries::select(self, select);
        ControlFlow::Continue(())
    }

    fn pre_visit_expr(&mut self, expr: &Expr) -> ControlFlow<()> {
        expressions::expression(self, expr);
        ControlFlow::Continue(())
    }
}

/// Whether the expression is one column, parentheses or not.
fn is_column(expr: &Expr) -> bool {
    match expr {
        Expr::Nested(inner) => is_column(inner),
        Expr::Identifier(_) | Expr::CompoundIdentifier(_) => true,
        _ => false,
    }
}

/// The expression as it stands in the finding, cut short.
fn shown(expr: &Expr) -> String {
    super::super::statement::shorten(&expr.to_string())
}

/// Where it stands; nowhere, which counts as the statement's first line, for what the parser does not place.
fn place_of(expr: &Expr) -> Span {
    expr.span()
}
