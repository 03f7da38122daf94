//! Portable SQL → the SQL of one engine.

use std::borrow::Cow;

use crate::config::Engine;

/// Why a portable text can't be said on an engine.
#[derive(Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct TranslateError {
    /// The line in the source file, from 1.
    pub line: usize,
    /// What is wrong and what to write.
    pub problem: String,
}

/// Translates.
pub fn translate(sql: &str, _engine: Engine) -> Result<String, TranslateError> {
    Ok(Cow::from(sql).into_owned())
}
