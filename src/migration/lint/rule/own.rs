//! The rules about the lint itself.

use super::{BOTH, Family, Rule};

macro_rules! rules {
    ($($id:ident $name:literal: $finds:literal, $why:literal, $safe:literal;)*) => {
        $(pub(in super::super) static $id: Rule = Rule {
            name: $name, family: Family::Lint, engines: BOTH, finds: $finds, why: $why, safe: $safe,
        };)*
        pub(super) static ALL: &[&Rule] = &[$(&$id),*];
    };
}

rules! {
    UNPARSED "unparsed":
        "a statement that the parser can't read",
        "no other rule has looked at it",
        "check it by hand against the rules, then allow it with what you found";
    ALLOW_MALFORMED "allow-malformed":
        "a `-- lint:` that is not `-- lint: allow RULE reason`",
        "it allows nothing",
        "write `-- lint: allow RULE reason` above the statement";
    ALLOW_UNKNOWN_RULE "allow-unknown-rule":
        "an allow of a rule that does not exist, or can't be allowed",
        "it allows nothing",
        "take the rule's name from the finding, or from `twinbase migrate lint --rules`";
    ALLOW_UNUSED "allow-unused":
        "an allow with no such finding in its statement",
        "it would hide the next one",
        "remove it, or put it directly above the statement that it is meant for";
}
