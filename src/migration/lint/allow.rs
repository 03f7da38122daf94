//! `-- lint: allow RULE reason`: what somebody has looked at and wants as it is.
//!
//! The line stands above the statement, within it or behind its semicolon, and holds for that statement
//! alone: one for a whole file would hide what the next change brings.

use super::found::Found;
use super::parse::Comment;
use super::rule::own::{ALLOW_MALFORMED, ALLOW_UNKNOWN_RULE, ALLOW_UNUSED};
use super::rule::{Rule, rules};

struct Allow {
    rule: &'static Rule,
    line: usize,
    statement: usize,
    used: bool,
}

/// Takes out what is allowed, and adds what is wrong with the allowing.
pub(super) fn apply(comments: &[Comment<'_>], found: &mut Vec<Found>) {
    let mut allows = Vec::new();
    let mut wrong = Vec::new();
    for comment in comments {
        match read(comment) {
            None => {}
            Some(Ok(rule)) => allows.push(Allow {
                rule,
                line: comment.line,
                statement: comment.statement,
                used: false,
            }),
            Some(Err((rule, what))) => wrong.push(about(rule, comment.line, what)),
        }
    }
    found.retain(|found| {
        let mut allowed = false;
        for allow in &mut allows {
            if allow.rule == found.rule && Some(allow.statement) == found.statement {
                allow.used = true;
                allowed = true;
            }
        }
        !allowed
    });
    for allow in allows.iter().filter(|allow| !allow.used) {
        let what = format!("nothing breaks {} in its statement", allow.rule.name);
        wrong.push(about(&ALLOW_UNUSED, allow.line, what));
    }
    found.append(&mut wrong);
    found.sort_by_key(|found| found.line);
}

fn about(rule: &'static Rule, line: usize, what: String) -> Found {
    Found {
        rule,
        statement: None,
        line,
        what,
        safe: None,
    }
}

type Wrong = (&'static Rule, String);

/// The rule that a comment allows; `None` where it is any other comment.
fn read(comment: &Comment<'_>) -> Option<Result<&'static Rule, Wrong>> {
    let malformed = |what: &str| Some(Err((&ALLOW_MALFORMED, what.to_owned())));
    let is_block = comment.text.starts_with("/*");
    let text = comment.text.trim_start_matches(['-', '/', '*']).trim();
    let (word, text) = text.split_once(':')?;
    if !word.trim_end().eq_ignore_ascii_case("lint") {
        return None;
    }
    if is_block {
        return malformed("it is no comment of two dashes");
    }
    if word != "lint" {
        return malformed("`lint:` is in lower case, without a blank before its colon");
    }
    let text = text.trim_start();
    let Some(text) = text
        .strip_prefix("allow")
        .filter(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
    else {
        return malformed("`lint:` is followed by something other than `allow`");
    };
    let text = text.trim_start();
    let (name, reason) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    if name.is_empty() {
        return malformed("it names no rule");
    }
    if name.contains([',', ':']) {
        return malformed("a line names one rule, without a comma or a colon");
    }
    let name = name.to_lowercase();
    let Some(rule) = rules().find(|rule| rule.name == name) else {
        let names = rules().map(|rule| rule.name);
        let nearest =
            names.max_by(|a, b| strsim::jaro(a, &name).total_cmp(&strsim::jaro(b, &name)));
        let what = format!(
            "there is no rule {name}; the nearest is {}",
            nearest.unwrap_or_default()
        );
        return Some(Err((&ALLOW_UNKNOWN_RULE, what)));
    };
    if !rule.may_be_allowed() {
        let what = format!("{name} can't be allowed: {}", rule.why);
        return Some(Err((&ALLOW_UNKNOWN_RULE, what)));
    }
    if reason.trim().is_empty() {
        return malformed("it gives no reason");
    }
    Some(Ok(rule))
}
