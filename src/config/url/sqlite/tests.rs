use sqlx::any::AnyConnectOptions;
use sqlx::sqlite::SqliteConnectOptions;
use std::path::Path;
use std::str::FromStr as _;

use crate::config::{DatabaseUrl, Engine, UrlError};

fn parse(text: &str) -> DatabaseUrl {
    text.parse().unwrap()
}

fn refuse(text: &str) -> UrlError {
    text.parse::<DatabaseUrl>().unwrap_err()
}

/// The file that sqlx would open.
fn file_at_sqlx(url: &DatabaseUrl) -> String {
    let any = AnyConnectOptions::from_str(url.expose()).unwrap();
    let options = SqliteConnectOptions::try_from(&any).unwrap();
    options.get_filename().to_str().unwrap().to_owned()
}

#[test]
fn a_plain_url_keeps_sqlx_s_meaning_of_the_slashes() {
    for (text, file) in [
        ("sqlite:x.db", "x.db"),
        ("sqlite://x.db", "x.db"),
        ("sqlite://data/x.db", "data/x.db"),
        ("sqlite://./x.db", "./x.db"),
        ("sqlite:../x.db", "../x.db"),
        ("sqlite:/x.db", "/x.db"),
        ("sqlite:///x.db", "/x.db"),
        ("sqlite:////srv/x.db", "/srv/x.db"),
        ("sqlite:///srv/my%20data/100%25.db", "/srv/my data/100%.db"),
        ("sqlite:///srv/my data/x.db", "/srv/my data/x.db"),
        ("sqlite://Über.db", "Über.db"),
        ("sqlite://what%3F.db?mode=ro", "what?.db"),
        ("SQLite://x.db", "x.db"),
    ] {
        let url = parse(text);
        assert_eq!(url.engine(), Engine::Sqlite);
        assert_eq!(url.sqlite_file(), Some(Path::new(file)), "{text}");
        assert_eq!(file_at_sqlx(&url), file, "{text}");
    }
}

#[test]
fn sqlalchemy_s_url_keeps_sqlalchemy_s_meaning_of_the_slashes() {
    for (text, file) in [
        ("sqlite+aiosqlite:///rel.db", "rel.db"),
        ("sqlite+aiosqlite:///./data/rel.db", "./data/rel.db"),
        ("sqlite+aiosqlite:////srv/abs.db", "/srv/abs.db"),
        ("sqlite+pysqlite:///a%20b.db", "a%20b.db"),
    ] {
        let url = parse(text);
        assert_eq!(url.sqlite_file(), Some(Path::new(file)), "{text}");
        assert_eq!(file_at_sqlx(&url), file, "{text}");
    }
    for text in [
        "sqlite+aiosqlite://rel.db",
        "sqlite+aiosqlite:rel.db",
        "sqlite+aiosqlite:/rel.db",
    ] {
        assert_eq!(refuse(text), UrlError::SqlAlchemySlashes, "{text}");
    }
}

#[test]
fn every_spelling_of_memory_is_memory() {
    for text in [
        "sqlite::memory:",
        "sqlite://:memory:",
        "sqlite://?mode=memory",
        "sqlite::memory:?cache=shared",
        "sqlite+aiosqlite://",
        "sqlite+aiosqlite:///",
        "sqlite+aiosqlite:///:memory:",
    ] {
        let url = parse(text);
        assert!(url.is_memory(), "{text}");
        assert_eq!(url.sqlite_file(), None);
        assert_eq!(url.expose(), "sqlite::memory:");
    }
    assert_eq!(refuse("sqlite:///:memory:"), UrlError::MemoryAsFile);
    assert!(matches!(
        refuse("sqlite::memory:?cache=private"),
        UrlError::Parameter { .. }
    ));
    assert!(matches!(
        refuse("sqlite::memory:?mode=ro"),
        UrlError::Parameter { .. }
    ));
}

#[test]
fn a_url_without_a_file_is_refused() {
    for text in ["sqlite:", "sqlite://", "sqlite://?mode=rwc"] {
        assert_eq!(refuse(text), UrlError::NoFile, "{text}");
    }
    assert_eq!(parse("sqlite:/x.db"), parse("sqlite:///x.db"));
    assert_eq!(refuse("sqlite:file:x.db"), UrlError::FileUri);
}

#[test]
fn parameters_that_a_file_cannot_have_are_refused_with_the_reason() {
    for (query, hint) in [
        ("mode=create", "ro, rw, rwc or memory"),
        ("mode=ro&mode=rw", "twice"),
        ("cache=shared", "busy timeout"),
        ("immutable=1", "add mode=ro"),
        ("vfs=unix-none", "remove it"),
        ("timeout=5", "database.sqlite_busy_timeout"),
        ("check_same_thread=false", "Python"),
        ("journal_mode=WAL", "remove it"),
    ] {
        let message = refuse(&format!("sqlite://x.db?{query}")).to_string();
        assert!(message.contains(hint), "{query}: {message}");
    }
    assert_eq!(
        parse("sqlite://x.db?mode=ro&immutable=1").expose(),
        "sqlite:x.db?mode=ro&immutable=1"
    );
    assert_eq!(parse("sqlite://x.db?cache=private"), parse("sqlite:x.db"));
}
