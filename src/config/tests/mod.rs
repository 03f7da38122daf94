//! Loading as a whole: each file holds the claims of one subject.

mod combinations;
mod file;
mod layers;
mod secrets;
mod show;
mod variables;

use std::fs;

use tempfile::TempDir;

use super::{ConfigError, Environment, LoadOptions, Loaded, load};

/// A folder with a `twinbase.toml`.
fn folder(toml: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("twinbase.toml"), toml).unwrap();
    folder
}

fn load_both(toml: &str, variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    let folder = folder(toml);
    load(&LoadOptions {
        file: None,
        directory: folder.path().to_owned(),
        environment: Environment::from_pairs(variables.iter().copied()),
    })
}

fn load_file(toml: &str) -> Result<Loaded, ConfigError> {
    load_both(toml, &[])
}

fn load_variables(variables: &[(&str, &str)]) -> Result<Loaded, ConfigError> {
    load_both("", variables)
}

/// The error's text, after a look that it has one line a problem.
fn refusal(result: Result<Loaded, ConfigError>) -> String {
    let error = result.unwrap_err();
    let text = error.to_string();
    assert_eq!(
        text.lines().count(),
        error.problems().len().max(1),
        "{text}"
    );
    text
}
