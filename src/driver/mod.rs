//! The drivers that stand under sqlx's `Any`: one module an engine.

pub mod sqlite;
