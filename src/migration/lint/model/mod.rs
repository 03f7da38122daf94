//! What the migrations have made so far, by their text.

mod name;

use std::collections::BTreeMap;

use sqlparser::ast::{
    AlterColumnOperation, AlterTableOperation, AlterViewOperation, BinaryOperator, ColumnDef,
    ColumnOption, CreateIndex, CreateTable, Expr, ObjectName, ObjectType, RenameTableNameKind,
    Statement, TableConstraint,
};

use super::kind::Kind;

pub(super) use name::{beside, folded, key, last};

/// The schema at a point of the list of versions, by names as [`key`] writes them.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) tables: BTreeMap<String, Table>,
    pub(super) indexes: BTreeMap<String, Index>,
    /// The version that makes each view.
    pub(super) views: BTreeMap<String, i64>,
}

/// A table.
#[derive(Debug, Clone, Default)]
pub(super) struct Table {
    /// The version that makes it.
    pub(super) made_by: i64,
    /// Its columns, in their order.
    pub(super) columns: Vec<Column>,
    /// The columns of its primary key.
    pub(super) key: Vec<String>,
    /// Its CHECKs by name.
    pub(super) checks: BTreeMap<String, Check>,
}

/// An index.
#[derive(Debug, Clone)]
pub(super) struct Index {
    pub(super) table: String,
    /// Those of its columns that are no expressions.
    pub(super) columns: Vec<String>,
}

/// A column.
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) not_null: bool,
    /// Its collation, where it says one.
    pub(super) collation: Option<String>,
}

/// A constraint that was added to a table.
#[derive(Debug, Clone)]
pub(super) struct Check {
    /// The version that adds it.
    pub(super) added_by: i64,
    /// The columns that it says are never NULL.
    pub(super) not_null: Vec<String>,
    /// Whether rows that existed have been looked at.
    pub(super) valid: bool,
}

impl Table {
    pub(super) fn column(&self, name: &str) -> Option<&Column> {
        self.columns.iter().find(|column| column.name == name)
    }

    /// Whether a constraint of the column, or a validated CHECK that is not among `dropped`, says that it
    /// is never NULL.
    pub(super) fn is_never_null(&self, column: &str, dropped: &[String]) -> bool {
        let says = |(name, check): (&String, &Check)| {
            let is_about = check.not_null.iter().any(|name| name == column);
            check.valid && is_about && !dropped.contains(name)
        };
        self.checks.iter().any(says) || self.column(column).is_some_and(|column| column.not_null)
    }
}

/// The columns of which `expr` says that they are not NULL.
fn never_null(expr: &Expr) -> Vec<String> {
    match expr {
        Expr::Nested(inner) => never_null(inner),
        Expr::BinaryOp {
            left,
            op: BinaryOperator::And,
            right,
        } => [never_null(left), never_null(right)].concat(),
        Expr::IsNotNull(inner) => match &**inner {
            Expr::Identifier(ident) => vec![folded(ident)],
            _ => Vec::new(),
        },
        _ => Vec::new(),
    }
}

/// Those of the columns that are no expressions.
pub(super) fn plain(columns: &[sqlparser::ast::IndexColumn]) -> Vec<String> {
    let names = columns
        .iter()
        .filter_map(|column| match &column.column.expr {
            Expr::Identifier(ident) => Some(folded(ident)),
            _ => None,
        });
    names.collect()
}

impl Model {
    /// Takes in what a statement of `version` does.
    pub(super) fn apply(&mut self, statement: &Statement, version: i64) {
        match statement {
            Statement::CreateTable(create) => self.create(create, version),
            Statement::CreateVirtualTable { name, .. } => {
                let table = Table {
                    made_by: version,
                    ..Table::default()
                };
                self.tables.insert(key(name), table);
            }
            Statement::CreateView(view) => {
                self.views.insert(key(&view.name), version);
            }
            Statement::AlterView(alter) => {
                if let AlterViewOperation::RenameTo { new_name } = &alter.operation {
                    self.rename(&mut key(&alter.name), new_name);
                }
            }
            Statement::CreateIndex(index) => self.create_index(index),
            Statement::AlterTable(alter) => {
                let mut table = key(&alter.name);
                for operation in &alter.operations {
                    self.alter(&mut table, operation, version);
                }
            }
            Statement::AlterIndex { name, operation } => {
                let sqlparser::ast::AlterIndexOperation::RenameIndex { index_name } = operation;
                let name = key(name);
                if let Some(index) = self.indexes.remove(&name) {
                    self.indexes.insert(beside(&name, &last(index_name)), index);
                }
            }
            Statement::Drop {
                object_type, names, ..
            } => {
                for name in names.iter().map(key) {
                    match object_type {
                        ObjectType::Table => {
                            self.tables.remove(&name);
                            self.indexes.retain(|_, index| index.table != name);
                        }
                        ObjectType::View | ObjectType::MaterializedView => {
                            self.views.remove(&name);
                        }
                        ObjectType::Index => {
                            self.indexes.remove(&name);
                        }
                        _ => {}
                    }
                }
            }
            _ => {}
        }
    }

    fn create(&mut self, create: &CreateTable, version: i64) {
        let name = key(&create.name);
        if create.if_not_exists && self.tables.contains_key(&name) {
            return;
        }
        let mut table = Table {
            made_by: version,
            ..Table::default()
        };
        for column in &create.columns {
            add_column(&mut table, column);
        }
        for constraint in &create.constraints {
            add_constraint(&mut table, constraint, version, true);
        }
        self.tables.insert(name, table);
    }

    fn alter(&mut self, name: &mut String, operation: &AlterTableOperation, version: i64) {
        if let AlterTableOperation::RenameTable { table_name } = operation {
            let (RenameTableNameKind::As(new) | RenameTableNameKind::To(new)) = table_name;
            self.rename(name, new);
            return;
        }
        let Some(table) = self.tables.get_mut(name) else {
            return;
        };
        match operation {
            AlterTableOperation::AddColumn { column_def, .. } => add_column(table, column_def),
            AlterTableOperation::DropColumn { column_names, .. } => {
                for column in column_names.iter().map(folded) {
                    table.columns.retain(|known| known.name != column);
                    // What names it goes with it.
                    table
                        .checks
                        .retain(|_, check| !check.not_null.contains(&column));
                }
            }
            AlterTableOperation::RenameColumn {
                old_column_name,
                new_column_name,
            } => {
                let (old, new) = (folded(old_column_name), folded(new_column_name));
                for column in table.columns.iter_mut().filter(|c| c.name == old) {
                    column.name.clone_from(&new);
                }
                let said = table.checks.values_mut().flat_map(|c| &mut c.not_null);
                for column in said.filter(|column| **column == old) {
                    column.clone_from(&new);
                }
            }
            AlterTableOperation::AlterColumn { column_name, op } => {
                let name = folded(column_name);
                for column in table.columns.iter_mut().filter(|c| c.name == name) {
                    match op {
                        AlterColumnOperation::SetNotNull => column.not_null = true,
                        AlterColumnOperation::DropNotNull => column.not_null = false,
                        AlterColumnOperation::SetDataType { data_type, .. } => {
                            column.kind = Kind::of(data_type);
                        }
                        _ => {}
                    }
                }
            }
            AlterTableOperation::AddConstraint {
                constraint,
                not_valid,
            } => add_constraint(table, constraint, version, !not_valid),
            AlterTableOperation::ValidateConstraint { name } => {
                if let Some(check) = table.checks.get_mut(&folded(name)) {
                    check.valid = true;
                }
            }
            AlterTableOperation::DropConstraint { name, .. } => {
                table.checks.remove(&folded(name));
            }
            _ => {}
        }
    }

    fn create_index(&mut self, create: &CreateIndex) {
        let Some(name) = &create.name else {
            return;
        };
        let table = key(&create.table_name);
        let name = beside(&table, &last(name));
        let columns = plain(&create.columns);
        self.indexes.insert(name, Index { table, columns });
    }

    fn rename(&mut self, name: &mut String, new: &ObjectName) {
        let new = beside(name, &last(new));
        if let Some(table) = self.tables.remove(name) {
            self.tables.insert(new.clone(), table);
        }
        if let Some(version) = self.views.remove(name) {
            self.views.insert(new.clone(), version);
        }
        for index in self.indexes.values_mut().filter(|i| i.table == *name) {
            index.table.clone_from(&new);
        }
        *name = new;
    }
}

fn add_column(table: &mut Table, definition: &ColumnDef) {
    let name = folded(&definition.name);
    let has = |wanted: fn(&ColumnOption) -> bool| {
        definition
            .options
            .iter()
            .any(|option| wanted(&option.option))
    };
    let is_key = has(|option| matches!(option, ColumnOption::PrimaryKey(_)));
    if is_key {
        table.key = vec![name.clone()];
    }
    table.columns.push(Column {
        kind: Kind::of(&definition.data_type),
        not_null: is_key || has(|option| matches!(option, ColumnOption::NotNull)),
        collation: definition
            .options
            .iter()
            .find_map(|option| match &option.option {
                ColumnOption::Collation(collation) => Some(last(collation)),
                _ => None,
            }),
        name,
    });
}

fn add_constraint(table: &mut Table, constraint: &TableConstraint, version: i64, valid: bool) {
    let (name, not_null) = match constraint {
        TableConstraint::PrimaryKey(key) => {
            table.key = plain(&key.columns);
            for column in &mut table.columns {
                column.not_null |= table.key.contains(&column.name);
            }
            return;
        }
        TableConstraint::Check(check) => (&check.name, never_null(&check.expr)),
        TableConstraint::ForeignKey(key) => (&key.name, Vec::new()),
        _ => return,
    };
    // One without a name can't be validated by name; that of its table is good enough to be told apart.
    let name = name
        .as_ref()
        .map_or_else(|| format!(" {}", table.checks.len()), folded);
    let check = Check {
        added_by: version,
        not_null,
        valid,
    };
    table.checks.insert(name, check);
}
