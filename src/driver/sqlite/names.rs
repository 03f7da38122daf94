//! Column names that cost nothing to copy.
//!
//! Each of `Any`'s rows has its own copy of its columns. Counted references, copied and dropped a
//! thousand times a query, cost more than reading the values; a static name costs nothing.

use sqlx_core::ext::ustr::UStr;
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// How many names are kept for the life of the process. A program has some hundreds; the bound is
/// for one that makes them up.
const KEPT: usize = 4096;

/// The longest name that is kept, in bytes.
const LONGEST: usize = 64;

static NAMES: Mutex<Option<HashSet<&'static str>>> = Mutex::new(None);

/// The name, static where it is one of the first so many of the process.
pub(super) fn keep(name: &str) -> UStr {
    let mut names = NAMES.lock().unwrap_or_else(PoisonError::into_inner);
    let names = names.get_or_insert_default();
    if let Some(kept) = names.get(name) {
        return UStr::Static(kept);
    }
    if names.len() >= KEPT || name.len() > LONGEST {
        return UStr::new(name);
    }
    let kept: &'static str = Box::leak(name.into());
    names.insert(kept);
    UStr::Static(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once_unless_it_is_long() {
        let (UStr::Static(first), UStr::Static(second)) = (keep("kept_once"), keep("kept_once"))
        else {
            panic!("a short name is kept");
        };
        assert!(std::ptr::eq(first, second));
        assert!(matches!(keep(&"x".repeat(LONGEST + 1)), UStr::Shared(_)));
    }
}
