//! Rows of `PgConnection` into rows of `Any`.

use std::sync::Arc;

use sqlx::any::AnyQueryResult;
use sqlx::postgres::{PgColumn, PgQueryResult, PgRow, PgTypeInfo, PgValueFormat};
use sqlx::{Column, Either, Error, Row, ValueRef};
use sqlx_core::HashMap;
use sqlx_core::any::{AnyColumn, AnyRow, AnyValue, AnyValueKind};
use sqlx_core::ext::ustr::UStr;

use super::column_name::interned;
use super::decode::{DecodeError, push_binary, push_text};
use super::server_type::{ServerType, UnsupportedColumn, type_name};

/// What a statement gives, as `Any` has it and as `PgConnection` has it.
pub(super) type AnyItem = Either<AnyQueryResult, AnyRow>;
pub(super) type PgItem = Either<PgQueryResult, PgRow>;

/// The result of a statement; `changes` tells whether its count is of changed rows, not of read ones.
pub(super) fn any_result(result: &PgQueryResult, changes: bool) -> AnyQueryResult {
    AnyQueryResult {
        rows_affected: if changes { result.rows_affected() } else { 0 },
        last_insert_id: None,
    }
}

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
            let name = interned(column.name());
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
    #[inline]
    pub(super) fn row(&self, row: &PgRow) -> Result<AnyRow, Error> {
        Ok(AnyRow {
            values: self.values(row)?,
            columns: self.columns.clone(),
            column_names: Arc::clone(&self.names),
        })
    }

    fn values(&self, row: &PgRow) -> Result<Vec<AnyValue>, Error> {
        let mut values = Vec::with_capacity(self.types.len());
        for (index, &server_type) in self.types.iter().enumerate() {
            // Looked at in place: copying it out costs as much as decoding a number.
            let pushed = match &row.try_get_raw(index) {
                Ok(raw) if raw.is_null() => {
                    let kind = AnyValueKind::Null(self.columns[index].type_info.kind);
                    values.push(AnyValue { kind });
                    continue;
                }
                Ok(raw) => match (raw.as_bytes(), raw.format()) {
                    (Ok(bytes), PgValueFormat::Binary) => {
                        push_binary(server_type, bytes, &mut values)
                    }
                    (Ok(bytes), PgValueFormat::Text) => push_text(server_type, bytes, &mut values),
                    (Err(_), _) => Err(DecodeError::Malformed),
                },
                Err(_) => Err(DecodeError::Malformed),
            };
            pushed.map_err(|source| Error::ColumnDecode {
                index: format!("{:?}", &*self.columns[index].name),
                source: source.into(),
            })?;
        }
        Ok(values)
    }
}
