//! Statements with their values written into them.
//!
//! A value that is bound needs a prepared statement, which stays in a session of the server. Through a
//! pooler in transaction mode the next transaction may be in another session, where that statement is not,
//! or is another client's. So what the runner itself says is text alone.

use std::fmt::Write as _;

use sqlx::{AnyConnection, AssertSqlSafe};

/// A value as SQL.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'v> {
    Integer(i64),
    Text(Option<&'v str>),
    Bytes(&'v [u8]),
}

impl From<i64> for Value<'_> {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl<'v> From<&'v str> for Value<'v> {
    fn from(value: &'v str) -> Self {
        Self::Text(Some(value))
    }
}

impl<'v> From<Option<&'v str>> for Value<'v> {
    fn from(value: Option<&'v str>) -> Self {
        Self::Text(value)
    }
}

impl<'v> From<&'v [u8]> for Value<'v> {
    fn from(value: &'v [u8]) -> Self {
        Self::Bytes(value)
    }
}

/// The statement with the first value for `$1` and so on, for the engine of the connection.
pub(super) fn written<const N: usize>(
    conn: &AnyConnection,
    sql: &str,
    values: [Value<'_>; N],
) -> AssertSqlSafe<String> {
    AssertSqlSafe(fill(sql, &values, conn.backend_name() == "SQLite"))
}

fn fill(sql: &str, values: &[Value<'_>], is_sqlite: bool) -> String {
    let mut parts = sql.split('$');
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let number: Option<usize> = part[..digits].parse().ok();
        if let Some(value) = number.and_then(|number| values.get(number.checked_sub(1)?)) {
            value.write(&mut text, is_sqlite);
        }
        text.push_str(&part[digits..]);
    }
    text
}

impl Value<'_> {
    fn write(self, text: &mut String, is_sqlite: bool) {
        match self {
            Self::Integer(number) => {
                // A minus would stick to one before it.
                let _ = write!(text, "({number})");
            }
            Self::Text(None) => text.push_str("NULL"),
            Self::Text(Some(value)) => {
                let doubled = value.replace('\'', "''");
                if is_sqlite || !value.contains('\\') {
                    let _ = write!(text, "'{doubled}'");
                } else {
                    // The same whether the server takes backslashes in plain strings for escapes or not.
                    let _ = write!(text, "E'{}'", doubled.replace('\\', "\\\\"));
                }
            }
            Self::Bytes(bytes) => {
                text.push_str(if is_sqlite { "X'" } else { "decode('" });
                for byte in bytes {
                    let _ = write!(text, "{byte:02x}");
                }
                text.push_str(if is_sqlite { "'" } else { "', 'hex')" });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_stand_where_their_numbers_stood() {
        let values = [
            Value::from("it's $2 \\"),
            Value::from(-5),
            Value::from(None),
            Value::from(&[0, 255][..]),
        ];
        let sql = "SELECT $1, 1 -$2, $3, $4 WHERE $1";
        assert_eq!(
            fill(sql, &values, false),
            "SELECT E'it''s $2 \\\\', 1 -(-5), NULL, decode('00ff', 'hex') WHERE E'it''s $2 \\\\'"
        );
        assert_eq!(
            fill(sql, &values, true),
            "SELECT 'it''s $2 \\', 1 -(-5), NULL, X'00ff' WHERE 'it''s $2 \\'"
        );
    }
}
