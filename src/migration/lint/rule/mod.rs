//! The rules: what each finds, why it matters, and the safe way.

pub(super) mod live;
pub(super) mod own;
pub(super) mod portable;

use crate::config::Engine;

/// One thing that the lint looks for.
#[derive(Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name, as `-- lint: allow` writes it.
    pub name: &'static str,
    /// What kind of trouble it is about.
    pub family: Family,
    /// The engines on which it goes wrong.
    pub engines: &'static [Engine],
    /// What it finds.
    pub finds: &'static str,
    /// Why that matters, in a sentence.
    pub why: &'static str,
    /// What to write instead.
    pub safe: &'static str,
}

/// What kind of trouble a [`Rule`] is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Family {
    /// It does not run, or does not mean the same, on the other engine.
    Portability,
    /// It stops a `PostgreSQL` that is in use, or the release that is running on it.
    Live,
    /// It is about the lint itself: what it could not read, and what it was told.
    Lint,
}

impl Family {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Portability => "portability",
            Self::Live => "live",
            Self::Lint => "lint",
        }
    }
}

impl Rule {
    /// Whether `-- lint: allow` may name it: not where the file can't run at all, and not where the
    /// finding is about such a line.
    #[must_use]
    pub fn may_be_allowed(&self) -> bool {
        ![
            &own::ALLOW_MALFORMED,
            &own::ALLOW_UNKNOWN_RULE,
            &own::ALLOW_UNUSED,
            &portable::NOT_PORTABLE,
            &portable::REFUSED_BY_RUNNER,
        ]
        .contains(&self)
    }
}

/// All rules, in the order of the documentation.
///
/// ```
/// let rule = twinbase::migration::lint::rules().find(|rule| rule.name == "truncate").unwrap();
/// assert!(rule.safe.contains("DELETE"));
/// ```
pub fn rules() -> impl Iterator<Item = &'static Rule> {
    portable::ALL
        .iter()
        .chain(live::ALL)
        .chain(own::ALL)
        .copied()
}

const BOTH: &[Engine] = &[Engine::Postgres, Engine::Sqlite];
const POSTGRES: &[Engine] = &[Engine::Postgres];
