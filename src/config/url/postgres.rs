//! URLs of PostgreSQL.

use percent_encoding::percent_decode_str;
use url::Url;

use super::error::UrlError;
use super::parameter::translate;
use super::{DatabaseUrl, Target};

/// What stands in place of a password.
const REDACTED: &str = "***";

impl DatabaseUrl {
    /// Reads what follows the scheme's colon.
    pub(super) fn postgres(rest: &str, asyncpg: bool) -> Result<Self, UrlError> {
        let rest = rest.strip_prefix("//").ok_or(UrlError::NoSlashes)?;
        refuse_ambiguous(rest)?;
        let mut url = Url::parse(&format!("postgres://{rest}")).map_err(|_| UrlError::Address)?;
        if url.port() == Some(0) {
            return Err(UrlError::Address);
        }

        let user = decoded(url.username(), "user")?;
        if decoded(url.password().unwrap_or_default(), "password")? == REDACTED {
            return Err(UrlError::Redacted);
        }
        let path = url.path().trim_start_matches('/');
        if let Some(character) = path.chars().find(|c| *c == '/') {
            return Err(UrlError::ReservedCharacter { character });
        }
        let mut place = Place {
            host: decoded(url.host_str().unwrap_or_default(), "host")?,
            port: url.port(),
            database: decoded(path, "database")?,
            user,
            application_name: None,
        };

        let parameters = parameters(&url, asyncpg)?;
        for (name, value) in &parameters {
            place.read(name, value);
        }
        set_query(&mut url, &parameters);
        let text = url.to_string();

        let hidden: Vec<_> = parameters
            .into_iter()
            .map(|(name, value)| {
                if name == "password" {
                    (name, REDACTED.into())
                } else {
                    (name, value)
                }
            })
            .collect();
        set_query(&mut url, &hidden);
        if url.password().is_some() {
            // It had a password, so that it can have another.
            url.set_password(Some(REDACTED))
                .map_err(|()| UrlError::Address)?;
        }
        let application_name = place.application_name.take();
        let target = Target::Postgres {
            location: place.describe(),
            application_name,
        };
        Ok(Self {
            text,
            redacted: url.to_string(),
            target,
        })
    }
}

/// Refuses what reads differently from what was meant when a reserved character of a password
/// stands for itself: `me:12/34@db` would be the host `me` with the port 12.
fn refuse_ambiguous(rest: &str) -> Result<(), UrlError> {
    let reserved = |character| Err(UrlError::ReservedCharacter { character });
    if rest.contains('#') {
        return reserved('#');
    }
    if rest.contains(char::is_whitespace) {
        return Err(UrlError::WhiteSpace);
    }
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at(end);
    match (authority.matches('@').count(), tail.contains('@')) {
        (0 | 1, false) => {}
        (0, true) => return reserved(tail.chars().next().unwrap_or('@')),
        _ => return reserved('@'),
    }
    let hosts = authority.rsplit('@').next().unwrap_or(authority);
    if hosts.contains(',') {
        return Err(UrlError::SeveralHosts);
    }
    Ok(())
}

/// The parameters as sqlx reads them, each at most once.
fn parameters(url: &Url, asyncpg: bool) -> Result<Vec<(String, String)>, UrlError> {
    let mut parameters: Vec<(String, String)> = Vec::new();
    for (name, value) in url.query_pairs() {
        let (name, value) = translate(&name, &value, asyncpg)?;
        match parameters
            .iter()
            .find(|(known, _)| *known == name && name != "options")
        {
            Some((_, known)) if *known == value => {}
            Some(_) => {
                let hint = "it is there twice, with different values".to_owned();
                return Err(UrlError::Parameter {
                    name: super::parameter::printable(&name),
                    hint,
                });
            }
            None => parameters.push((name, value)),
        }
    }
    Ok(parameters)
}

fn set_query(url: &mut Url, parameters: &[(String, String)]) {
    if parameters.is_empty() {
        url.set_query(None);
    } else {
        url.query_pairs_mut().clear().extend_pairs(parameters);
    }
}

fn decoded(text: &str, part: &'static str) -> Result<String, UrlError> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => Err(UrlError::NotText { part }),
    }
}

/// The parts that messages name. A parameter overrides what stands before the `?`, as in sqlx.
struct Place {
    host: String,
    port: Option<u16>,
    database: String,
    user: String,
    application_name: Option<String>,
}

impl Place {
    fn read(&mut self, name: &str, value: &str) {
        let value = value.to_owned();
        match name {
            "host" | "hostaddr" => self.host = value,
            "port" => self.port = value.parse().ok(),
            "dbname" => self.database = value,
            "user" => self.user = value,
            "application_name" => self.application_name = Some(value),
            _ => {}
        }
    }

    /// Says only what the URL says: sqlx fills the rest from PGHOST, PGPORT, PGUSER and PGDATABASE.
    fn describe(&self) -> String {
        let host = match self.host.as_str() {
            "" => "the default host".to_owned(),
            socket if socket.starts_with('/') => format!("the socket {socket}"),
            host => host.to_owned(),
        };
        let port = self.port.map_or(String::new(), |port| format!(":{port}"));
        let named = |name: &str, value: &str| {
            if value.is_empty() {
                String::new()
            } else {
                format!(", {name} {value}")
            }
        };
        let (database, user) = (named("database", &self.database), named("user", &self.user));
        format!("PostgreSQL at {host}{port}{database}{user}")
            .escape_debug()
            .to_string()
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]
mod tests;
