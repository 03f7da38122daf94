use std::time::Duration;

use super::{load_variables, refusal};

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
        Duration::from_hours(1)
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
            "there are server, database, migrate, readiness, log",
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
