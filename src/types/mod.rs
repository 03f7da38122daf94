//! Values that are the same on both engines.
//!
//! Each type wraps the field's crate for it and adds what a service needs around it: sqlx's traits
//! for `Any` (a struct with `#[derive(FromRow)]` may hold it, `bind` takes it, `Option<T>` is
//! NULL), serde, and poem-openapi's, so that one struct serves the database and the API.
//!
//! | type | column | travels and shows as | range |
//! |---|---|---|---|
//! | [`Uuid`] | `UUID` | `0190163d-8694-739b-aea5-966c26f8ad91` | any UUID |
//! | [`Timestamp`] | `TIMESTAMPTZ` | `2024-06-14T07:05:09.000000Z`, always UTC | years 0001 to 9999, microseconds |
//! | [`Date`] | `DATE` | `2024-06-14` | years 0001 to 9999 |
//! | [`Decimal`] | `NUMERIC(p,s)`, `NUMERIC` | `1234.5`, no exponent, no trailing zeros | 28 digits |
//! | [`Json<T>`](Json) | `JSONB` | JSON text | what PostgreSQL's JSONB takes |
//!
//! The other columns need no type of ours: `BOOLEAN` is `bool`; `SMALLINT`, `INTEGER` and `BIGINT`
//! are `i16`, `i32` and `i64`; `DOUBLE PRECISION` is `f64`; `TEXT` and `VARCHAR(n)` are `String`;
//! `BYTEA` is `Vec<u8>`.
//!
//! A value that does not fit is a [`ValueError`] that says the limit. Nothing is rounded and
//! nothing is cut, in either direction.

mod date;
mod decimal;
mod digits;
mod error;
mod json;
mod openapi;
mod serde_text;
mod sql;
mod timestamp;
mod uuid;

pub use date::Date;
pub use decimal::Decimal;
pub use error::ValueError;
pub use json::Json;
pub use timestamp::Timestamp;
pub use uuid::Uuid;
