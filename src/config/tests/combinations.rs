use super::{folder, load_both, load_file, load_variables, refusal};
use crate::config::Requirement;

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
fn a_migration_url_names_the_same_engine_or_is_refused() {
    let url = ("DATABASE_URL", "postgres://me@db/app");
    let same = [
        url,
        (
            "DATABASE_MIGRATION_URL",
            "postgres://owner:secret@direct/app",
        ),
    ];
    let loaded = load_variables(&same).unwrap();
    let other = loaded.config.database.migration_url.unwrap();
    assert_eq!(other.to_string(), "postgres://owner:***@direct/app");
    let text = refusal(load_variables(&[
        url,
        ("DATABASE_MIGRATION_URL", "sqlite:x.db"),
    ]));
    assert!(
        text.contains("DATABASE_MIGRATION_URL") && text.contains("it names SQLite"),
        "{text}"
    );
    assert_eq!(
        load_variables(&[url])
            .unwrap()
            .config
            .database
            .migration_url,
        None
    );
}
