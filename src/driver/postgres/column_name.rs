//! The names of columns, kept once a process.
//!
//! Every row of `Any` has its own list of columns, and copying a shared name for each of them costs
//! as much as reading a number. A name that lives as long as the process is copied for nothing.

use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

use sqlx_core::ext::ustr::UStr;

/// How many names are kept at most, and how long they may be: a program that makes up names for its
/// columns, as a pivot table does, gets shared ones for the rest.
const MAX_NAMES: usize = 4096;
const MAX_LENGTH: usize = 64;

/// The name, kept for good as long as there is room.
pub(super) fn interned(name: &str) -> UStr {
    static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);
    if name.len() > MAX_LENGTH {
        return UStr::new(name);
    }
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(known) = names.get(name) {
        return UStr::Static(known);
    }
    if names.len() >= MAX_NAMES {
        return UStr::new(name);
    }
    let kept: &'static str = Box::leak(Box::from(name));
    names.insert(kept);
    UStr::Static(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_and_not_without_end() {
        let pointer = |name: &UStr| name.as_ptr();
        assert_eq!(
            pointer(&interned("a_column")),
            pointer(&interned("a_column"))
        );
        let long = "x".repeat(MAX_LENGTH + 1);
        assert!(matches!(interned(&long), UStr::Shared(_)));
        for number in 0..=MAX_NAMES {
            interned(&format!("made_up_{number}"));
        }
        assert!(matches!(interned("one_more"), UStr::Shared(_)));
        assert_eq!(&*interned("one_more"), "one_more");
    }
}
