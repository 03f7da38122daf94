//! Portable SQL into an engine's own.
//!
//! A portable migration is written in what PostgreSQL and SQLite share, with PostgreSQL's column
//! types. Both engines get the same text but for the definitions of columns:
//!
//! | written | on PostgreSQL | on SQLite |
//! |---|---|---|
//! | `BOOLEAN` | same | `BOOLEAN`, 0 or 1 |
//! | `SMALLINT`, `INTEGER`, `BIGINT` | same | same, whole numbers within the type's range |
//! | `DOUBLE PRECISION` | same, no NaN | same, numbers alone |
//! | `TEXT` | `TEXT COLLATE "C"` | same, text alone |
//! | `VARCHAR(n)` | `VARCHAR COLLATE "C"`, n characters at most, none cut | same, n characters at most |
//! | `BYTEA` | same | `BYTEA_BLOB`, bytes alone |
//! | `UUID` | same | `UUID_TEXT`, canonical text |
//! | `TIMESTAMPTZ` | same, years 1 to 9999 | `TIMESTAMPTZ_TEXT`, canonical text |
//! | `DATE` | same, years 1 to 9999 | `DATE_TEXT`, canonical text |
//! | `NUMERIC(p,s)`, `NUMERIC` | `NUMERIC`, p and s checked, none rounded | `NUMERIC_TEXT`, canonical text under [`DECIMAL_COLLATION`] |
//! | `JSONB` | same | `JSONB_TEXT`, valid JSON |
//!
//! Each condition is a CHECK on the column whose name begins with [`TYPE_CHECK_PREFIX`]. PostgreSQL
//! gets that of an added column as NOT VALID: rows that exist are known to fit. On SQLite
//! the columns of a primary key are NOT NULL, and an INTEGER key is not the rowid. Defaults are
//! literals, or the present moment in UTC, and each engine gets them in its own form.
//!
//! Only CREATE TABLE and ALTER TABLE … ADD COLUMN are looked into, and within them only types and
//! defaults change: blanks, comments and every other statement stay byte for byte. What can't be
//! understood there, or what only one engine honours, is a [`TranslateError`] with its place and
//! the way out, the same for both engines. Variants for one engine are not translated.

mod column;
mod column_type;
mod default;
mod error;
mod postgres;
mod reader;
pub(super) mod reading_back;
mod sqlite;
mod statement;
mod token;
mod type_check;

use crate::config::Engine;
use crate::driver::constraint_name::default_name;

pub use error::{Position, TranslateError};
pub use sqlite::DECIMAL_COLLATION;
pub use type_check::{TYPE_CHECK_PREFIX, type_check_column};

use reader::Reader;
pub(super) use reader::quote_name;

/// The version of the translation. It rises whenever the same source may give another text.
pub const VERSION: u32 = 3;

/// The text of a portable migration for `engine`.
///
/// ```
/// use twinbase::config::Engine;
/// use twinbase::migration::translate::translate;
///
/// let source = "CREATE TABLE item (id UUID PRIMARY KEY, paid BOOLEAN NOT NULL); -- kept";
/// assert_eq!(translate(source, Engine::Postgres)?, source);
/// assert!(translate(source, Engine::Sqlite)?.starts_with("CREATE TABLE item (id UUID_TEXT "));
///
/// let error = translate("CREATE TABLE item (id SERIAL)", Engine::Sqlite).unwrap_err();
/// assert_eq!(error.position().column, 23);
/// # Ok::<(), twinbase::migration::translate::TranslateError>(())
/// ```
///
/// # Errors
///
/// [`TranslateError`] where the text is not portable.
pub fn translate(sql: &str, engine: Engine) -> Result<String, TranslateError> {
    let tokens = token::tokenize(sql)?;
    let mut translated = String::with_capacity(sql.len() * 2);
    let mut copied = 0;
    for statement in tokens.split(|token| token.is_mark(";")) {
        let Some(defined) = statement::columns(Reader::new(sql, statement))? else {
            continue;
        };
        // Checking an added column reads the whole table under a lock that stops its readers. There is
        // nothing to check: rows that exist have the default, which was found to fit, or NULL.
        let mut addition = None;
        for column in &defined.columns {
            let check = quote_name(&type_check::type_check_name(&defined.table, &column.name));
            let column_type = match engine {
                Engine::Sqlite => {
                    let own = default_name(&defined.table, &[&column.name], "check");
                    Some(sqlite::column(column, &check, &quote_name(&own)))
                }
                Engine::Postgres => postgres::column(column).map(|own| match own.condition {
                    None => own.declared.to_owned(),
                    Some(condition) if defined.is_addition => {
                        addition = Some(format!(
                            ", ADD CONSTRAINT {check} CHECK ({condition}) NOT VALID"
                        ));
                        own.declared.to_owned()
                    }
                    Some(condition) => {
                        format!("{} CONSTRAINT {check} CHECK ({condition})", own.declared)
                    }
                }),
            };
            let default = column.default.as_ref();
            let default = default.and_then(|default| {
                let text = default.on(engine)?;
                Some((default.span.clone(), text.to_owned()))
            });
            let column_type = column_type.map(|text| (column.type_span.clone(), text));
            for (span, text) in column_type.into_iter().chain(default) {
                translated.push_str(&sql[copied..span.start]);
                translated.push_str(&text);
                // A statement keeps its lines, by which failures and findings name it.
                translated.extend(sql[span.clone()].matches('\n'));
                copied = span.end;
            }
        }
        if let (Some(addition), Some(last)) = (addition, statement.last()) {
            translated.push_str(&sql[copied..last.end()]);
            translated.push_str(&addition);
            copied = last.end();
        }
    }
    translated.push_str(&sql[copied..]);
    Ok(translated)
}

#[cfg(test)]
mod tests;
