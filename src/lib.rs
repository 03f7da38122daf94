//! The database foundation of a service: the same code on an embedded SQLite file and on
//! PostgreSQL.
//!
//! - [`config`]: what the service is told, from which source each value came, and the database URL.

pub mod config;
