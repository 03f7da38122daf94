use std::fs;

use super::{folder, load_file, load_variables, refusal};
use crate::config::{Environment, LoadOptions, Source, load, show_json, show_toml};

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
