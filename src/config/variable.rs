//! What a variable means that begins like one of ours.

use super::environment::Environment;
use super::file::synonym;
use super::key::Key;
use super::nearest::nearest;

/// The variables of the form `TWINBASE_…` without `__`. The form is kept for these.
const RESERVED: [(&str, &str); 2] = [
    (CONFIG, "the configuration file, as --config"),
    ("TWINBASE_TEST_ENGINES", "the engines that the tests run on"),
];
pub(super) const CONFIG: &str = "TWINBASE_CONFIG";

/// What platforms set beside `DATABASE_URL`, some of them near one of our keys.
const PLATFORM: [&str; 24] = [
    "HOST", "HOSTNAME", "PORT", "USER", "USERNAME", "PASSWORD", "PASS", "NAME", "DB", "DATABASE",
    "SCHEMA", "ENGINE", "ADAPTER", "DRIVER", "DIALECT", "TYPE", "SSL", "SSLMODE", "SSL_MODE",
    "CHARSET", "ENCODING", "SERVER", "DSN", "POOL",
];

/// What is to be said about a variable.
pub(super) enum Verdict {
    /// It is read, or none of ours.
    Fine,
    /// It looks like ours, but platforms set such names: a warning.
    Unread,
    /// It is surely meant for us, and means nothing.
    Wrong(String),
}

/// Judges a variable by its name.
pub(super) fn judge(name: &str, keys: &[Key], environment: &Environment) -> Verdict {
    if let Some(rest) = name.strip_prefix("TWINBASE_") {
        return match rest.split_once("__") {
            Some((section, key)) => sectioned(name, section, key, keys),
            None => reserved(name, rest, keys, environment),
        };
    }
    match name.strip_prefix("DATABASE_") {
        Some(rest) if !rest.is_empty() => database(rest, keys),
        _ => Verdict::Fine,
    }
}

/// `TWINBASE_<SECTION>__<KEY>`.
fn sectioned(name: &str, section: &str, rest: &str, keys: &[Key]) -> Verdict {
    let known = |name: &str| {
        keys.iter()
            .find(|key| key.variables().iter().any(|known| known == name))
    };
    if known(name).is_some() {
        return Verdict::Fine;
    }
    if let Some(key) = name.strip_suffix("_FILE").and_then(known) {
        return file_of(key);
    }
    let mut sections: Vec<_> = keys.iter().map(Key::section).collect();
    sections.dedup();
    let lower = section.to_ascii_lowercase();
    if !sections.contains(&lower.as_str()) {
        let hint = match nearest(&lower, sections.iter().copied()) {
            Some(near) => format!("did you mean TWINBASE_{}__{rest}?", near.to_uppercase()),
            None => format!("there are {}", sections.join(", ")),
        };
        return Verdict::Wrong(format!("there is no such section; {hint}"));
    }
    let hint = super::file::unknown(keys, &lower, &rest.to_ascii_lowercase());
    let case = if name.chars().any(char::is_lowercase) {
        " (variables are in capitals)"
    } else {
        ""
    };
    Verdict::Wrong(format!("there is no such key of [{lower}]{case}; {hint}"))
}

/// A `_FILE` variable of a known key.
fn file_of(key: &Key) -> Verdict {
    if key.is_secret() {
        return Verdict::Fine;
    }
    let secrets = "only a secret is read from a file of its own";
    let variables = key.variables();
    Verdict::Wrong(format!(
        "{secrets}; set {}",
        variables.first().map_or("", String::as_str)
    ))
}

/// `TWINBASE_…` without `__`.
fn reserved(name: &str, rest: &str, keys: &[Key], environment: &Environment) -> Verdict {
    if RESERVED.iter().any(|(known, _)| *known == name) {
        return Verdict::Fine;
    }
    if service_link(rest, name, environment) {
        return Verdict::Unread;
    }
    let names: Vec<String> = keys
        .iter()
        .filter_map(|key| key.variables().pop())
        .collect();
    let candidates = names
        .iter()
        .map(String::as_str)
        .chain(RESERVED.iter().map(|(name, _)| *name));
    let hint = match nearest(name, candidates) {
        Some(near) => format!("; did you mean {near}?"),
        None => ".".to_owned(),
    };
    let all: Vec<_> = RESERVED
        .iter()
        .map(|(name, use_)| format!("{name} ({use_})"))
        .collect();
    Verdict::Wrong(format!(
        "names of the form TWINBASE_… are reserved{hint} There are {}, and TWINBASE_<SECTION>__<KEY> for every key",
        all.join(", ")
    ))
}

/// Whether Kubernetes set it for a Service called `twinbase`, see
/// <https://kubernetes.io/docs/concepts/services-networking/service/#environment-variables>.
fn service_link(rest: &str, name: &str, environment: &Environment) -> bool {
    let linked = environment.get("KUBERNETES_SERVICE_HOST").is_some();
    let value = environment
        .get(name)
        .and_then(|value| value.to_str())
        .unwrap_or_default();
    let port = rest == "PORT" && value.contains("://");
    linked && (port || rest.starts_with("SERVICE_") || rest.starts_with("PORT_"))
}

/// `DATABASE_…`.
fn database(rest: &str, keys: &[Key]) -> Verdict {
    let keys: Vec<_> = keys
        .iter()
        .filter(|key| key.section() == "database")
        .collect();
    let known = |name: &str| keys.iter().find(|key| key.name().to_uppercase() == name);
    if known(rest).is_some() {
        return Verdict::Fine;
    }
    if PLATFORM.contains(&rest) {
        return Verdict::Unread;
    }
    if let Some(key) = rest.strip_suffix("_FILE").and_then(known) {
        return file_of(key);
    }
    let files = keys
        .iter()
        .filter(|key| key.is_secret())
        .map(|key| format!("{}_file", key.name()));
    let files: Vec<String> = files.collect();
    let names = keys
        .iter()
        .map(|key| key.name())
        .chain(files.iter().map(String::as_str));
    match synonym(rest).or_else(|| nearest(rest, names)) {
        Some(near) => Verdict::Wrong(format!(
            "is not a known setting; did you mean DATABASE_{}?",
            near.to_uppercase()
        )),
        None => Verdict::Unread,
    }
}
