//! What SQLite itself says of a statement that changes its connection for those who come later.
//!
//! The words of a statement say most of it
//! ([`session_state`](crate::driver::session_state)), but not where they are in quotes, behind a comment
//! that only SQLite ends there, or in the text of a `begin_with()`.

use rusqlite::hooks::{AuthAction, AuthContext};

/// The pragmas that take an argument and set nothing, or nothing that outlives its transaction.
const HARMLESS: [&str; 13] = [
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "integrity_check",
    "optimize",
    "quick_check",
    "table_info",
    "table_list",
    "table_xinfo",
    "wal_checkpoint",
];

/// Whether the action makes or attaches what only its connection has, or sets something.
pub(super) fn is_changed_by(context: &AuthContext<'_>) -> bool {
    match context.action {
        AuthAction::CreateTempIndex { .. }
        | AuthAction::CreateTempTable { .. }
        | AuthAction::CreateTempTrigger { .. }
        | AuthAction::CreateTempView { .. }
        | AuthAction::Attach { .. }
        | AuthAction::Detach { .. } => true,
        AuthAction::CreateIndex { .. }
        | AuthAction::CreateTable { .. }
        | AuthAction::CreateTrigger { .. }
        | AuthAction::CreateView { .. }
        | AuthAction::CreateVtable { .. } => {
            (context.database_name).is_some_and(|name| name.eq_ignore_ascii_case("temp"))
        }
        AuthAction::Pragma {
            pragma_name,
            pragma_value: Some(_),
        } => !(HARMLESS.iter()).any(|name| pragma_name.eq_ignore_ascii_case(name)),
        _ => false,
    }
}
