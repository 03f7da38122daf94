//! Primary keys, foreign keys and CHECKs.

use std::fmt::Write as _;

use super::pairs::{Pair, pairs};
use super::{Found, list, same_columns};
use crate::migration::parity::difference::Aspect;
use crate::migration::parity::model::{Check, Checked, ForeignKey, Key};

pub(super) fn primary(
    found: &mut Found,
    table: &str,
    postgres: Option<&Key>,
    sqlite: Option<&Key>,
) {
    match (postgres, sqlite) {
        (Some(theirs), Some(ours)) if same_columns(&theirs.columns, &ours.columns) => {
            let object = format!("{table}.{}", theirs.name);
            found.name(&object, &theirs.name, &ours.name);
            if theirs.on_conflict != ours.on_conflict {
                found.texts(table, Aspect::PrimaryKey, theirs.terms(), ours.terms());
            }
            checked(found, &object, theirs, ours);
        }
        (None, None) => {}
        (theirs, ours) => {
            let text = |key: Option<&Key>| key.map(Key::terms);
            found.add(table, Aspect::PrimaryKey, text(theirs), text(ours), true);
        }
    }
}

/// Tells when a key is looked at.
pub(super) fn checked(found: &mut Found, object: &str, postgres: &Key, sqlite: &Key) {
    let time = |key: &Key| {
        let when = match key.checked {
            Checked::AtOnce => "at once",
            Checked::AfterStatement => "after the statement",
            Checked::AtCommit => "at COMMIT",
        };
        when.to_owned()
    };
    found.texts(object, Aspect::Deferred, time(postgres), time(sqlite));
}

pub(super) fn foreign(
    found: &mut Found,
    table: &str,
    postgres: &[ForeignKey],
    sqlite: &[ForeignKey],
) {
    for pair in pairs(postgres, sqlite, |key| &key.name, is_same_reference) {
        let object = format!("{table}.{}", pair.name(|key| &key.name));
        let (theirs, ours) = match pair {
            Pair::Both(theirs, ours) => (theirs, ours),
            one => {
                found.one_sided(&object, Aspect::ForeignKey, &one, whole);
                continue;
            }
        };
        found.name(&object, &theirs.name, &ours.name);
        if !is_same_reference(theirs, ours) {
            found.texts(&object, Aspect::Target, reference(theirs), reference(ours));
        }
        for (what, theirs, ours) in [
            (Aspect::OnDelete, &theirs.on_delete, &ours.on_delete),
            (Aspect::OnUpdate, &theirs.on_update, &ours.on_update),
        ] {
            found.texts(&object, what, theirs.clone(), ours.clone());
        }
        let time = |key: &ForeignKey| {
            let when = if key.is_deferred {
                "at COMMIT"
            } else {
                "at once"
            };
            when.to_owned()
        };
        found.texts(&object, Aspect::Deferred, time(theirs), time(ours));
        let way = |key: &ForeignKey| {
            let way = if key.matches_full {
                "MATCH FULL"
            } else {
                "MATCH SIMPLE"
            };
            way.to_owned()
        };
        found.texts(&object, Aspect::Match, way(theirs), way(ours));
    }
}

fn is_same_reference(one: &ForeignKey, other: &ForeignKey) -> bool {
    same_columns(&one.columns, &other.columns)
        && one.target.eq_ignore_ascii_case(&other.target)
        && same_columns(&one.target_columns, &other.target_columns)
}

fn reference(key: &ForeignKey) -> String {
    let (columns, target) = (list(&key.columns), list(&key.target_columns));
    format!("{columns} REFERENCES {} {target}", key.target)
}

fn whole(key: &ForeignKey) -> String {
    let mut text = reference(key);
    for (when, action) in [("DELETE", &key.on_delete), ("UPDATE", &key.on_update)] {
        if action != "NO ACTION" {
            let _ = write!(text, " ON {when} {action}");
        }
    }
    text
}

pub(super) fn checks(found: &mut Found, table: &str, postgres: &[Check], sqlite: &[Check]) {
    let is_alike = |one: &Check, other: &Check| one.condition.is(&other.condition);
    for pair in pairs(postgres, sqlite, |check| &check.name, is_alike) {
        let object = format!("{table}.{}", pair.name(|check| &check.name));
        match pair {
            Pair::Both(theirs, ours) => {
                found.name(&object, &theirs.name, &ours.name);
                if !is_alike(theirs, ours) {
                    let text = |check: &Check| Some(check.condition.text.clone());
                    found.add(&object, Aspect::Condition, text(theirs), text(ours), false);
                }
            }
            one => found.one_sided(&object, Aspect::Check, &one, |c| c.condition.text.clone()),
        }
    }
}
