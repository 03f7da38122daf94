//! The files of `corpus/`, a folder a rule.
//!
//! A file holds the migrations of a case, each after a line `-- file: NAME`; `shop.sql` runs before them.
//! A line that ends in `-- <- RULE, RULE` has these findings; `-- ^ RULE` says so of the line above it.
//! What stands before the first migration says what the engines do with the newest one.

use std::fs;
use std::path::{Path, PathBuf};

use twinbase::migration::Migrations;
use twinbase::migration::lint::lint;

pub(super) struct Case {
    pub(super) rule: String,
    pub(super) is_bad: bool,
    /// What stands before the first migration.
    said: Vec<(String, String)>,
    /// The migrations, names and texts.
    pub(super) files: Vec<(String, String)>,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/migrations/lint/corpus")
}

/// The names of the rules that have a folder.
pub(super) fn rules() -> Vec<String> {
    let entries = fs::read_dir(folder()).unwrap().map(Result::unwrap);
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut names: Vec<_> = folders
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// What is there before each case.
pub(super) fn shop() -> (String, String) {
    let sql = fs::read_to_string(folder().join("shop.sql")).unwrap();
    ("20260101000000_shop.sql".to_owned(), sql)
}

/// The bad and the good case of a rule.
pub(super) fn of(rule: &str) -> [Case; 2] {
    [true, false].map(|is_bad| Case::read(rule, is_bad))
}

impl Case {
    fn read(rule: &str, is_bad: bool) -> Self {
        let name = if is_bad { "bad.sql" } else { "good.sql" };
        let text = fs::read_to_string(folder().join(rule).join(name)).unwrap();
        let (mut said, mut files) = (Vec::new(), Vec::<(String, String)>::new());
        for line in text.lines() {
            if let Some(name) = line.strip_prefix("-- file: ") {
                files.push((name.to_owned(), String::new()));
            } else if let Some((_, sql)) = files.last_mut() {
                sql.push_str(line);
                sql.push('\n');
            } else {
                let (key, value) = line.strip_prefix("-- ").unwrap().split_once(": ").unwrap();
                said.push((key.to_owned(), value.to_owned()));
            }
        }
        Self {
            rule: rule.to_owned(),
            is_bad,
            said,
            files,
        }
    }

    pub(super) fn name(&self) -> String {
        let which = if self.is_bad { "bad" } else { "good" };
        format!("{}/{which}", self.rule)
    }

    pub(super) fn says(&self, key: &str) -> Option<&str> {
        let found = self.said.iter().find(|(other, _)| other == key);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether the case says so of what was seen; of a failure it says a part of its message.
    pub(super) fn agrees(&self, key: &str, seen: &str) -> bool {
        match self.says(key) {
            Some(said) => match said.strip_prefix("fails: ") {
                Some(part) => seen.starts_with("fails: ") && seen.contains(part),
                None => said == seen,
            },
            None => false,
        }
    }

    pub(super) fn migrations(&self) -> Migrations {
        let shop = shop();
        let files = std::iter::once(&shop).chain(&self.files);
        Migrations::from_files(files.map(|(name, sql)| (name.as_str(), sql.as_str()))).unwrap()
    }

    /// The findings that the marks ask for: file, line, rule.
    fn expected(&self) -> Vec<(String, usize, String)> {
        let mut expected = Vec::new();
        for (name, sql) in &self.files {
            for (at, line) in sql.lines().enumerate() {
                let marks = match line.strip_prefix("-- ^ ") {
                    Some(rules) => Some((rules, at)),
                    None => line.split_once("-- <- ").map(|(_, rules)| (rules, at + 1)),
                };
                if let Some((rules, line)) = marks {
                    let rules = rules.split(", ");
                    expected.extend(rules.map(|rule| (name.clone(), line, rule.to_owned())));
                }
            }
        }
        expected.sort();
        expected
    }
}

#[test]
fn each_rule_has_a_bad_and_a_good_case_and_each_case_a_rule() {
    let mut known: Vec<_> = twinbase::migration::lint::rules()
        .map(|rule| rule.name.to_owned())
        .collect();
    known.sort();
    assert_eq!(rules(), known);
}

#[test]
fn what_is_there_before_has_no_finding() {
    let (name, sql) = shop();
    let migrations = Migrations::from_files([(name.as_str(), sql.as_str())]).unwrap();
    assert_eq!(lint(&migrations, None), []);
}

#[test]
fn bad_cases_have_the_marked_findings_and_good_ones_none() {
    let mut wrong = Vec::new();
    for case in rules().iter().flat_map(|rule| of(rule)) {
        let findings = lint(&case.migrations(), None);
        let mut found: Vec<_> = findings
            .iter()
            .map(|finding| {
                (
                    finding.path.clone(),
                    finding.line,
                    finding.rule.name.to_owned(),
                )
            })
            .collect();
        found.sort();
        let expected = case.expected();
        let is_marked = expected.iter().any(|(_, _, rule)| *rule == case.rule);
        if found != expected || case.is_bad != is_marked {
            let findings: Vec<_> = findings
                .iter()
                .map(|f| (f.line, f.rule.name, &f.what))
                .collect();
            wrong.push(format!(
                "{}: expected {expected:?}, found {findings:?}",
                case.name()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
