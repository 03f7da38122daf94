//! Checksums as sqlx computes them: SHA-384 of the bytes.

use std::fmt::Write as _;

use sqlx::SqlSafeStr as _;
use sqlx::migrate::{Migration, MigrationType};

/// The checksum of a text, as `_sqlx_migrations` keeps it.
pub(super) fn of(sql: &str) -> Vec<u8> {
    // sqlx's own, so that the two can't differ.
    Migration::new(
        0,
        "".into(),
        MigrationType::Simple,
        sqlx::AssertSqlSafe(sql.to_owned()).into_sql_str(),
        false,
    )
    .checksum
    .into_owned()
}

/// The checksum of a source file's text, in hexadecimal digits; line ends are no part of it.
pub(super) fn of_source(sql: &str) -> String {
    hexadecimal(&of(&sql.replace("\r\n", "\n")))
}

/// Bytes as hexadecimal digits.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
