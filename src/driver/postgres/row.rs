//! Rows of `PgConnection` into rows of `Any`.

use std::sync::Arc;

use sqlx::postgres::{PgColumn, PgRow, PgTypeInfo, PgValueFormat};
use sqlx::{Column, Error, Row, ValueRef};
use sqlx_core::HashMap;
use sqlx_core::any::{AnyColumn, AnyRow, AnyValue, AnyValueKind};
use sqlx_core::ext::ustr::UStr;

use super::decode::{decode_binary, decode_text};
use super::server_type::{ServerType, UnsupportedColumn, type_name};

/// The columns of a result, shared by all of its rows.
#[derive(Debug)]
pub(super) struct Shape {
    types: Vec<ServerType>,
    pub(super) columns: Vec<AnyColumn>,
    pub(super) names: Arc<HashMap<UStr, usize>>,
}

impl Shape {
    /// The shape of these columns, whose types `classify` tells together with their names.
    ///
    /// # Errors
    ///
    /// [`Error::ColumnDecode`] with [`UnsupportedColumn`] of the first column that can't be read.
    pub(super) fn new(
        columns: &[PgColumn],
        classify: impl Fn(&PgTypeInfo) -> (ServerType, Option<String>),
    ) -> Result<Self, Error> {
        let mut shape = Self {
            types: Vec::with_capacity(columns.len()),
            columns: Vec::with_capacity(columns.len()),
            names: Arc::default(),
        };
        let mut names = HashMap::with_capacity(columns.len());
        for column in columns {
            let (server_type, name) = classify(column.type_info());
            let Some(carrier) = server_type.carrier() else {
                let sql_type = name.unwrap_or_else(|| type_name(column.type_info()));
                return Err(Error::ColumnDecode {
                    index: format!("{:?}", column.name()),
                    source: UnsupportedColumn::new(column.name(), &sql_type).into(),
                });
            };
            let name = UStr::new(column.name());
            // Of columns with the same name the last is found by name, as with SQLx's own drivers.
            names.insert(name.clone(), column.ordinal());
            shape.types.push(server_type);
            shape.columns.push(AnyColumn {
                ordinal: column.ordinal(),
                name,
                type_info: carrier,
            });
        }
        shape.names = Arc::new(names);
        Ok(shape)
    }

    /// A row of this shape.
    ///
    /// # Errors
    ///
    /// [`Error::ColumnDecode`] if a value has no form in `Any`, an infinite timestamp for one.
    pub(super) fn row(&self, row: &PgRow) -> Result<AnyRow, Error> {
        let mut values = Vec::with_capacity(self.types.len());
        for (index, &server_type) in self.types.iter().enumerate() {
            let raw = row.try_get_raw(index)?;
            let kind = if raw.is_null() {
                AnyValueKind::Null(self.columns[index].type_info.kind)
            } else {
                let bytes = raw.as_bytes().map_err(Error::Decode)?;
                let decoded = match raw.format() {
                    PgValueFormat::Binary => decode_binary(server_type, bytes),
                    PgValueFormat::Text => decode_text(server_type, bytes),
                };
                decoded.map_err(|source| Error::ColumnDecode {
                    index: format!("{:?}", &*self.columns[index].name),
                    source: source.into(),
                })?
            };
            values.push(AnyValue { kind });
        }
        Ok(AnyRow {
            column_names: Arc::clone(&self.names),
            columns: self.columns.clone(),
            values,
        })
    }
}
