//! The environment: which variables set which key.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use super::error::Problem;
use super::key::Key;
use super::layer::Layer;
use super::source::Source;
use super::variable::{self, Verdict};

/// Environment variables, of this process or made up by a test.
///
/// `Debug` shows the names alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Environment(BTreeMap<String, OsString>);

impl Environment {
    /// The variables of this process. A name that isn't UTF-8 can't be one of ours.
    #[must_use]
    pub fn from_process() -> Self {
        let named = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value));
        Self(env::vars_os().filter_map(named).collect())
    }

    /// These variables and no other.
    ///
    /// ```
    /// use twinbase::config::Environment;
    ///
    /// let environment = Environment::from_pairs([("DATABASE_POOL_SIZE", "5")]);
    /// ```
    #[must_use]
    pub fn from_pairs<N: Into<String>, V: Into<OsString>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }

    pub(super) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0.get(name).map(OsString::as_os_str)
    }

    /// The layer that the variables make; what is wrong goes to `problems`, what is strange to
    /// `warnings`.
    pub(super) fn layer(
        &self,
        keys: &[Key],
        problems: &mut Vec<Problem>,
        warnings: &mut Vec<String>,
    ) -> Layer {
        let mut layer = Layer::new("environment");
        for key in keys {
            if let Some((text, source)) = self.value(key, problems) {
                layer.set(key, text, source);
            }
        }
        let mut unread = Vec::new();
        for name in self.0.keys() {
            match variable::judge(name, keys, self) {
                Verdict::Fine => {}
                Verdict::Unread => unread.push(name.as_str()),
                Verdict::Wrong(message) => {
                    problems.push(Problem::at(Source::Variable(name.clone()), message));
                }
            }
        }
        if !unread.is_empty() {
            warnings.push(format!(
                "{} not read; what is read is DATABASE_URL, DATABASE_<KEY> and TWINBASE_<SECTION>__<KEY> for the keys that `twinbase config show` lists",
                list(&unread)
            ));
        }
        layer
    }

    /// The one value that the variables of `key` agree on.
    fn value(&self, key: &Key, problems: &mut Vec<Problem>) -> Option<(String, Source)> {
        let mut found: Vec<(String, Source)> = Vec::new();
        let mut refuse = |source: &Source, message: String| {
            problems.push(Problem::with(&key.path(), source.clone(), message));
        };
        for name in key.variables() {
            let file = format!("{name}_FILE");
            let direct = self
                .get(&name)
                .map(|value| (Source::Variable(name.clone()), variable_text(value)));
            let from_file = self.get(&file).filter(|_| key.is_secret()).map(|path| {
                let path = PathBuf::from(path);
                let text = secret(&path);
                let path = if looks_like_url(&path) {
                    PathBuf::from("(not shown)")
                } else {
                    path
                };
                (
                    Source::SecretFile {
                        variable: file.clone(),
                        path,
                    },
                    text,
                )
            });
            if direct.is_some() && from_file.is_some() {
                refuse(
                    &Source::Variable(name.clone()),
                    format!("{file} is set too; unset one of them"),
                );
                continue;
            }
            let Some((source, text)) = direct.or(from_file) else {
                continue;
            };
            match text.and_then(|text| key.check(&text).map(|()| text)) {
                Ok(text) => found.push((text, source)),
                Err(message) => refuse(&source, message),
            }
        }
        if let [(one, _), (other, second)] = found.as_slice()
            && !key.same(one, other)
        {
            let first = &found[0].1;
            refuse(
                second,
                format!("{first} sets it to another value; unset one of them"),
            );
        }
        found.into_iter().next()
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys()).finish()
    }
}

fn variable_text(value: &OsStr) -> Result<String, String> {
    let text = value.to_str().ok_or("is not UTF-8")?;
    Ok(without_line_end(text).to_owned())
}

/// Without the one line end that an editor or `echo` left at the end of a secret.
fn without_line_end(text: &str) -> &str {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text)
}

/// The contents of a secret's file.
fn secret(path: &Path) -> Result<String, String> {
    if looks_like_url(path) {
        return Err(
            "holds a URL where the path of a file is expected; use the variable without _FILE"
                .into(),
        );
    }
    if path.as_os_str().is_empty() {
        return Err(
            "names no file; unset it, or write the path of the file that holds the value".into(),
        );
    }
    let bytes = fs::read(path).map_err(|error| {
        format!(
            "the file can't be read ({}); check the path and its permissions",
            error
        )
    })?;
    let text = String::from_utf8(bytes).map_err(|_| "the file is not UTF-8".to_owned())?;
    let text = without_line_end(&text);
    if text.trim().is_empty() {
        return Err("the file is empty; write the value into it".into());
    }
    Ok(text.to_owned())
}

fn looks_like_url(path: &Path) -> bool {
    let text = path.to_string_lossy();
    text.contains("://") || text.contains('@')
}

/// "A is", "A and B are".
fn list(names: &[&str]) -> String {
    match names {
        [name] => format!("{name} is set but"),
        names => format!("{} are set but", names.join(", ")),
    }
}
