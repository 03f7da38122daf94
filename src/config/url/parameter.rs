//! The parameters of a PostgreSQL URL: sqlx reads some, other tools' are translated or refused.
//!
//! sqlx itself only logs a parameter that it doesn't know, value included, and goes on without it.

use std::net::IpAddr;

use super::error::UrlError;
use crate::config::nearest::nearest;

/// What sqlx-postgres 0.9 reads (`options/parse.rs`); `options[name]` besides.
const KNOWN: [&str; 17] = [
    SSL_MODE,
    "sslrootcert",
    "ssl-root-cert",
    "ssl-ca",
    "sslcert",
    "ssl-cert",
    "sslkey",
    "ssl-key",
    CACHE,
    "host",
    "hostaddr",
    "port",
    "dbname",
    "user",
    "password",
    "application_name",
    "options",
];
const SSL_MODE: &str = "sslmode";
const CACHE: &str = "statement-cache-capacity";
const SSL_MODES: [&str; 6] = [
    "disable",
    "allow",
    "prefer",
    "require",
    "verify-ca",
    "verify-full",
];

/// Parameters of libpq, asyncpg, psycopg, JDBC and Prisma that mean nothing to sqlx, and what to
/// write instead.
const HINTS: [(&str, &str); 20] = [
    (
        "target_session_attrs",
        "sqlx doesn't choose among hosts; name the primary, or a proxy before it",
    ),
    (
        "load_balance_hosts",
        "sqlx doesn't choose among hosts; name one, or a proxy before them",
    ),
    (
        "channel_binding",
        "sqlx doesn't bind SCRAM to TLS; remove it and keep sslmode=verify-full",
    ),
    (
        "connect_timeout",
        "remove it and set database.connect_timeout",
    ),
    ("timeout", "remove it and set database.connect_timeout"),
    (
        "command_timeout",
        "remove it and set database.statement_timeout",
    ),
    (
        "statement_timeout",
        "remove it and set database.statement_timeout",
    ),
    ("pool_size", "remove it and set database.pool_size"),
    ("max_overflow", "remove it and set database.max_overflow"),
    ("connection_limit", "remove it and set database.pool_size"),
    ("pool_timeout", "remove it and set database.acquire_timeout"),
    ("server_settings", "write options[name]=value"),
    ("schema", "write options[search_path]=name"),
    ("currentSchema", "write options[search_path]=name"),
    ("search_path", "write options[search_path]=name"),
    ("pgbouncer", "write statement-cache-capacity=0"),
    (
        "prepare_threshold",
        "write statement-cache-capacity=0 for no prepared statements",
    ),
    ("ssl", "write sslmode=require"),
    (
        "sslnegotiation",
        "sqlx asks for TLS in the usual way; remove it",
    ),
    (
        "passfile",
        "sqlx reads the file that the variable PGPASSFILE names; remove it",
    ),
];

/// A parameter as sqlx reads it: its name and value, from those of the URL. `asyncpg` says that the
/// URL is SQLAlchemy's for that driver, whose parameters are translated.
pub(super) fn translate(
    name: &str,
    value: &str,
    asyncpg: bool,
) -> Result<(String, String), UrlError> {
    let (name, value) = match name {
        "ssl" if asyncpg => (SSL_MODE, value),
        "statement_cache_size" | "prepared_statement_cache_size" if asyncpg => (CACHE, value),
        "ssl-mode" => (SSL_MODE, value),
        name => (name, value),
    };
    let bracketed = name
        .strip_prefix("options[")
        .and_then(|rest| rest.strip_suffix(']'));
    if !KNOWN.contains(&name) && bracketed.is_none_or(str::is_empty) {
        return Err(unknown(name));
    }
    let refuse = |hint: &str| {
        Err(UrlError::Parameter {
            name: name.into(),
            hint: hint.into(),
        })
    };
    if value.contains('\0') {
        return refuse("its value holds a NUL");
    }
    match name {
        SSL_MODE if !SSL_MODES.contains(&value.to_ascii_lowercase().as_str()) => {
            return refuse(
                "its value must be disable, allow, prefer, require, verify-ca or verify-full",
            );
        }
        "sslrootcert" | "ssl-root-cert" | "ssl-ca" if value == "system" => {
            return refuse(
                "sqlx takes \"system\" for a file; remove it, or name the file of the authority's certificate",
            );
        }
        CACHE if value.parse::<u32>().is_err() => {
            return refuse("its value must be a whole number");
        }
        "port" if value.parse::<u16>().is_err() => {
            return refuse("its value must be one port, 0 to 65535");
        }
        "host" | "hostaddr" if value.contains(',') => return Err(UrlError::SeveralHosts),
        "hostaddr" if value.parse::<IpAddr>().is_err() => {
            return refuse("its value must be an IP address");
        }
        "password" if value == "***" => return Err(UrlError::Redacted),
        "application_name" if crate::config::database::application_name(value).is_err() => {
            return refuse("its value must have 1 to 63 printable ASCII characters");
        }
        _ => {}
    }
    Ok((name.to_owned(), value.to_owned()))
}

fn unknown(name: &str) -> UrlError {
    let hint = HINTS
        .iter()
        .find(|(known, _)| *known == name)
        .map(|(_, hint)| (*hint).to_owned())
        .or_else(|| {
            Some(format!(
                "did you mean {}?",
                nearest(name, KNOWN.into_iter())?
            ))
        })
        .unwrap_or_else(|| {
            "sqlx doesn't read it; remove it (it reads sslmode, sslrootcert, sslcert, sslkey, \
             host, hostaddr, port, dbname, user, password, application_name, options, \
             statement-cache-capacity)"
                .to_owned()
        });
    UrlError::Parameter {
        name: printable(name),
        hint,
    }
}

/// A parameter's name for a message. What isn't a plain name may be the rest of a password.
pub(super) fn printable(name: &str) -> String {
    let plain = name
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if plain && (1..=40).contains(&name.len()) {
        name.to_owned()
    } else {
        "(not shown)".to_owned()
    }
}
