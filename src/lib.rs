//! The database foundation of a service: the same code on an embedded SQLite file and on
//! PostgreSQL.

pub mod driver;
