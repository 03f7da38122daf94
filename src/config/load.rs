//! Reads the layers, merges them, and checks the result.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use figment::Figment;

use super::check::check;
use super::environment::Environment;
use super::error::{ConfigError, Problem};
use super::kind::quoted;
use super::layer::Layer;
use super::source::Source;
use super::variable::CONFIG;
use super::{Config, DatabaseConfig, file, keys};

/// The name of the file that is read where it exists.
pub const FILE_NAME: &str = "twinbase.toml";

/// Where [`load()`] looks.
#[derive(Clone, Debug)]
pub struct LoadOptions {
    /// The configuration file, which must exist; `--config`. It goes before `TWINBASE_CONFIG`.
    pub file: Option<PathBuf>,
    /// Where [`FILE_NAME`] is looked for when no file is named. Default: the current directory.
    pub directory: PathBuf,
    /// The variables. Default: those of this process.
    pub environment: Environment,
}

impl Default for LoadOptions {
    fn default() -> Self {
        Self {
            file: None,
            directory: PathBuf::from("."),
            environment: Environment::from_process(),
        }
    }
}

/// A configuration that has been checked, and where it came from.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Loaded {
    /// The values in force.
    pub config: Config,
    /// Where each came from, by its path (`database.pool_size`); every key is there.
    pub sources: BTreeMap<String, Source>,
    /// What someone should know before the service starts, a line each, for the log.
    pub warnings: Vec<String>,
}

/// Reads defaults, file and environment, each over the one before, and checks everything.
///
/// A relative SQLite file is relative to the current directory, wherever the value was written.
///
/// # Errors
/// [`ConfigError::Invalid`] names every key that is unknown, out of range or in contradiction to
/// another, with its source; the others say that the file can't be used. No secret is in them.
///
/// ```
/// use twinbase::config::{Environment, LoadOptions, Source, load};
///
/// let environment = Environment::from_pairs([("DATABASE_POOL_SIZE", "5")]);
/// let loaded = load(&LoadOptions { environment, ..LoadOptions::default() })?;
/// assert_eq!(loaded.config.database.pool_size, 5);
/// let source = Source::Variable("DATABASE_POOL_SIZE".to_owned());
/// assert_eq!(loaded.sources["database.pool_size"], source);
/// # Ok::<(), twinbase::config::ConfigError>(())
/// ```
pub fn load(options: &LoadOptions) -> Result<Loaded, ConfigError> {
    let keys = keys();
    let mut problems = Vec::new();
    let mut warnings = Vec::new();

    let mut layers = vec![Layer::defaults()];
    if let Some((path, text)) = file_text(options)? {
        layers.push(file::layer(&path, &text, &keys, &mut problems)?);
    }
    layers.push(
        options
            .environment
            .layer(&keys, &mut problems, &mut warnings),
    );
    if !problems.is_empty() {
        return Err(ConfigError::Invalid { problems });
    }

    let figment = layers
        .iter()
        .fold(Figment::new(), |figment, layer| figment.merge(layer));
    let source = |path: &str| {
        let from = figment.find_metadata(path)?;
        layers
            .iter()
            .find(|layer| layer.name() == from.name)?
            .source(path)
            .cloned()
    };
    let mut sources: BTreeMap<String, Source> = keys
        .iter()
        .map(|key| (key.path(), source(&key.path()).unwrap_or(Source::Default)))
        .collect();
    // Every value has been checked in its layer, so that this fails only if the two ways of reading
    // a value disagree; each message is the section's own and shows no secret.
    let mut config: Config = figment.extract().map_err(|error| ConfigError::Invalid {
        problems: vec![Problem::at(Source::Default, error.kind.to_string())],
    })?;

    adopt_application_name(&mut config.database, &mut sources);
    problems.extend(check(&config, &sources));
    if !problems.is_empty() {
        return Err(ConfigError::Invalid { problems });
    }
    warnings.extend(sqlite_by_default(&config.database));
    Ok(Loaded {
        config,
        sources,
        warnings,
    })
}

/// The file to read and its text; none where none was named and none is there.
fn file_text(options: &LoadOptions) -> Result<Option<(PathBuf, String)>, ConfigError> {
    let variable = options.environment.get(CONFIG);
    let (path, named_by) = match (&options.file, variable) {
        (Some(path), _) => (path.clone(), Some("--config")),
        (None, Some(path)) => (PathBuf::from(path), Some(CONFIG)),
        (None, None) if options.directory == Path::new(".") => (PathBuf::from(FILE_NAME), None),
        (None, None) => (options.directory.join(FILE_NAME), None),
    };
    if let Some(named_by) = named_by {
        let text = path.to_string_lossy();
        if text.is_empty() || text.contains("://") {
            let message = format!("{} is not the path of a file", quoted(&text));
            let source = Source::Variable(named_by.to_owned());
            return Err(ConfigError::Invalid {
                problems: vec![Problem::at(source, message)],
            });
        }
    }
    match (file::read(&path)?, named_by) {
        (Some(text), _) => Ok(Some((path, text))),
        (None, Some(named_by)) => Err(ConfigError::Missing { path, named_by }),
        (None, None) => Ok(None),
    }
}

/// An `application_name` in the URL is the name, unless the key says another.
fn adopt_application_name(database: &mut DatabaseConfig, sources: &mut BTreeMap<String, Source>) {
    let named = database.url.as_ref().and_then(|url| url.application_name());
    let from = sources.get("database.url").cloned();
    if let (Some(name), Some(from)) = (named, from)
        && sources.get("database.application_name") == Some(&Source::Default)
    {
        database.application_name = name.to_owned();
        sources.insert("database.application_name".to_owned(), from);
    }
}

fn sqlite_by_default(database: &DatabaseConfig) -> Option<String> {
    if database.url.is_some() {
        return None;
    }
    let file = std::path::absolute(DatabaseConfig::DEFAULT_FILE)
        .unwrap_or_else(|_| PathBuf::from(DatabaseConfig::DEFAULT_FILE));
    Some(format!(
        "DATABASE_URL is not set: the database is the SQLite file {}; set DATABASE_URL=postgres://user:password@host/database for PostgreSQL, or sqlite://FILE for another file",
        file.to_string_lossy().escape_debug()
    ))
}
