use std::fs;
use std::path::PathBuf;

use super::{folder, load_both, load_file, load_variables, refusal};
use crate::config::{ConfigError, Environment, LoadOptions, load};

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
        (
            "[nonsense]\n",
            "there are server, database, migrate, readiness, log",
        ),
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
