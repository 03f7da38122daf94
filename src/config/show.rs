//! The configuration in force, for people and for programs.

use std::fmt::Write as _;

use serde_json::{Map, Value, json};

use super::load::Loaded;
use super::{keys, source::Source};

/// The configuration as TOML, each key with a comment that says where it came from.
///
/// It can be loaded again; only a URL with a password can't, since `***` stands in its place.
#[must_use]
pub fn show_toml(loaded: &Loaded) -> String {
    let lines: Vec<_> = keys()
        .iter()
        .map(|key| {
            let value = key.show(&loaded.config).to_toml();
            (
                key.section(),
                format!("{} = {value}", key.name()),
                source(loaded, &key.path()),
            )
        })
        .collect();
    // The comments stand in one column, but one long URL doesn't push them all away.
    let longest = lines.iter().map(|(_, line, _)| line.chars().count());
    let column = longest.filter(|length| *length <= 40).max().unwrap_or(0);

    let mut text = String::new();
    let mut section = "";
    for (of, line, source) in lines {
        if of != section {
            let gap = if section.is_empty() { "" } else { "\n" };
            push(&mut text, format_args!("{gap}[{of}]\n"));
            section = of;
        }
        push(&mut text, format_args!("{line:column$}  # {source}\n"));
    }
    text
}

/// The configuration as JSON: `{"database":{"pool_size":{"value":20,"source":"default"}}}`.
#[must_use]
pub fn show_json(loaded: &Loaded) -> Value {
    let mut sections = Map::new();
    for key in keys() {
        let value = json!({
            "value": key.show(&loaded.config).to_json(),
            "source": source(loaded, &key.path()).to_string(),
        });
        let section = sections.entry(key.section()).or_insert_with(|| json!({}));
        section[key.name()] = value;
    }
    Value::Object(sections)
}

fn source(loaded: &Loaded, path: &str) -> Source {
    loaded.sources.get(path).cloned().unwrap_or(Source::Default)
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    text.write_fmt(line).expect("a String takes all text");
}
