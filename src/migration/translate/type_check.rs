//! The names of the CHECKs that hold a column to its type.

/// How the name of every CHECK begins that the translator adds to a column. A row that breaks one
/// holds a value that does not fit its column: what PostgreSQL itself reports as a data exception
/// (SQLSTATE class 22), not as a broken rule of the application's.
///
/// In capitals, since PostgreSQL checks in the order of the names, by their bytes: so these come
/// before the application's own, as they do on SQLite.
pub const TYPE_CHECK_PREFIX: &str = "TWINBASE_TYPE.";

/// The longest name that PostgreSQL keeps whole, in bytes (NAMEDATALEN - 1).
const NAME_MAX: usize = 63;

/// The name of the CHECK on a column: `TWINBASE_TYPE.<table>.<column>`, the same on both engines.
/// Where that has more than 63 bytes, its beginning, `~` and a hash of the whole.
pub(super) fn type_check_name(table: &str, column: &str) -> String {
    let name = format!("{TYPE_CHECK_PREFIX}{table}.{column}");
    if name.len() <= NAME_MAX {
        return name;
    }
    // FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let kept = name.floor_char_boundary(NAME_MAX - 9);
    format!("{}~{hash:08x}", &name[..kept])
}

/// The table and the column that a CHECK of the translator's belonged to when it was made, by its
/// name. `None` for the application's own constraints, and where the name was too long to be kept
/// whole.
///
/// ```
/// use twinbase::migration::translate::type_check_column;
///
/// assert_eq!(type_check_column("TWINBASE_TYPE.item.price"), Some(("item", "price")));
/// assert_eq!(type_check_column("item_price_positive"), None);
/// ```
#[must_use]
pub fn type_check_column(constraint: &str) -> Option<(&str, &str)> {
    let (table, column) = constraint
        .strip_prefix(TYPE_CHECK_PREFIX)?
        .split_once('.')?;
    (!column.contains(['.', '~'])).then_some((table, column))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_gives_its_table_and_column_back() {
        let name = type_check_name("item", "price");
        assert_eq!(type_check_column(&name), Some(("item", "price")));
    }

    #[test]
    fn long_names_fit_and_stay_apart() {
        let (table, column) = ("größe".repeat(8), "c".repeat(40));
        let names = [
            type_check_name(&table, &column),
            type_check_name(&table, &format!("{column}d")),
        ];
        assert_ne!(names[0], names[1]);
        for name in names {
            assert!(
                name.len() <= NAME_MAX && name.starts_with(TYPE_CHECK_PREFIX),
                "{name}"
            );
            assert_eq!(type_check_column(&name), None);
        }
    }
}
