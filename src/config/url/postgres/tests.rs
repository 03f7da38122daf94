use percent_encoding::percent_decode_str;
use sqlx::ConnectOptions as _;
use sqlx::postgres::PgConnectOptions;

use crate::config::{DatabaseUrl, UrlError};

fn parse(text: &str) -> DatabaseUrl {
    text.parse().unwrap()
}

fn refuse(text: &str) -> UrlError {
    text.parse::<DatabaseUrl>().unwrap_err()
}

/// The password that sqlx will send.
fn password_at_sqlx(text: &str) -> String {
    let options: PgConnectOptions = parse(text).expose().parse().unwrap();
    let url = options.to_url_lossy();
    percent_decode_str(url.password().unwrap())
        .decode_utf8()
        .unwrap()
        .into_owned()
}

#[test]
fn a_password_reaches_sqlx_as_it_was_meant() {
    for (written, meant) in [
        ("0123456789", "0123456789"),
        ("s%40fe", "s@fe"),
        ("a%23b%2Fc%3Fd%3Ae", "a#b/c?d:e"),
        ("100%25", "100%"),
        ("pl+us", "pl+us"),
        ("st*r!$&'()", "st*r!$&'()"),
        ("p%C3%A9", "pé"),
        ("pé", "pé"),
        ("semi;colon=", "semi;colon="),
        ("a:b", "a:b"),
        ("%20space%20", " space "),
    ] {
        for scheme in ["postgres", "postgresql+psycopg", "postgresql+asyncpg"] {
            let url = format!("{scheme}://me:{written}@db.example:6432/app");
            assert_eq!(password_at_sqlx(&url), meant, "{url}");
        }
    }
    assert_eq!(
        password_at_sqlx("postgres://me@db/app?password=s%40fe%23"),
        "s@fe#"
    );
}

#[test]
fn a_raw_reserved_character_is_refused_without_showing_the_password() {
    for (text, character) in [
        ("postgres://me:hid@den@db/app", '@'),
        ("postgres://me:hid#den@db/app", '#'),
        ("postgres://me:hid/den@db/app", '/'),
        ("postgres://me:12/den@db/app", '/'),
        ("postgres://me:hid?den@db/app", '?'),
        ("postgres://me:hid@den/hid@db/app", '@'),
        ("postgres://me:hid@den?hid@db/app", '@'),
        ("postgres://me:hid@db/app/den", '/'),
    ] {
        let error = refuse(text);
        assert_eq!(error, UrlError::ReservedCharacter { character }, "{text}");
        let message = format!("{error} {error:?}");
        assert!(message.contains("percent-encode"), "{message}");
        assert!(
            !message.contains("hid") && !message.contains("den"),
            "{message}"
        );
    }
    for text in [
        "postgres://me:hidden/app",
        "postgres://me:hid[den@db:99999/app",
        "postgres://db:0",
    ] {
        assert_eq!(refuse(text), UrlError::Address, "{text}");
    }
    assert_eq!(refuse("postgres://me:hid den@db/app"), UrlError::WhiteSpace);
    assert_eq!(
        refuse("postgres://me:%FF@db/app"),
        UrlError::NotText { part: "password" }
    );
    assert_eq!(
        refuse("postgres://me:%00@db/app"),
        UrlError::NotText { part: "password" }
    );
}

#[test]
fn neither_display_nor_debug_shows_a_password() {
    for text in [
        "postgres://me:hidden@db/app",
        "postgres://me@db/app?password=hidden",
        "postgresql+asyncpg://me:hidden@db/app?password=hidden&ssl=require",
    ] {
        let url = parse(text);
        let shown = format!("{url} {url:?} {} {}", url.redacted(), url.location());
        assert!(!shown.contains("hidden"), "{shown}");
        assert!(shown.contains("***"), "{shown}");
        assert!(url.expose().contains("hidden"));
        assert_eq!(refuse(&url.redacted()), UrlError::Redacted);
    }
}

#[test]
fn sqlalchemy_s_schemes_become_sqlx_s() {
    for driver in ["", "+psycopg", "+psycopg2", "+asyncpg"] {
        let url = parse(&format!("postgresql{driver}://me:pw@db:5433/app"));
        assert_eq!(url.expose(), "postgres://me:pw@db:5433/app");
    }
}

#[test]
fn asyncpg_s_own_parameters_are_translated_for_asyncpg_alone() {
    let url = parse("postgresql+asyncpg://db/app?ssl=require&prepared_statement_cache_size=0");
    assert_eq!(
        url.expose(),
        "postgres://db/app?sslmode=require&statement-cache-capacity=0"
    );
    let message = refuse("postgresql://db/app?ssl=require").to_string();
    assert!(message.contains("write sslmode=require"), "{message}");
    let message = refuse("postgresql+asyncpg://db/app?ssl=true").to_string();
    assert!(
        message.contains("sslmode") && message.contains("verify-full"),
        "{message}"
    );
}

#[test]
fn parameters_that_sqlx_would_ignore_are_refused_with_what_to_write() {
    for (query, hint) in [
        ("target_session_attrs=read-write", "choose among hosts"),
        ("sslmod=require", "did you mean sslmode?"),
        ("aplication_name=x", "did you mean application_name?"),
        ("connect_timeout=10", "database.connect_timeout"),
        ("schema=app", "options[search_path]"),
        ("keepalives=1", "sqlx doesn't read it"),
        ("sslmode=on", "verify-full"),
        ("application_name=p%C3%A9", "printable ASCII"),
        ("port=70000", "one port"),
        ("statement-cache-capacity=many", "whole number"),
        ("sslmode=require&sslmode=disable", "twice"),
        ("sslrootcert=system", "takes \"system\" for a file"),
    ] {
        let message = refuse(&format!("postgres://db/app?{query}")).to_string();
        assert!(message.contains(hint), "{query}: {message}");
    }
    parse("postgres://db/app?sslmode=verify-full&sslrootcert=/ca.pem&options[search_path]=app");
    parse("postgres://db/app?application_name=x&options=-c%20lock_timeout%3D5s");
}

#[test]
fn the_rest_of_a_password_is_no_parameter_to_show() {
    let message = refuse("postgres://me:x@db?%25hid%25den=1").to_string();
    assert!(!message.contains("hid"), "{message}");
}

#[test]
fn several_hosts_are_refused() {
    for text in [
        "postgres://me:pw@one:5432,two:5432/app",
        "postgres://one,two/app",
        "postgres:///app?host=one,two",
        "postgres:///app?hostaddr=10.0.0.1,10.0.0.2",
    ] {
        assert_eq!(refuse(text), UrlError::SeveralHosts, "{text}");
    }
}

#[test]
fn the_location_says_where_without_secrets() {
    for (text, location) in [
        (
            "postgres://me:pw@db.example:5432/app",
            "PostgreSQL at db.example:5432, database app, user me",
        ),
        (
            "postgres://[::1]/a%20b",
            "PostgreSQL at [::1], database a b",
        ),
        (
            "postgres://%2Frun%2Fpostgresql/app",
            "PostgreSQL at the socket /run/postgresql, database app",
        ),
        (
            "postgres:///app?host=/run/postgresql&user=me",
            "PostgreSQL at the socket /run/postgresql, database app, user me",
        ),
        (
            "postgres:///app",
            "PostgreSQL at the default host, database app",
        ),
    ] {
        assert_eq!(parse(text).location(), location);
    }
}

#[test]
fn slashes_are_needed() {
    assert_eq!(refuse("postgres:me@db/app"), UrlError::NoSlashes);
}
