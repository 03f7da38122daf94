//! How a section is written down: a struct and its table of keys, from one list.

use serde::Deserialize as _;
use serde::de::{Deserializer, Error as _, Visitor};
use std::collections::BTreeMap;
use std::fmt;

use super::nearest::nearest;
use super::{Config, keys};

/// Declares a section of the configuration.
///
/// A function cannot do this: a struct's field and the key's row in the table (its default, the
/// values it accepts, its documentation for README and `config show`) come from one entry, so that
/// they cannot differ. The first paragraph of a field's documentation is its meaning in the table.
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        pub struct $name:ident in $section:ident {
            $(
                $(#[doc = $doc:literal])+
                pub $field:ident: $type:ty = $default:expr, $kind:expr;
            )+
        }
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name {
            $( $(#[doc = $doc])+ pub $field: $type, )+
        }

        impl Default for $name {
            fn default() -> Self {
                Self { $( $field: $default, )+ }
            }
        }

        impl $name {
            pub(in crate::config) fn keys() -> Vec<$crate::config::key::Key> {
                vec![$(
                    $crate::config::key::Key::new(
                        stringify!($section),
                        stringify!($field),
                        &[$($doc),+],
                        $kind,
                        |config| &config.$section.$field,
                        |config| &mut config.$section.$field,
                    )
                ),+]
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                $crate::config::section::deserialize(from, stringify!($section))
                    .map(|config| config.$section)
            }
        }
    };
}
pub(super) use section;

/// Reads the keys of one section over the defaults.
pub(super) fn deserialize<'de, D: Deserializer<'de>>(
    from: D,
    section: &str,
) -> Result<Config, D::Error> {
    let values = BTreeMap::<String, Scalar>::deserialize(from)?;
    let keys: Vec<_> = keys()
        .into_iter()
        .filter(|key| key.section() == section)
        .collect();
    let mut config = Config::default();
    for (name, Scalar(text)) in values {
        let Some(key) = keys.iter().find(|key| key.name() == name) else {
            let hint = match nearest(&name, keys.iter().map(super::key::Key::name)) {
                Some(near) => format!("; did you mean {near}?"),
                None => String::new(),
            };
            return Err(D::Error::custom(format!(
                "{section}.{name} is not a known key{hint}"
            )));
        };
        key.set(&mut config, &text)
            .map_err(|reason| D::Error::custom(format!("{}: {reason}", key.path())))?;
    }
    Ok(config)
}

/// A value as text: a variable has no other form, so every key can read it, and what a file writes
/// as a number or a boolean reads the same.
struct Scalar(String);

impl<'de> serde::Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(ScalarVisitor)
    }
}

struct ScalarVisitor;

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("text, a number or a boolean")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Scalar, E> {
        Ok(Scalar(value.to_string()))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Scalar, E> {
        Ok(Scalar(format!("{value:?}")))
    }

    fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
        Ok(Scalar(value.to_owned()))
    }
}
