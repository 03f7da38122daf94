//! `lint`: what goes wrong later, found in the files alone.

use std::path::Path;

use serde_json::{Value, json};

use super::exit::{Code, done};
use super::{Context, Outcome};
use crate::migration::lint::{Finding, Rule, lint, rules};

/// Looks at the files; `folder` is how the findings name theirs.
pub(super) fn run(context: &Context, folder: &Path, after: Option<i64>) -> Outcome {
    let findings = lint(&context.migrations, after);
    let mut lines: Vec<_> = findings
        .iter()
        .map(|finding| line(folder, finding))
        .collect();
    let (outcome, code) = match findings.len() {
        0 => ("done", Code::Done),
        _ => (Code::Findings.as_str(), Code::Findings),
    };
    lines.push(match findings.len() {
        0 => "nothing found".to_owned(),
        1 => "1 finding".to_owned(),
        count => format!("{count} findings"),
    });
    let objects: Vec<_> = findings
        .iter()
        .map(|finding| object(folder, finding))
        .collect();
    Outcome {
        json: json!({"outcome": outcome, "findings": objects}),
        lines,
        code,
    }
}

fn line(folder: &Path, finding: &Finding) -> String {
    let Finding {
        rule, what, safe, ..
    } = finding;
    format!(
        "{}:{}: {}: {what}: {}\n    safe: {safe}",
        folder.join(&finding.path).display(),
        finding.line,
        rule.name,
        rule.why
    )
}

fn object(folder: &Path, finding: &Finding) -> Value {
    json!({
        "file": folder.join(&finding.path).display().to_string(),
        "line": finding.line,
        "rule": finding.rule.name,
        "family": finding.rule.family.as_str(),
        "engines": engines(finding.rule),
        "what": finding.what,
        "why": finding.rule.why,
        "safe": finding.safe,
    })
}

fn engines(rule: &Rule) -> Vec<String> {
    rule.engines.iter().map(ToString::to_string).collect()
}

/// The list of rules.
pub(super) fn list() -> Outcome {
    let lines = rules().map(|rule| {
        let family = rule.family.as_str();
        format!(
            "{} ({family}): {}\n    why: {}\n    safe: {}",
            rule.name, rule.finds, rule.why, rule.safe
        )
    });
    let objects: Vec<_> = rules()
        .map(|rule| {
            json!({
                "rule": rule.name,
                "family": rule.family.as_str(),
                "engines": engines(rule),
                "finds": rule.finds,
                "why": rule.why,
                "safe": rule.safe,
            })
        })
        .collect();
    done(
        json!({"outcome": "done", "rules": objects}),
        lines.collect(),
    )
}
