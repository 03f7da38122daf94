//! One layer of values, with the source of each, as Figment takes it.

use std::collections::BTreeMap;

use figment::value::{Dict, Map, Tag, Value};
use figment::{Metadata, Profile, Provider};

use super::key::Key;
use super::source::Source;
use super::{Config, keys};

/// A layer: for each key that it sets, the value as text and where that came from.
pub(super) struct Layer {
    name: &'static str,
    values: BTreeMap<String, (String, Source)>,
}

impl Layer {
    pub(super) fn new(name: &'static str) -> Self {
        Self {
            name,
            values: BTreeMap::new(),
        }
    }

    /// The lowest layer. Secrets have no default that could be a value.
    pub(super) fn defaults() -> Self {
        let mut layer = Self::new("defaults");
        let config = Config::default();
        for key in keys().iter().filter(|key| !key.is_secret()) {
            layer.set(key, key.show(&config).to_text(), Source::Default);
        }
        layer
    }

    pub(super) fn name(&self) -> &'static str {
        self.name
    }

    pub(super) fn set(&mut self, key: &Key, text: String, source: Source) {
        self.values.insert(key.path(), (text, source));
    }

    /// Where the layer's value of `path` came from.
    pub(super) fn source(&self, path: &str) -> Option<&Source> {
        self.values.get(path).map(|(_, source)| source)
    }
}

impl Provider for Layer {
    /// The name leads from a merged value back to this layer.
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name)
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        let mut sections = Dict::new();
        for (path, (text, _)) in &self.values {
            let Some((section, key)) = path.split_once('.') else {
                continue;
            };
            let value = Value::String(Tag::Default, text.clone());
            let section = sections
                .entry(section.to_owned())
                .or_insert_with(|| Value::Dict(Tag::Default, Dict::new()));
            if let Value::Dict(_, keys) = section {
                keys.insert(key.to_owned(), value);
            }
        }
        Ok(Profile::Default.collect(sections))
    }
}
