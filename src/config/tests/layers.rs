use std::time::Duration;

use super::{load_both, load_file, load_variables};
use crate::config::layer::Layer;
use crate::config::{Config, LogFormat, Source, Synchronous, keys, reference};

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
    assert_eq!(config.database.recycle, Duration::from_mins(90));
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
