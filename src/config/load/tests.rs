#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use tempfile::TempDir;

use crate::config::layer::Layer;
use crate::config::{
    Config, ConfigError, Environment, LoadOptions, Loaded, LogFormat, Requirement, Source,
    Synchronous, keys, load, reference, show_json, show_toml,
};

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

#[test]
fn the_default_figment_equals_the_default_config() {
    let figment = figment::Figment::from(Layer::defaults());
    assert_eq!(figment.extract::<Config>().unwrap(), Config::default());
}

#[test]
fn nothing_set_is_the_default_and_sqlite_is_said_loudly() {
    let loaded = load_variables(&[]).unwrap();
    assert_eq!(loaded.config, Config::default());
    assert_eq!(loaded.sources.len(), keys().len());
    assert!(
        loaded
            .sources
            .values()
            .all(|source| *source == Source::Default)
    );
    let file = std::path::absolute("twinbase.db").unwrap();
    let [warning] = loaded.warnings.as_slice() else {
        panic!("{:?}", loaded.warnings)
    };
    assert!(warning.contains("DATABASE_URL is not set"), "{warning}");
    assert!(warning.contains(file.to_str().unwrap()), "{warning}");
}

#[test]
fn the_environment_goes_over_the_file_and_the_file_over_the_defaults() {
    let toml = "[database]\nurl = \"sqlite://x.db\"\npool_size = 7\nmax_overflow = 3\n";
    let loaded = load_both(toml, &[("DATABASE_POOL_SIZE", "9")]).unwrap();
    let database = &loaded.config.database;
    assert_eq!((database.pool_size, database.max_overflow), (9, 3));
    assert_eq!(
        loaded.sources["database.pool_size"].to_string(),
        "DATABASE_POOL_SIZE"
    );
    assert!(
        loaded.sources["database.max_overflow"]
            .to_string()
            .ends_with("twinbase.toml, line 4")
    );
    assert_eq!(loaded.sources["database.recycle"], Source::Default);
    assert!(loaded.warnings.is_empty());
}

#[test]
fn every_key_can_be_set_by_each_of_its_variables_and_in_the_file() {
    for key in reference() {
        let path = format!("{}.{}", key.section, key.key);
        let value = key.default.trim_matches('"');
        for name in key.variables.iter().filter(|name| !name.ends_with("_FILE")) {
            let loaded = load_variables(&[(name, value)]).unwrap();
            assert_eq!(loaded.sources[&path], Source::Variable(name.clone()));
        }
        let loaded = load_file(&format!(
            "[{}]\n{} = {}\n",
            key.section, key.key, key.default
        ));
        assert!(
            matches!(loaded.unwrap().sources[&path], Source::File { line: 2, .. }),
            "{path}"
        );
        assert!(
            !key.meaning.is_empty() && !key.meaning.contains('\n'),
            "{path}"
        );
    }
}

#[test]
fn text_from_the_environment_becomes_the_type_of_the_key() {
    let loaded = load_variables(&[
        ("DATABASE_PRE_PING", "off"),
        ("DATABASE_RECYCLE", "1h30m"),
        ("DATABASE_SQLITE_SYNCHRONOUS", "normal"),
        ("DATABASE_REQUIRE", "any"),
        ("DATABASE_APPLICATION_NAME", "0123"),
        ("TWINBASE_LOG__LEVEL", "off"),
        ("TWINBASE_LOG__FORMAT", "json"),
        ("TWINBASE_SERVER__BODY_LIMIT", "2MiB"),
        ("TWINBASE_SERVER__LISTEN", "[::]:80\n"),
    ]);
    let config = loaded.unwrap().config;
    assert!(!config.database.pre_ping);
    assert_eq!(config.database.recycle, Duration::from_secs(5400));
    assert_eq!(config.database.sqlite_synchronous, Synchronous::Normal);
    assert_eq!(config.database.application_name, "0123");
    assert_eq!(
        (config.log.level.as_str(), config.log.format),
        ("off", LogFormat::Json)
    );
    assert_eq!(config.server.body_limit, 2 << 20);
    assert_eq!(config.server.listen.to_string(), "[::]:80");
}

#[test]
fn the_file_may_write_native_types_or_text() {
    let loaded = load_file(
        "server = { shutdown_timeout = 2.5 }\ndatabase.pre_ping = false\n\
         [readiness]\ninterval = 3\ntimeout = \"4s\"\n",
    );
    let config = loaded.unwrap().config;
    assert_eq!(config.server.shutdown_timeout, Duration::from_millis(2500));
    assert!(!config.database.pre_ping);
    assert_eq!(config.readiness.interval, Duration::from_secs(3));
    assert_eq!(config.readiness.timeout, Duration::from_secs(4));
}

#[test]
fn every_problem_is_reported_at_once_with_its_key_and_source() {
    let toml = "[database]\npool_size = 0\nrecycle = \"soon\"\npool-size = 3\n[databse]\n";
    let text = refusal(load_both(toml, &[("TWINBASE_SERVER__LISTEN", "8000")]));
    for part in [
        "database.pool_size, from ",
        "twinbase.toml, line 2: \"0\" is out of range, which is 1 to 10000",
        "twinbase.toml, line 3: \"soon\" is not a duration",
        "twinbase.toml, line 4: \"pool-size\" is not a known key of [database]; did you mean pool_size?",
        "twinbase.toml, line 5: \"databse\" is not a known section; did you mean [database]?",
        "server.listen, from TWINBASE_SERVER__LISTEN: \"8000\" is not an IP address with a port",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert_eq!(text.lines().count(), 5);
}

#[test]
fn values_of_the_wrong_type_are_refused() {
    for (toml, reason) in [
        (
            "[database]\npool_size = \"abc\"",
            "\"abc\" is not a whole number",
        ),
        (
            "[database]\npool_size = 1.5",
            "\"1.5\" is not a whole number",
        ),
        ("[database]\npool_size = -1", "\"-1\" is out of range"),
        ("[database]\npool_size = [1]", "an array or a table"),
        ("[database]\npool_size = 2024-01-01", "a date or time"),
        ("[database]\npre_ping = \"maybe\"", "not true or false"),
        (
            "[database]\nrequire = \"postgers\"",
            "did you mean \"postgres\"?",
        ),
        (
            "[database]\nsqlite_synchronous = \"off\"",
            "is not one of \"full\", \"normal\"",
        ),
        ("[database]\napplication_name = \"\"", "is empty"),
        (
            "[readiness]\ntimeout = 0",
            "is out of range, which is 10ms to 10m",
        ),
        ("database = 5", "database is a section"),
        ("[[database]]\n", "database is a section"),
        ("pool_size = 5", "did you mean pool_size below [database]?"),
        (
            "[server]\npool_size = 5",
            "did you mean pool_size below [database]?",
        ),
        ("[database]\npool_recycle = 5", "did you mean recycle?"),
        ("[nonsense]\n", "there are server, database, readiness, log"),
    ] {
        let text = refusal(load_file(toml));
        assert!(text.contains(reason), "{toml}\n{text}");
    }
    let long = "x".repeat(64);
    assert!(
        refusal(load_variables(&[("DATABASE_APPLICATION_NAME", &long)])).contains("has 64 bytes")
    );
}

#[test]
fn two_variables_for_one_key_must_agree() {
    let text = refusal(load_variables(&[
        ("DATABASE_URL", "postgres://me:hidden1@db/app"),
        ("TWINBASE_DATABASE__URL", "postgres://me:hidden2@db/app"),
    ]));
    assert!(
        text.contains("DATABASE_URL") && text.contains("TWINBASE_DATABASE__URL"),
        "{text}"
    );
    assert!(!text.contains("hidden"), "{text}");
    let loaded = load_variables(&[
        ("DATABASE_RECYCLE", "3600"),
        ("TWINBASE_DATABASE__RECYCLE", "1h"),
    ]);
    assert_eq!(
        loaded.unwrap().config.database.recycle,
        Duration::from_secs(3600)
    );
}

#[test]
fn a_secret_can_come_from_a_file() {
    let folder = folder("");
    let path = folder.path().join("url");
    fs::write(&path, "postgres://me:s%40fe@db/app\r\n").unwrap();
    for variable in ["DATABASE_URL_FILE", "TWINBASE_DATABASE__URL_FILE"] {
        let loaded = load_variables(&[(variable, path.to_str().unwrap())]).unwrap();
        assert_eq!(
            loaded.config.database.target().expose(),
            "postgres://me:s%40fe@db/app"
        );
        let source = Source::SecretFile {
            variable: variable.to_owned(),
            path: path.clone(),
        };
        assert_eq!(loaded.sources["database.url"], source);
    }
}

#[test]
fn a_secret_s_file_that_cannot_serve_is_refused() {
    let folder = folder("");
    let at = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    fs::write(at("empty"), "\n").unwrap();
    fs::write(at("lines"), "postgres://me:hidden@db/app\n\n").unwrap();
    fs::write(at("binary"), [0xff, 0xfe]).unwrap();
    let url = "postgres://me:hidden@db/app";
    for (path, reason) in [
        (at("absent"), "can't be read"),
        (at(""), "can't be read"),
        (at("empty"), "the file is empty"),
        (at("lines"), "white space"),
        (at("binary"), "not UTF-8"),
        (String::new(), "names no file"),
        (url.to_owned(), "holds a URL"),
    ] {
        let text = refusal(load_variables(&[("DATABASE_URL_FILE", &path)]));
        assert!(
            text.contains(reason) && text.contains("DATABASE_URL_FILE"),
            "{text}"
        );
        assert!(!text.contains("hidden"), "{text}");
    }
    let both = [("DATABASE_URL", url), ("DATABASE_URL_FILE", &at("lines"))];
    assert!(refusal(load_variables(&both)).contains("DATABASE_URL_FILE is set too"));
    let other = refusal(load_variables(&[("DATABASE_POOL_SIZE_FILE", "/x")]));
    assert!(
        other.contains("only a secret") && other.contains("DATABASE_POOL_SIZE"),
        "{other}"
    );
}

#[test]
fn names_of_twinbase_that_mean_nothing_are_refused() {
    for (name, hint) in [
        (
            "TWINBASE_LISTEN",
            "TWINBASE_CONFIG (the configuration file, as --config)",
        ),
        (
            "TWINBASE_DATABASE_URL",
            "did you mean TWINBASE_DATABASE__URL?",
        ),
        ("TWINBASE_CONFGI", "did you mean TWINBASE_CONFIG?"),
        ("TWINBASE_DATABASE__POOLSIZE", "did you mean pool_size?"),
        (
            "TWINBASE_DATABSE__URL",
            "did you mean TWINBASE_DATABASE__URL?",
        ),
        (
            "TWINBASE_X__Y",
            "there are server, database, readiness, log",
        ),
        (
            "TWINBASE_SERVER__PORT",
            "there are listen, shutdown_timeout, body_limit",
        ),
        ("TWINBASE_database__url", "variables are in capitals"),
        ("TWINBASE_SERVER__LISTEN_FILE", "only a secret"),
        ("TWINBASE_PORT", "are reserved"),
    ] {
        let text = refusal(load_variables(&[(name, "1")]));
        assert!(text.starts_with(name) && text.contains(hint), "{text}");
    }
    load_variables(&[("TWINBASE_TEST_ENGINES", "sqlite"), ("TWINBASEX", "1")]).unwrap();
}

#[test]
fn what_kubernetes_sets_for_a_service_called_twinbase_is_a_warning() {
    let loaded = load_variables(&[
        ("KUBERNETES_SERVICE_HOST", "10.0.0.1"),
        ("TWINBASE_PORT", "tcp://10.0.0.2:8000"),
        ("TWINBASE_PORT_8000_TCP_ADDR", "10.0.0.2"),
        ("TWINBASE_SERVICE_HOST", "10.0.0.2"),
        ("DATABASE_URL", "sqlite://x.db"),
    ]);
    let warnings = loaded.unwrap().warnings;
    assert!(
        warnings[0].contains("TWINBASE_PORT_8000_TCP_ADDR"),
        "{warnings:?}"
    );
}

#[test]
fn an_unknown_database_variable_is_an_error_near_a_key_and_a_warning_elsewhere() {
    for (name, meant) in [
        ("DATABASE_POOLSIZE", "DATABASE_POOL_SIZE"),
        ("DATABASE_MAX_OVERFLOWS", "DATABASE_MAX_OVERFLOW"),
        ("DATABASE_ULR", "DATABASE_URL"),
        ("DATABASE_URI", "DATABASE_URL"),
        ("DATABASE_URL_FIEL", "DATABASE_URL_FILE"),
        ("DATABASE_POOL_RECYCLE", "DATABASE_RECYCLE"),
    ] {
        let text = refusal(load_variables(&[(name, "1")]));
        assert!(text.contains(&format!("did you mean {meant}?")), "{text}");
    }
    let names = [
        "DATABASE_HOST",
        "DATABASE_PASSWORD",
        "DATABASE_NAME",
        "DATABASE_REPLICA_LAG",
    ];
    let variables = names.map(|name| (name, "hidden"));
    let warnings = load_variables(&variables).unwrap().warnings;
    assert!(
        names.iter().all(|name| warnings[0].contains(name)),
        "{warnings:?}"
    );
    assert!(warnings[0].contains("not read") && !warnings[0].contains("hidden"));
}

#[test]
fn an_empty_or_mistyped_url_is_an_error_and_never_a_new_file() {
    for (url, hint) in [
        ("", "is empty"),
        ("  ", "is empty"),
        ("postgers://me:hidden@db/app", "did you mean \"postgres\"?"),
        (
            "mysql://me:hidden@db/app",
            "PostgreSQL and SQLite are supported",
        ),
        ("app.db", "has no scheme"),
        ("\"postgres://me:hidden@db/app\"", "remove the quotes"),
        (" postgres://me:hidden@db/app", "white space"),
        ("host=db password=hidden", "key=value"),
    ] {
        let toml = format!("[database]\nurl = '''{url}'''");
        for result in [load_variables(&[("DATABASE_URL", url)]), load_file(&toml)] {
            let text = refusal(result);
            assert!(
                text.contains("database.url, from ") && text.contains(hint),
                "{text}"
            );
            assert!(!text.contains("hidden"), "{text}");
        }
    }
}

#[test]
fn a_required_engine_names_both_sources_where_it_is_not_met() {
    let toml = "[database]\nrequire = \"postgres\"";
    let text = refusal(load_file(toml));
    assert!(
        text.contains("not set (default)") && text.contains("twinbase.toml, line 2"),
        "{text}"
    );
    let text = refusal(load_both(toml, &[("DATABASE_URL", "sqlite://x.db")]));
    assert!(
        text.contains("from DATABASE_URL: it names SQLite"),
        "{text}"
    );
    let text = refusal(load_variables(&[
        ("DATABASE_REQUIRE", "sqlite"),
        ("DATABASE_URL", "postgres://db"),
    ]));
    assert!(
        text.contains("it names PostgreSQL") && text.contains("from DATABASE_REQUIRE"),
        "{text}"
    );
    let both = [
        ("DATABASE_REQUIRE", "postgresql"),
        ("DATABASE_URL", "postgres://db"),
    ];
    assert_eq!(
        load_variables(&both).unwrap().config.database.require,
        Requirement::Postgres
    );
}

#[test]
fn a_missing_folder_of_an_absolute_file_offers_both_spellings() {
    let text = refusal(load_variables(&[(
        "DATABASE_URL",
        "sqlite:///no-such-folder/x.db",
    )]));
    assert!(text.contains("sqlite:///no-such-folder/x.db"), "{text}");
    assert!(text.contains("sqlite://no-such-folder/x.db"), "{text}");
    let text = refusal(load_variables(&[(
        "DATABASE_URL",
        "sqlite+aiosqlite:////no-such-folder/x.db",
    )]));
    assert!(
        text.ends_with("the folder /no-such-folder does not exist; create it"),
        "{text}"
    );
    let folder = folder("");
    let url = format!("sqlite://{}/x.db", folder.path().display());
    load_variables(&[("DATABASE_URL", &url)]).unwrap();
}

#[test]
fn a_mode_that_contradicts_sqlite_create_is_refused() {
    for (url, create) in [
        ("sqlite://x.db?mode=rwc", "false"),
        ("sqlite://x.db?mode=ro", "true"),
    ] {
        let text = refusal(load_variables(&[
            ("DATABASE_URL", url),
            ("DATABASE_SQLITE_CREATE", create),
        ]));
        assert!(
            text.contains("DATABASE_URL") && text.contains("DATABASE_SQLITE_CREATE"),
            "{text}"
        );
    }
    load_variables(&[("DATABASE_URL", "sqlite://x.db?mode=ro")]).unwrap();
}

#[test]
fn an_application_name_in_the_url_is_used_and_must_not_contradict_the_key() {
    let url = ("DATABASE_URL", "postgres://db/app?application_name=worker");
    let loaded = load_variables(&[url]).unwrap();
    assert_eq!(loaded.config.database.application_name, "worker");
    assert_eq!(
        loaded.sources["database.application_name"].to_string(),
        "DATABASE_URL"
    );
    let text = refusal(load_variables(&[
        url,
        ("DATABASE_APPLICATION_NAME", "other"),
    ]));
    assert!(text.contains("DATABASE_APPLICATION_NAME"), "{text}");
}

#[test]
fn broken_toml_is_one_line_that_quotes_no_value() {
    for (toml, at) in [
        (
            "[database]\nurl = \"postgres://me:hidden@db\nx = 1",
            "line 2, column",
        ),
        (
            "[database]\nurl = 'a'\nurl = 'postgres://me:hidden@db'",
            "line 3, column 1",
        ),
        (
            "[database]\nurl = postgres://me:hidden@db",
            "line 2, column",
        ),
        ("[database\n", "line 1, column"),
    ] {
        let text = refusal(load_file(toml));
        assert!(
            text.contains(at) && text.contains("not valid TOML"),
            "{text}"
        );
        assert!(!text.contains("hidden"), "{text}");
    }
}

#[test]
fn a_named_file_must_be_there_and_be_text() {
    let folder = folder("");
    let named = |name: &str| LoadOptions {
        file: Some(folder.path().join(name)),
        directory: PathBuf::from("."),
        environment: Environment::default(),
    };
    let missing = load(&named("absent.toml")).unwrap_err();
    assert!(
        matches!(
            missing,
            ConfigError::Missing {
                named_by: "--config",
                ..
            }
        ),
        "{missing}"
    );
    let unreadable = load(&named("")).unwrap_err();
    assert!(
        matches!(unreadable, ConfigError::Unreadable { .. }),
        "{unreadable}"
    );
    fs::write(folder.path().join("binary.toml"), b"# fine\nx = \xff").unwrap();
    let binary = load(&named("binary.toml")).unwrap_err();
    assert!(
        matches!(binary, ConfigError::NotUtf8 { line: 2, .. }),
        "{binary}"
    );
    let other = folder.path().join("other.toml");
    fs::write(&other, "[log]\nlevel = \"debug\"").unwrap();
    let config = |path: &str| load_variables(&[("TWINBASE_CONFIG", path)]);
    assert_eq!(
        config(other.to_str().unwrap()).unwrap().config.log.level,
        "debug"
    );
    assert!(matches!(
        config("absent.toml").unwrap_err(),
        ConfigError::Missing {
            named_by: "TWINBASE_CONFIG",
            ..
        }
    ));
    for wrong in ["", "postgres://me:hidden@db/app"] {
        let text = refusal(config(wrong));
        assert!(
            text.starts_with("TWINBASE_CONFIG") && !text.contains("hidden"),
            "{text}"
        );
    }
}

#[test]
fn a_url_in_the_wrong_key_is_not_shown() {
    for name in [
        "DATABASE_REQUIRE",
        "DATABASE_POOL_SIZE",
        "TWINBASE_SERVER__LISTEN",
        "TWINBASE_LOG__LEVEL",
    ] {
        let text = refusal(load_variables(&[(name, "postgres://me:hidden=x@db/app")]));
        assert!(text.contains(name) && !text.contains("hidden"), "{text}");
    }
}

#[test]
fn no_debug_output_shows_the_password() {
    let variables = [("DATABASE_URL", "postgres://me:hidden@db/app")];
    let options = LoadOptions {
        environment: Environment::from_pairs(variables),
        ..LoadOptions::default()
    };
    let loaded = load(&options).unwrap();
    let shown = format!(
        "{options:?} {loaded:?} {} {}",
        show_toml(&loaded),
        show_json(&loaded)
    );
    assert!(!shown.contains("hidden"), "{shown}");
    assert!(shown.contains("postgres://me:***@db/app"), "{shown}");
}

#[test]
fn what_show_prints_loads_again_as_the_same_configuration() {
    let loaded = load_both(
        "[database]\nurl = \"sqlite://x.db\"\nrecycle = 5400",
        &[
            ("DATABASE_APPLICATION_NAME", "say \"hi\" # \\"),
            ("TWINBASE_LOG__FORMAT", "json"),
        ],
    );
    let loaded = loaded.unwrap();
    let toml = show_toml(&loaded);
    assert_eq!(load_file(&toml).unwrap().config, loaded.config, "{toml}");
    assert!(toml.contains("pool_size = 20 "), "{toml}");
    assert!(
        toml.contains("# default\n") && toml.contains("# TWINBASE_LOG__FORMAT\n"),
        "{toml}"
    );
    assert!(
        toml.contains("recycle = \"1h30m\"") && toml.contains("twinbase.toml, line 3\n"),
        "{toml}"
    );
}

#[test]
fn show_json_has_value_and_source_of_every_key() {
    let json = show_json(&load_variables(&[("DATABASE_PRE_PING", "no")]).unwrap());
    assert_eq!(
        json["database"]["pool_size"],
        serde_json::json!({"value": 20, "source": "default"})
    );
    assert_eq!(
        json["database"]["pre_ping"],
        serde_json::json!({"value": false, "source": "DATABASE_PRE_PING"})
    );
    assert_eq!(json["database"]["url"]["value"], "sqlite:twinbase.db");
    let count: usize = json
        .as_object()
        .unwrap()
        .values()
        .map(|keys| keys.as_object().unwrap().len())
        .sum();
    assert_eq!(count, keys().len());
}

#[test]
fn deserializing_checks_values_and_names_as_load_does() {
    let wrong = |json| {
        serde_json::from_str::<Config>(json)
            .unwrap_err()
            .to_string()
    };
    assert!(
        wrong(r#"{"database":{"pool_size":0}}"#)
            .contains("database.pool_size: \"0\" is out of range")
    );
    assert!(wrong(r#"{"database":{"poolsize":5}}"#).contains("did you mean pool_size?"));
    assert!(!wrong(r#"{"database":{"url":"postgers://me:hidden@db"}}"#).contains("hidden"));
    let config: Config = serde_json::from_str(r#"{"readiness":{"interval":0.5}}"#).unwrap();
    assert_eq!(config.readiness.interval, Duration::from_millis(500));
}
