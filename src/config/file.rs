//! The configuration file: TOML, each value with its line.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use toml_edit::{Document, Item, Key as TomlKey, Value};

use super::error::{ConfigError, Problem};
use super::key::Key;
use super::kind::quoted;
use super::layer::Layer;
use super::nearest::nearest;
use super::source::Source;

/// The text of a file; nothing where it doesn't exist.
///
/// A link that leads nowhere is an error: someone meant a file to be there.
pub(super) fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error)
            if error.kind() == ErrorKind::NotFound && fs::symlink_metadata(path).is_err() =>
        {
            return Ok(None);
        }
        Err(source) => {
            return Err(ConfigError::Unreadable {
                path: path.into(),
                source,
            });
        }
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let (line, _) = position(&String::from_utf8_lossy(error.as_bytes()), valid);
            Err(ConfigError::NotUtf8 {
                path: path.into(),
                line,
            })
        }
    }
}

/// The layer that `text`, read from `path`, makes; what is wrong goes to `problems`.
pub(super) fn layer(
    path: &Path,
    text: &str,
    keys: &[Key],
    problems: &mut Vec<Problem>,
) -> Result<Layer, ConfigError> {
    let document = Document::parse(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let (line, column) = position(text, start);
        // The parser's message names what it expected, on a line or two; only its `Display` quotes
        // the line of the file, which may hold a password.
        let message = error
            .message()
            .lines()
            .map(str::trim)
            .collect::<Vec<_>>()
            .join("; ");
        ConfigError::Syntax {
            path: path.into(),
            line,
            column,
            message,
        }
    })?;
    let mut reader = Reader {
        path,
        text,
        keys,
        problems,
        layer: Layer::new("file"),
    };
    for (name, item) in document.as_table() {
        let source = reader.source(document.as_table().key(name), item);
        reader.section(name, item, source);
    }
    Ok(reader.layer)
}

struct Reader<'a> {
    path: &'a Path,
    text: &'a str,
    keys: &'a [Key],
    problems: &'a mut Vec<Problem>,
    layer: Layer,
}

impl Reader<'_> {
    fn section(&mut self, name: &str, item: &Item, source: Source) {
        let known = self.keys.iter().any(|key| key.section() == name);
        match item.as_table_like() {
            Some(table) if known => {
                for (key, item) in table.iter() {
                    let source = self.source(table.key(key), item);
                    self.key(name, key, item, source);
                }
            }
            None if known => {
                let message = format!("{name} is a section; write [{name}] and its keys below it");
                self.problems.push(Problem::at(source, message));
            }
            _ => {
                let message = format!(
                    "{} is not a known section; {}",
                    quoted(name),
                    self.meant(name)
                );
                self.problems.push(Problem::at(source, message));
            }
        }
    }

    /// What an unknown name at the top may have been: a section, or a key of one.
    fn meant(&self, name: &str) -> String {
        let mut sections: Vec<_> = self.keys.iter().map(Key::section).collect();
        sections.dedup();
        if let Some(near) = nearest(name, sections.iter().copied()) {
            return format!("did you mean [{near}]?");
        }
        let near = nearest(name, self.keys.iter().map(Key::name));
        match self.keys.iter().find(|key| Some(key.name()) == near) {
            Some(key) => format!("did you mean {} below [{}]?", key.name(), key.section()),
            None => format!("there are {}", sections.join(", ")),
        }
    }

    fn key(&mut self, section: &str, name: &str, item: &Item, source: Source) {
        let Some(key) = self
            .keys
            .iter()
            .find(|key| key.section() == section && key.name() == name)
        else {
            let hint = unknown(self.keys, section, name);
            let message = format!("{} is not a known key of [{section}]; {hint}", quoted(name));
            self.problems.push(Problem::at(source, message));
            return;
        };
        let checked = scalar(item).and_then(|text| key.check(&text).map(|()| text));
        match checked {
            Ok(text) => self.layer.set(key, text, source),
            Err(message) => self
                .problems
                .push(Problem::with(&key.path(), source, message)),
        }
    }

    fn source(&self, key: Option<&TomlKey>, item: &Item) -> Source {
        let span = key.and_then(TomlKey::span).or_else(|| item.span());
        let (line, _) = position(self.text, span.map_or(0, |span| span.start));
        Source::File {
            path: PathBuf::from(self.path),
            line,
        }
    }
}

/// What an unknown key of a known section may have been.
pub(super) fn unknown(keys: &[Key], section: &str, name: &str) -> String {
    let here = || {
        keys.iter()
            .filter(|key| key.section() == section)
            .map(Key::name)
    };
    let elsewhere = keys.iter().find(|key| key.name() == name);
    match (synonym(name).or_else(|| nearest(name, here())), elsewhere) {
        (Some(near), _) if here().any(|known| known == near) => format!("did you mean {near}?"),
        (_, Some(key)) => format!("did you mean {} below [{}]?", key.name(), key.section()),
        _ => format!("there are {}", here().collect::<Vec<_>>().join(", ")),
    }
}

/// What SQLAlchemy and other pools call a key.
pub(super) fn synonym(name: &str) -> Option<&'static str> {
    const SYNONYMS: [(&str, &str); 8] = [
        ("pool_recycle", "recycle"),
        ("pool_timeout", "acquire_timeout"),
        ("pool_pre_ping", "pre_ping"),
        ("pool_max_overflow", "max_overflow"),
        ("max_connections", "pool_size"),
        ("max_lifetime", "recycle"),
        ("busy_timeout", "sqlite_busy_timeout"),
        ("uri", "url"),
    ];
    let name = name.to_ascii_lowercase();
    SYNONYMS
        .iter()
        .find(|(other, _)| *other == name)
        .map(|(_, key)| *key)
}

/// A value as text: see the section's `Scalar`.
fn scalar(item: &Item) -> Result<String, String> {
    match item.as_value() {
        Some(Value::String(text)) => Ok(text.value().clone()),
        Some(Value::Integer(number)) => Ok(number.value().to_string()),
        Some(Value::Float(number)) => Ok(format!("{:?}", number.value())),
        Some(Value::Boolean(flag)) => Ok(flag.value().to_string()),
        Some(Value::Datetime(_)) => {
            Err("a date or time can't be its value; write text in quotes".into())
        }
        _ => Err("an array or a table can't be its value; write one value".into()),
    }
}

/// Line and column, both from 1, of a byte of `text`.
fn position(text: &str, byte: usize) -> (usize, usize) {
    let before = text.get(..byte).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let start = before.rfind('\n').map_or(0, |at| at + 1);
    (line, before[start..].chars().count() + 1)
}
