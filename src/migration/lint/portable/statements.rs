//! Statements and clauses that both engines have.

use sqlparser::ast::{
    AlterTableOperation, ConflictTarget, Delete, GroupByExpr, JoinConstraint, ObjectType,
    OnConflictAction, OnInsert, Query, SetExpr, Statement,
};

use super::super::found::Sink;
use super::super::parse::Read;
use super::super::rule::portable::ONE_ENGINE_STATEMENT;
use super::{Look, literals, queries};

/// How the statements begin that both engines have.
const KNOWN: &[&[&str]] = &[
    &["CREATE", "TABLE"],
    &["CREATE", "TEMP", "TABLE"],
    &["CREATE", "TEMPORARY", "TABLE"],
    &["CREATE", "INDEX"],
    &["CREATE", "UNIQUE", "INDEX"],
    &["CREATE", "VIEW"],
    &["CREATE", "TEMP", "VIEW"],
    &["CREATE", "TEMPORARY", "VIEW"],
    &["ALTER", "TABLE"],
    &["DROP", "TABLE"],
    &["DROP", "INDEX"],
    &["DROP", "VIEW"],
    &["INSERT"],
    &["UPDATE"],
    &["DELETE", "FROM"],
    &["SELECT"],
    &["WITH"],
    &["VALUES"],
    &["ANALYZE"],
    &["SAVEPOINT"],
    &["RELEASE"],
    &["ROLLBACK", "TO"],
];

/// Whether both engines have such a statement.
pub(super) fn is_known(read: &Read, sink: &mut Sink<'_>) -> bool {
    let statement = &read.statement;
    let known = KNOWN.iter().any(|words| statement.begins(words));
    if !known {
        let words = statement.words.iter().take(3);
        let begins = words.map(String::as_str).collect::<Vec<_>>().join(" ");
        sink.add(
            &ONE_ENGINE_STATEMENT,
            statement.line,
            format!("a statement that begins with {begins}"),
        );
    }
    known
}

/// Looks at the clauses of a statement.
pub(super) fn clauses(look: &mut Look<'_, '_, '_>, statement: &Statement) {
    let mut one_engine = |what: &str| {
        let line = look.read.statement.line;
        look.sink.add(&ONE_ENGINE_STATEMENT, line, what.into());
    };
    match statement {
        Statement::AlterTable(alter) => {
            for operation in &alter.operations {
                if let Some(what) = one_engine_change(operation) {
                    one_engine(what);
                }
            }
        }
        Statement::CreateIndex(index) => {
            if index.concurrently {
                one_engine("CONCURRENTLY");
            }
            if index.using.is_some() {
                one_engine("an index with USING");
            }
            if !index.include.is_empty() {
                one_engine("an index with INCLUDE");
            }
            if index.nulls_distinct.is_some() || !index.with.is_empty() {
                one_engine("an index with options");
            }
            if index.name.is_none() {
                one_engine("an index without a name");
            }
            let has_class = |c: &sqlparser::ast::IndexColumn| c.operator_class.is_some();
            if index.columns.iter().any(has_class) {
                one_engine("an index with an operator class");
            }
        }
        Statement::CreateView(view) => {
            if view.or_replace {
                one_engine("CREATE OR REPLACE VIEW");
            }
            if view.if_not_exists {
                one_engine("CREATE VIEW IF NOT EXISTS");
            }
        }
        Statement::Drop {
            object_type,
            names,
            cascade,
            restrict,
            ..
        } => {
            if *cascade || *restrict {
                one_engine("DROP … CASCADE or RESTRICT");
            }
            if names.len() > 1 {
                one_engine("DROP of several things");
            }
            if !matches!(
                object_type,
                ObjectType::Table | ObjectType::Index | ObjectType::View
            ) {
                one_engine("DROP of what SQLite does not have");
            }
        }
        Statement::Insert(insert) => {
            if let Some(OnInsert::OnConflict(conflict)) = &insert.on {
                if insert.source.as_deref().is_some_and(ends_in_from) {
                    one_engine(
                        "ON CONFLICT directly after FROM, which SQLite reads as the ON of a join \
                         (write WHERE TRUE between)",
                    );
                }
                if matches!(
                    conflict.conflict_target,
                    Some(ConflictTarget::OnConstraint(_))
                ) {
                    one_engine("ON CONFLICT ON CONSTRAINT");
                }
                if let OnConflictAction::DoUpdate(update) = &conflict.action {
                    if conflict.conflict_target.is_none() {
                        one_engine("ON CONFLICT DO UPDATE without its columns");
                    }
                    literals::assigned(look, &update.assignments);
                }
            }
        }
        Statement::Delete(delete) => {
            if let Some(what) = one_engine_delete(delete) {
                one_engine(what);
            }
        }
        Statement::Update(update) => {
            if !update.order_by.is_empty() || update.limit.is_some() {
                one_engine("UPDATE with ORDER BY or LIMIT");
            }
            if !update.table.joins.is_empty() {
                one_engine("UPDATE of a join");
            }
        }
        _ => {}
    }
}

/// Whether the query's last words name tables, so that an ON may belong to them.
fn ends_in_from(query: &Query) -> bool {
    let mut body = &*query.body;
    while let SetExpr::SetOperation { right, .. } = body {
        body = right;
    }
    let SetExpr::Select(select) = body else {
        return false;
    };
    let Some(from) = select.from.last() else {
        return false;
    };
    let is_grouped = match &select.group_by {
        GroupByExpr::All(_) => true,
        GroupByExpr::Expressions(groups, _) => !groups.is_empty(),
    };
    let is_joined = from.joins.last().is_some_and(|join| {
        queries::constraint(&join.join_operator).is_some_and(|constraint| {
            matches!(constraint, JoinConstraint::On(_) | JoinConstraint::Using(_))
        })
    });
    select.selection.is_none()
        && select.having.is_none()
        && select.named_window.is_empty()
        && query.order_by.is_none()
        && query.limit_clause.is_none()
        && !is_grouped
        && !is_joined
}

fn one_engine_change(operation: &AlterTableOperation) -> Option<&'static str> {
    match operation {
        AlterTableOperation::AddColumn { .. }
        | AlterTableOperation::RenameColumn { .. }
        | AlterTableOperation::RenameTable { .. } => None,
        AlterTableOperation::DropColumn {
            if_exists,
            drop_behavior,
            ..
        } => (*if_exists || drop_behavior.is_some())
            .then_some("DROP COLUMN with IF EXISTS, CASCADE or RESTRICT"),
        AlterTableOperation::AddConstraint { .. } => Some("ALTER TABLE … ADD CONSTRAINT"),
        _ => Some("a change of ALTER TABLE that SQLite does not have"),
    }
}

fn one_engine_delete(delete: &Delete) -> Option<&'static str> {
    if delete.using.is_some() {
        Some("DELETE … USING")
    } else if !delete.order_by.is_empty() || delete.limit.is_some() {
        Some("DELETE with ORDER BY or LIMIT")
    } else {
        None
    }
}
