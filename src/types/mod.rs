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
//!
//! ```
//! use poem_openapi::Object;
//! use poem_openapi::types::{ParseFromJSON as _, ToJSON as _};
//! use sqlx::FromRow; // the derive: feature `derive`
//! use twinbase::types::{Date, Decimal, Json, Timestamp, Uuid};
//!
//! #[derive(Debug, Clone, PartialEq, Object, FromRow)]
//! struct Invoice {
//!     id: Uuid,
//!     sent_at: Timestamp,
//!     due: Option<Date>,
//!     total: Decimal,
//!     tags: Json<Vec<String>>,
//! }
//!
//! # tokio::runtime::Runtime::new().unwrap().block_on(async {
//! # let mut config = twinbase::config::DatabaseConfig::default();
//! # config.url = Some("sqlite::memory:".parse()?);
//! # let database = twinbase::database::Database::new(&config)?;
//! # let table = "CREATE TABLE invoices (id UUID PRIMARY KEY, sent_at TIMESTAMPTZ NOT NULL,
//! #     due DATE, total NUMERIC(20,8) NOT NULL, tags JSONB NOT NULL);";
//! # let migrations = twinbase::migration::Migrations::from_files([("20260301090000_invoices.sql", table)])?;
//! # database.migrate(&migrations).await?;
//! let invoice = Invoice {
//!     id: Uuid::now_v7(), // sorts by the moment of its making
//!     sent_at: Timestamp::now(),
//!     due: Some("2026-03-31".parse()?),
//!     total: "19.99".parse()?,
//!     tags: Json(vec!["new".to_owned()]),
//! };
//! let stored: Invoice = sqlx::query_as("INSERT INTO invoices VALUES ($1, $2, $3, $4, $5) RETURNING *")
//!     .bind(invoice.id)
//!     .bind(invoice.sent_at)
//!     .bind(invoice.due) // `None` is NULL
//!     .bind(invoice.total)
//!     .bind(&invoice.tags)
//!     .fetch_one(database.pool())
//!     .await?;
//! assert_eq!(stored, invoice);
//! assert_eq!(Invoice::parse_from_json(stored.to_json()).unwrap(), invoice);
//! # database.close().await;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! # }).unwrap();
//! ```
//!
//! # In the API
//! - Every one of them but [`Json`] is a string, [`Decimal`] too: a JSON number loses digits in many a
//!   client. A [`Json<T>`](Json) is its `T`.
//! - `Vec<u8>` is a list of numbers. For base64, give the API a struct of its own with
//!   `poem_openapi::types::Base64<Vec<u8>>`: a row's struct can't hold it.
//! - poem-openapi's document says of an `Option` that it may be left out, not that it may be `null`. With
//!   `#[oai(skip_serializing_if_is_none)]` the answers keep to that.
//! - `#[oai(default = …)]` writes the value into the document: not for [`Uuid::now_v7`] and
//!   [`Timestamp::now`].
//! - poem-openapi's payload is called `Json` too; under its module, `payload::Json`, it is told apart.

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
