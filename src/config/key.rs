//! A key of the configuration, and the list of all of them.

use super::kind::{Kind, Shown};
use super::{Config, keys};

/// One key: where it lives, what it accepts, how it is read and shown.
pub(super) struct Key {
    section: &'static str,
    name: &'static str,
    meaning: String,
    secret: bool,
    field: Box<dyn Field>,
}

impl Key {
    /// The key `name` of `section`, whose value `kind` reads and which lives where `get` and
    /// `get_mut` say. The first paragraph of `doc` becomes its meaning.
    pub(super) fn new<K: Kind + 'static>(
        section: &'static str,
        name: &'static str,
        doc: &[&str],
        kind: K,
        get: fn(&Config) -> &K::Value,
        get_mut: fn(&mut Config) -> &mut K::Value,
    ) -> Self {
        let paragraph: Vec<&str> = doc
            .iter()
            .map(|line| line.trim())
            .take_while(|line| !line.is_empty())
            .collect();
        Self {
            section,
            name,
            meaning: paragraph.join(" "),
            secret: K::SECRET,
            field: Box::new(Place { kind, get, get_mut }),
        }
    }

    pub(super) fn section(&self) -> &'static str {
        self.section
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    /// Whether the value must never be shown as it is, and may come from a file of its own.
    pub(super) fn is_secret(&self) -> bool {
        self.secret
    }

    /// The name in messages: `database.pool_size`.
    pub(super) fn path(&self) -> String {
        format!("{}.{}", self.section, self.name)
    }

    /// The variables that set it, without those that name a file. The first is the one to suggest.
    pub(super) fn variables(&self) -> Vec<String> {
        let name = self.name.to_uppercase();
        let mut variables = Vec::new();
        if self.section == "database" {
            variables.push(format!("DATABASE_{name}"));
        }
        variables.push(format!("TWINBASE_{}__{name}", self.section.to_uppercase()));
        variables
    }

    /// Says why `text` can't be the value; no secret is in the answer.
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        self.field.set(&mut Config::default(), text)
    }

    pub(super) fn set(&self, config: &mut Config, text: &str) -> Result<(), String> {
        self.field.set(config, text)
    }

    /// The value in force, redacted.
    pub(super) fn show(&self, config: &Config) -> Shown {
        self.field.show(config)
    }

    /// Whether both texts mean the same value (`30` and `30s`).
    pub(super) fn same(&self, one: &str, other: &str) -> bool {
        one == other || self.field.same(one, other)
    }
}

/// A [`Key`]'s value, whatever its type.
trait Field {
    fn set(&self, config: &mut Config, text: &str) -> Result<(), String>;
    fn show(&self, config: &Config) -> Shown;
    fn same(&self, one: &str, other: &str) -> bool;
}

struct Place<K: Kind> {
    kind: K,
    get: fn(&Config) -> &K::Value,
    get_mut: fn(&mut Config) -> &mut K::Value,
}

impl<K: Kind> Field for Place<K> {
    fn set(&self, config: &mut Config, text: &str) -> Result<(), String> {
        *(self.get_mut)(config) = self.kind.parse(text)?;
        Ok(())
    }

    fn show(&self, config: &Config) -> Shown {
        self.kind.show((self.get)(config))
    }

    fn same(&self, one: &str, other: &str) -> bool {
        match (self.kind.parse(one), self.kind.parse(other)) {
            (Ok(one), Ok(other)) => one == other,
            _ => false,
        }
    }
}

/// What the documentation says of one key; see [`reference()`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyDoc {
    /// The section: `database`.
    pub section: &'static str,
    /// The key in its section: `pool_size`.
    pub key: &'static str,
    /// The default as it is written in the file: `20`, `"30s"`.
    pub default: String,
    /// The variables that set it, the usual one first, those that name a file last.
    pub variables: Vec<String>,
    /// What it means, in one line of Markdown.
    pub meaning: String,
}

/// Every key of the configuration, in the order of the sections.
///
/// ```
/// let keys = twinbase::config::reference();
/// let key = keys.iter().find(|key| key.key == "pool_size").expect("a key of [database]");
/// assert_eq!(key.default, "20");
/// assert_eq!(key.variables, ["DATABASE_POOL_SIZE", "TWINBASE_DATABASE__POOL_SIZE"]);
/// ```
#[must_use]
pub fn reference() -> Vec<KeyDoc> {
    let defaults = Config::default();
    keys()
        .iter()
        .map(|key| {
            let mut variables = key.variables();
            if key.is_secret() {
                let files: Vec<_> = variables
                    .iter()
                    .map(|name| format!("{name}_FILE"))
                    .collect();
                variables.extend(files);
            }
            KeyDoc {
                section: key.section(),
                key: key.name(),
                default: key.show(&defaults).to_toml(),
                variables,
                meaning: key.meaning.clone(),
            }
        })
        .collect()
}
