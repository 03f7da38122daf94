//! Statements that are told by their words: the parser does not know all of them.

use sqlparser::tokenizer::Token;

use super::super::parse::Read;
use super::super::rule::live::{
    FULL_REWRITE, LOCK_TABLE, REFRESH_WITHOUT_CONCURRENTLY, REINDEX_WITHOUT_CONCURRENTLY,
};
use super::{Look, is_concurrent};

/// What a statement is by its words alone.
enum Words {
    Reindex,
    Refresh,
    /// It writes a table anew.
    Rewrite,
    Lock,
    /// No rule here is about it.
    Harmless,
}

/// How statements begin that no rule here is about.
const HARMLESS: [&[&str]; 6] = [
    &["VACUUM"],
    &["ALTER", "SEQUENCE"],
    &["CREATE", "PUBLICATION"],
    &["ALTER", "PUBLICATION"],
    &["CREATE", "STATISTICS"],
    &["CREATE", "CAST"],
];

/// What a column's settings are called that only say how it is stored.
const SETTINGS: [&str; 3] = ["STATISTICS", "STORAGE", "COMPRESSION"];

fn of(read: &Read) -> Option<Words> {
    let statement = &read.statement;
    let begins = |words: &[&str]| statement.begins(words);
    let sets = |what: &str| {
        let mut pairs = statement.words.windows(2);
        begins(&["ALTER", "TABLE"]) && pairs.any(|two| two[0] == "SET" && two[1] == what)
    };
    let is_full = || statement.words.iter().take(4).any(|word| word == "FULL");
    let is_one_change = || read.tokens.iter().all(|token| token.token != Token::Comma);
    Some(if begins(&["REINDEX"]) {
        Words::Reindex
    } else if begins(&["REFRESH", "MATERIALIZED", "VIEW"]) {
        Words::Refresh
    } else if begins(&["CLUSTER"]) || begins(&["VACUUM"]) && is_full() || sets("TABLESPACE") {
        Words::Rewrite
    } else if begins(&["LOCK"]) {
        Words::Lock
    } else if HARMLESS.iter().any(|words| begins(words))
        || SETTINGS.iter().any(|setting| sets(setting)) && is_one_change()
    {
        Words::Harmless
    } else {
        return None;
    })
}

/// Whether the rules here know the statement by its words, though the parser may not.
pub(in super::super) fn is_known(read: &Read) -> bool {
    of(read).is_some()
}

/// Looks at a statement that is told by its words; false for any other.
pub(super) fn check(look: &mut Look<'_, '_, '_>) -> bool {
    let Some(words) = of(look.read) else {
        return false;
    };
    let concurrent = is_concurrent(look.read);
    let rule = match words {
        Words::Reindex if !concurrent => &REINDEX_WITHOUT_CONCURRENTLY,
        Words::Refresh if !concurrent => &REFRESH_WITHOUT_CONCURRENTLY,
        Words::Rewrite => &FULL_REWRITE,
        Words::Lock => &LOCK_TABLE,
        Words::Reindex | Words::Refresh | Words::Harmless => return true,
    };
    let short = look.read.statement.short();
    look.here(rule, short.clone());
    look.lock(&short);
    true
}
