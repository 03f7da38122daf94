//! What was found, and where.

use super::rule::Rule;

/// Something in a migration that breaks a [`Rule`].
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The file below the migrations folder.
    pub path: String,
    /// The line of the file, from 1.
    pub line: usize,
    /// The rule.
    pub rule: &'static Rule,
    /// What breaks it.
    pub what: String,
    /// What to write instead: the rule's advice, or one for this case.
    pub safe: String,
}

/// A finding in a file that is being looked at.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) rule: &'static Rule,
    /// The number of its statement in the file; `None` for what no allow can stand above.
    pub(super) statement: Option<usize>,
    pub(super) line: usize,
    pub(super) what: String,
    pub(super) safe: Option<String>,
}

/// Where the rules put what they find in a statement.
#[derive(Debug)]
pub(super) struct Sink<'f> {
    found: &'f mut Vec<Found>,
    statement: usize,
}

impl<'f> Sink<'f> {
    pub(super) fn new(found: &'f mut Vec<Found>, statement: usize) -> Self {
        Self { found, statement }
    }

    /// Adds a finding, unless the same was said of the same line.
    pub(super) fn add(&mut self, rule: &'static Rule, line: usize, what: String) {
        self.put(rule, line, what, None);
    }

    /// As `add`, with what to write instead in this case.
    pub(super) fn advise(&mut self, rule: &'static Rule, line: usize, what: String, safe: &str) {
        self.put(rule, line, what, Some(safe.to_owned()));
    }

    fn put(&mut self, rule: &'static Rule, line: usize, what: String, safe: Option<String>) {
        let is_there = self
            .found
            .iter()
            .any(|found| found.rule == rule && found.line == line && found.what == what);
        if !is_there {
            self.found.push(Found {
                rule,
                statement: Some(self.statement),
                line,
                what,
                safe,
            });
        }
    }
}

impl Found {
    pub(super) fn at(self, path: &str) -> Finding {
        Finding {
            path: path.to_owned(),
            line: self.line,
            rule: self.rule,
            what: self.what,
            safe: self.safe.unwrap_or_else(|| self.rule.safe.to_owned()),
        }
    }
}
