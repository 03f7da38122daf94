//! `parity.toml`: the differences that are meant, each with its reason.

use toml_edit::{Document, Item, Key, Table};

use super::difference::{Aspect, Difference};
use crate::migration::MigrationError;
use crate::migration::source::PARITY;

/// A difference that is meant: an `[[allow]]` of `parity.toml`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Allowance {
    /// The line on which it begins, from 1.
    pub line: usize,
    /// The first version that has the difference; `None` where it is meant from the beginning.
    pub version: Option<i64>,
    /// The first version that no longer has it; `None` where it is meant to stay.
    pub until: Option<i64>,
    /// The object as a [`Difference`] names it; a `*` at the end stands for any rest.
    pub object: String,
    /// What may differ about it.
    pub what: Aspect,
    /// Why.
    pub reason: String,
}

impl Allowance {
    /// Whether it is about this difference after this version.
    pub(super) fn permits(&self, version: i64, difference: &Difference) -> bool {
        let is_object = match self.object.strip_suffix('*') {
            Some(beginning) => difference.object.starts_with(beginning),
            None => difference.object == self.object,
        };
        is_object
            && self.what == difference.what
            && self.version.is_none_or(|first| first <= version)
            && self.until.is_none_or(|end| version < end)
    }
}

const KEYS: [&str; 5] = ["version", "until", "object", "what", "reason"];

/// The entries of the file.
///
/// # Errors
/// [`MigrationError::Allowances`] with the line of what is wrong.
pub(super) fn read(text: &str) -> Result<Vec<Allowance>, MigrationError> {
    let file = File { text };
    let document = Document::parse(text).map_err(|error| {
        let message: Vec<_> = error.message().lines().map(str::trim).collect();
        let line = file.line(error.span().map_or(0, |span| span.start));
        refused(line, format!("not valid TOML: {}", message.join("; ")))
    })?;
    let mut found = Vec::new();
    for (name, item) in document.as_table() {
        let line = file.line_of(document.as_table().key(name), item);
        match item {
            Item::ArrayOfTables(entries) if name == "allow" => {
                for entry in entries {
                    found.push(file.entry(entry)?);
                }
            }
            _ => {
                return Err(refused(
                    line,
                    format!("{name:?} is not known; write [[allow]]"),
                ));
            }
        }
    }
    Ok(found)
}

fn refused(line: usize, problem: String) -> MigrationError {
    MigrationError::Allowances {
        file: PARITY,
        line,
        problem,
    }
}

struct File<'t> {
    text: &'t str,
}

impl File<'_> {
    fn entry(&self, entry: &Table) -> Result<Allowance, MigrationError> {
        let line = self.line(entry.span().map_or(0, |span| span.start));
        for (name, item) in entry {
            if !KEYS.contains(&name) {
                let line = self.line_of(entry.key(name), item);
                let known = KEYS.join(", ");
                return Err(refused(
                    line,
                    format!("{name:?} is not known; there are {known}"),
                ));
            }
        }
        let word = self.text(entry, line, "what")?;
        let what = Aspect::of(&word).ok_or_else(|| {
            let line = entry
                .get("what")
                .map_or(line, |item| self.line_of(entry.key("what"), item));
            refused(
                line,
                format!(
                    "what = {word:?} is not known; there are {}",
                    Aspect::words()
                ),
            )
        })?;
        Ok(Allowance {
            line,
            version: self.version(entry, "version")?,
            until: self.version(entry, "until")?,
            object: self.text(entry, line, "object")?,
            what,
            reason: self.text(entry, line, "reason")?,
        })
    }

    /// The version of a key that need not be there.
    fn version(&self, entry: &Table, key: &str) -> Result<Option<i64>, MigrationError> {
        let Some(item) = entry.get(key) else {
            return Ok(None);
        };
        let digits = 10_000_000_000_000..100_000_000_000_000;
        let number = item.as_integer().filter(|number| digits.contains(number));
        number.map(Some).ok_or_else(|| {
            let line = self.line_of(entry.key(key), item);
            refused(line, format!("{key} is a number of fourteen digits"))
        })
    }

    /// The text of a key that has to be there.
    fn text(&self, entry: &Table, line: usize, key: &str) -> Result<String, MigrationError> {
        let Some(item) = entry.get(key) else {
            let advice = match key {
                "reason" => "say why the engines may differ here",
                _ => "copy it from what `twinbase migrate parity` prints",
            };
            return Err(refused(line, format!("[[allow]] has no {key}; {advice}")));
        };
        match item.as_str().map(str::trim) {
            Some(text) if !text.is_empty() => Ok(text.to_owned()),
            _ => {
                let line = self.line_of(entry.key(key), item);
                Err(refused(line, format!("{key} is a text that is not empty")))
            }
        }
    }

    fn line_of(&self, key: Option<&Key>, item: &Item) -> usize {
        let span = key.and_then(Key::span).or_else(|| item.span());
        self.line(span.map_or(0, |span| span.start))
    }

    /// The line, from 1, of a byte.
    fn line(&self, byte: usize) -> usize {
        let before = self.text.get(..byte).unwrap_or(self.text);
        1 + before.matches('\n').count()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests {
    use super::*;

    const GOOD: &str = "# Search is PostgreSQL's own.\n[[allow]]\nversion = 20260315090000\n\
                        object = \"orders.search\"\nwhat = \"index\"\nreason = \"full text\"\n";

    #[test]
    fn an_entry_is_read_with_its_line() {
        assert_eq!(
            read(GOOD).unwrap(),
            [Allowance {
                line: 2,
                version: Some(20_260_315_090_000),
                until: None,
                object: "orders.search".to_owned(),
                what: Aspect::Index,
                reason: "full text".to_owned(),
            }]
        );
        assert_eq!(read("").unwrap(), []);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let without = |line: &str| GOOD.replace(&format!("{line}\n"), "");
        for (text, expected) in [
            (
                without("reason = \"full text\""),
                "line 2: [[allow]] has no reason; say why",
            ),
            (
                GOOD.replace("full text", " "),
                "line 6: reason is a text that is not empty",
            ),
            (without("what = \"index\""), "line 2: [[allow]] has no what"),
            (
                without("object = \"orders.search\""),
                "line 2: [[allow]] has no object",
            ),
            (
                GOOD.replace("\"index\"", "\"indices\""),
                "line 5: what = \"indices\" is not known; there are table, view",
            ),
            (
                GOOD.replace("version = 2", "version = \"2\" #"),
                "line 3: version is a number",
            ),
            (
                GOOD.replace("what =", "why ="),
                "line 5: \"why\" is not known; there are version",
            ),
            (
                GOOD.replace("20260315090000", "1"),
                "line 3: version is a number of fourteen digits",
            ),
            (
                GOOD.replace("version = ", "until = -"),
                "line 3: until is a number of fourteen digits",
            ),
            (
                format!("{GOOD}[deny]\n"),
                "line 7: \"deny\" is not known; write [[allow]]",
            ),
            (format!("{GOOD}oops"), "line 7: not valid TOML"),
        ] {
            let said = read(&text).unwrap_err().to_string();
            assert!(said.starts_with("parity.toml, "), "{said}");
            assert!(said.contains(expected), "{said}\n{text}");
        }
    }

    #[test]
    fn every_aspect_has_a_word_of_its_own() {
        for word in Aspect::words().split(", ") {
            assert_eq!(Aspect::of(word).unwrap().as_str(), word);
        }
    }

    #[test]
    fn an_entry_permits_its_object_from_its_version_on() {
        let difference = |object: &str, what| Difference {
            object: object.to_owned(),
            what,
            postgres: None,
            sqlite: None,
            is_certain: true,
        };
        let mut entry = read(GOOD).unwrap().remove(0);
        let search = difference("orders.search", Aspect::Index);
        assert!(entry.permits(20_260_315_090_000, &search));
        assert!(!entry.permits(20_260_315_089_999, &search));
        assert!(!entry.permits(
            20_260_315_090_000,
            &difference("orders.search", Aspect::Type)
        ));
        assert!(!entry.permits(
            20_260_315_090_000,
            &difference("orders.searched", Aspect::Index)
        ));
        entry.until = Some(20_260_401_000_000);
        assert!(entry.permits(20_260_331_000_000, &search));
        assert!(!entry.permits(20_260_401_000_000, &search));
        entry.until = None;
        entry.object = "orders.*".to_owned();
        assert!(entry.permits(
            20_260_401_000_000,
            &difference("orders.searched", Aspect::Index)
        ));
        assert!(!entry.permits(20_260_401_000_000, &difference("orders", Aspect::Index)));
    }
}
