//! The columns of a statement's result, and its rows as `Any` has them.

use super::booleans::Booleans;
use super::checked_casts;
use super::declared::{Declared, Decoded, Misfit, MisfitError};
use super::names;
use rusqlite::types::ValueRef;
use rusqlite::{Row, Statement};
use sqlx_core::any::{AnyColumn, AnyRow, AnyTypeInfo, AnyTypeInfoKind, AnyValue, AnyValueKind};
use sqlx_core::ext::ustr::UStr;
use sqlx_core::{Error, HashMap};
use std::sync::Arc;

/// The columns of a result, as they were when the statement was last prepared.
#[derive(Debug)]
pub(super) struct Columns {
    /// Where each name is.
    pub(super) names: Arc<HashMap<UStr, usize>>,
    /// The columns for `Any`.
    pub(super) any: Vec<AnyColumn>,
    pub(super) declared: Vec<Declared>,
    /// Whether any has no declared type.
    some_unknown: bool,
    declared_names: Vec<Option<String>>,
}

impl Columns {
    /// Reads the columns of the statement; after its first step, since that may prepare it again.
    pub(super) fn read(statement: &Statement<'_>, booleans: &Booleans) -> Self {
        let found = statement.columns();
        let mut places = HashMap::with_capacity(found.len());
        let mut columns = Vec::with_capacity(found.len());
        let mut declared = Vec::with_capacity(found.len());
        let mut declared_names = Vec::with_capacity(found.len());
        for (ordinal, column) in found.iter().enumerate() {
            let declared_name = column.decl_type();
            let type_of = match declared_name {
                Some(name) => Declared::parse(name),
                None if booleans.contains(ordinal, found.len()) => Declared::Boolean,
                None => Declared::Unknown,
            };
            let name = names::keep(&checked_casts::original(column.name()));
            places.insert(name.clone(), ordinal);
            columns.push(AnyColumn {
                ordinal,
                name,
                type_info: AnyTypeInfo {
                    kind: type_of.kind(),
                },
            });
            declared.push(type_of);
            declared_names.push(declared_name.map(str::to_owned));
        }
        Self {
            names: Arc::new(places),
            any: columns,
            some_unknown: declared.contains(&Declared::Unknown),
            declared,
            declared_names,
        }
    }

    /// The value in this column, as it is stored.
    ///
    /// # Errors
    /// Where the row has no such column.
    #[inline]
    pub(super) fn value<'r>(row: &'r Row<'_>, ordinal: usize) -> Result<ValueRef<'r>, Error> {
        row.get_ref(ordinal)
            .map_err(|error| Error::AnyDriverError(error.into()))
    }

    /// The value in this column, read by its type.
    ///
    /// # Errors
    /// [`Error::ColumnDecode`] where it does not fit.
    #[inline]
    pub(super) fn decode<'v>(
        &self,
        value: ValueRef<'v>,
        ordinal: usize,
    ) -> Result<Decoded<'v>, Error> {
        self.declared[ordinal]
            .decode(value)
            .map_err(|misfit| self.misfit(ordinal, misfit))
    }

    /// The error for a value that does not fit its column.
    #[cold]
    pub(super) fn misfit(&self, ordinal: usize, misfit: Misfit) -> Error {
        let name: &str = &self.any[ordinal].name;
        let declared = self.declared_names[ordinal].as_deref();
        Error::ColumnDecode {
            index: format!("{name:?}"),
            source: MisfitError::new(name, declared, misfit).into(),
        }
    }

    /// A row of the result.
    ///
    /// # Errors
    /// [`Error::ColumnDecode`] where a value does not fit its column.
    pub(super) fn any_row(&self, row: &Row<'_>) -> Result<AnyRow, Error> {
        let mut values = Vec::with_capacity(self.any.len());
        for (ordinal, column) in self.any.iter().enumerate() {
            let kind = match self.decode(Self::value(row, ordinal)?, ordinal)? {
                Decoded::Null => AnyValueKind::Null(column.type_info.kind),
                Decoded::Bool(value) => AnyValueKind::Bool(value),
                Decoded::Integer(value) => AnyValueKind::BigInt(value),
                Decoded::Double(value) => AnyValueKind::Double(value),
                Decoded::Text(text) => AnyValueKind::Text(Arc::new(text.into_owned())),
                Decoded::Blob(bytes) => AnyValueKind::Blob(Arc::new(bytes.to_vec())),
            };
            values.push(AnyValue { kind });
        }
        Ok(AnyRow {
            column_names: Arc::clone(&self.names),
            columns: self.of_row(&values),
            values,
        })
    }

    /// The columns of a row: where nothing was declared, the type is that of the value.
    pub(super) fn of_row(&self, values: &[AnyValue]) -> Vec<AnyColumn> {
        let mut columns = self.any.clone();
        if !self.some_unknown {
            return columns;
        }
        for ((column, declared), value) in columns.iter_mut().zip(&self.declared).zip(values) {
            if *declared == Declared::Unknown {
                column.type_info.kind = kind_of(&value.kind);
            }
        }
        columns
    }
}

/// The type of a value whose column has none.
const fn kind_of(value: &AnyValueKind) -> AnyTypeInfoKind {
    match value {
        AnyValueKind::BigInt(_) => AnyTypeInfoKind::BigInt,
        AnyValueKind::Double(_) => AnyTypeInfoKind::Double,
        AnyValueKind::Text(_) => AnyTypeInfoKind::Text,
        AnyValueKind::Blob(_) => AnyTypeInfoKind::Blob,
        _ => AnyTypeInfoKind::Null,
    }
}
