//! The names that PostgreSQL gives to constraints without one of their own.
//!
//! SQLite gives none at all, so its driver names them by the same rules: `<table>_pkey`,
//! `<table>_<columns>_key`, `<table>_<columns>_fkey`, `<table>_<column>_check`,
//! `<table>_<column>_not_null` (`ChooseConstraintName`, `ChooseIndexName` and `makeObjectName` in
//! PostgreSQL's src/backend).

/// The longest name that PostgreSQL keeps whole, in bytes (NAMEDATALEN - 1).
const NAME_MAX: usize = 63;

/// The name of a constraint of `table` over `columns`; `label` is what it ends in.
pub(crate) fn default_name(table: &str, columns: &[&str], label: &str) -> String {
    let columns = columns.join("_");
    let columns = cut(&columns, NAME_MAX);
    let separators = if columns.is_empty() { 1 } else { 2 };
    let room = NAME_MAX.saturating_sub(label.len() + separators);
    let (mut first, mut second) = (table.len(), columns.len());
    // PostgreSQL shortens the longer one, byte by byte, and then back to a whole character.
    while first + second > room {
        if first > second {
            first -= 1;
        } else {
            second -= 1;
        }
    }
    let (table, columns) = (cut(table, first), cut(columns, second));
    if columns.is_empty() {
        format!("{table}_{label}")
    } else {
        format!("{table}_{columns}_{label}")
    }
}

fn cut(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_as_postgresql_makes_them() {
        assert_eq!(default_name("item", &[], "pkey"), "item_pkey");
        assert_eq!(default_name("item", &["a", "b"], "key"), "item_a_b_key");
        let (table, column) = ("t".repeat(50), "c".repeat(50));
        assert_eq!(
            default_name(&table, &[&column], "fkey"),
            format!("{}_{}_fkey", "t".repeat(29), "c".repeat(28))
        );
    }
}
