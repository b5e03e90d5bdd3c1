//! How to reach a database: where its secret address comes from.

use std::fmt;

use adbc_core::error::Status;
use adbc_core::options::{OptionDatabase, OptionValue};
use adbc_driver_manager::profile::{
    ConnectionProfile as _, ConnectionProfileProvider as _, FilesystemProfileProvider, process_profile_value,
};
use percent_encoding::percent_decode_str;

use crate::dialect::Dialect;

/// The source of a database's address and credentials.
/// The example of [`Warehouse`](crate::Warehouse) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// The name of an environment variable that holds the URI; for DuckDB and SQLite, the file's path; for Spark,
    /// `sc://host:15002`.
    Variable(String),
    /// The name or path of an ADBC connection profile: a TOML file that names the driver and holds its options. ADBC looks for
    /// names in `ADBC_PROFILE_PATH` and its default folders.
    Profile(String),
}

impl fmt::Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "the environment variable {name}"),
            Self::Profile(name) => write!(f, "the ADBC profile {name}"),
        }
    }
}

/// The driver's options. It has no `Debug`, because it holds credentials.
pub(crate) struct Told {
    /// The driver named in a profile.
    pub(crate) driver: Option<String>,
    pub(crate) options: Vec<(OptionDatabase, OptionValue)>,
    secrets: Vec<String>,
}

impl Access {
    /// Reads the options for the driver.
    pub(crate) fn read(&self, dialect: Dialect) -> Result<Told, String> {
        match self {
            Self::Variable(name) => {
                let uri = std::env::var(name).map_err(|error| match error {
                    std::env::VarError::NotPresent => {
                        format!("the environment variable {name} is not set; put the database's URI there")
                    }
                    std::env::VarError::NotUnicode(_) => {
                        format!("the environment variable {name} is no text; put the database's URI there")
                    }
                })?;
                let secrets = secrets(&uri);
                Ok(Told {
                    driver: None,
                    options: vec![(address_option(dialect), uri.into())],
                    secrets,
                })
            }
            Self::Profile(name) => {
                // The error of the profile's reader may quote the profile.
                let unread = |error: adbc_core::error::Error| {
                    let tells = ["could not read", "missing", "unsupported profile version"];
                    let is_told =
                        error.status == Status::NotFound || tells.iter().any(|begin| error.message.starts_with(begin));
                    let problem = if is_told {
                        one_line(&error.message)
                    } else {
                        "it is no ADBC profile".to_owned()
                    };
                    format!(
                        "the ADBC profile {name} can't be read: {problem}; put it into a folder of ADBC_PROFILE_PATH, or give its path"
                    )
                };
                let profile = FilesystemProfileProvider::default().get_profile(name).map_err(unread)?;
                let (driver, _) = profile.get_driver_name().map_err(unread)?;
                let driver = driver.to_owned();
                let mut options = Vec::new();
                let mut secrets = Vec::new();
                for (key, value) in profile.get_options().map_err(unread)? {
                    let value = match value {
                        OptionValue::String(text) => process_profile_value(&text).map_err(unread)?,
                        other => other,
                    };
                    if let OptionValue::String(text) = &value {
                        secrets.extend(secrets_of_option(key.as_ref(), text));
                    }
                    options.push((key, value));
                }
                Ok(Told {
                    driver: Some(driver).filter(|driver| !driver.is_empty()),
                    options,
                    secrets,
                })
            }
        }
    }
}

impl Told {
    /// The database's address, if nothing else is needed.
    #[cfg(feature = "spark")]
    pub(crate) fn address(&self) -> Option<&str> {
        self.options.iter().find_map(|(key, value)| match (key, value) {
            (OptionDatabase::Uri, OptionValue::String(uri)) => Some(uri.as_str()),
            _ => None,
        })
    }

    /// Adds a secret to hide in messages.
    #[cfg(feature = "spark")]
    pub(crate) fn with_secret(mut self, secret: Option<&str>) -> Self {
        self.secrets.extend(secret.map(str::to_owned));
        self.secrets = sorted(self.secrets);
        self
    }

    /// A driver's message in one line, without secrets.
    pub(crate) fn without_secrets(&self, message: &str) -> String {
        let mut message = message.to_owned();
        for secret in &self.secrets {
            message = message.replace(secret, "***");
        }
        one_line(&message)
    }
}

/// The option for a database's address.
fn address_option(dialect: Dialect) -> OptionDatabase {
    match dialect {
        Dialect::DuckDb => OptionDatabase::Other("path".into()),
        _ => OptionDatabase::Uri,
    }
}

/// A shorter text is not treated as a secret, because it may be part of any word.
const SHORTEST_SECRET: usize = 3;

/// The secret parts of an option's value.
fn secrets_of_option(key: &str, value: &str) -> Vec<String> {
    let key = key.to_ascii_lowercase();
    let is_secret = ["password", "token", "secret", "credential", "key", "auth", "jwt"]
        .iter()
        .any(|word| key.contains(word));
    let mut found = secrets(value);
    if is_secret {
        found.push(value.to_owned());
    }
    sorted(found)
}

/// The secret parts of an address: everything between its scheme and its host, the values of its query, a named password, and the
/// whole. Each is listed as written, decoded and in parts, because a driver that misreads an address shows a part of it.
fn secrets(uri: &str) -> Vec<String> {
    let mut found = Vec::new();
    let after_scheme = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    if let Some((user, _)) = after_scheme.rsplit_once('@') {
        found.push(uri.to_owned());
        if let Some((_, password)) = user.split_once(':') {
            found.push(password.to_owned());
            found.extend(password.split([':', '/', '@', '?', '#', '&', '=']).map(str::to_owned));
        }
    }
    let (_, query) = uri.split_once('?').unwrap_or_default();
    let pairs = query.split(['&', ';']).chain(uri.split([' ', ';']));
    for (name, value) in pairs.filter_map(|pair| pair.split_once('=')) {
        let name = name.to_ascii_lowercase();
        if ["password", "passwd", "pwd", "token", "secret", "key", "auth"]
            .iter()
            .any(|word| name.contains(word))
        {
            found.push(value.trim_matches(['\'', '"']).to_owned());
            found.push(uri.to_owned());
        }
    }
    let decoded: Vec<String> = found
        .iter()
        .filter_map(|secret| Some(percent_decode_str(secret).decode_utf8().ok()?.into_owned()))
        .collect();
    found.extend(decoded);
    sorted(found)
}

/// Longest first, so that no part of a secret remains.
fn sorted(mut found: Vec<String>) -> Vec<String> {
    found.retain(|secret| secret.len() >= SHORTEST_SECRET);
    found.sort_unstable_by(|one, other| other.len().cmp(&one.len()).then_with(|| one.cmp(other)));
    found.dedup();
    found
}

/// A driver's message in one line, without what follows it, such as the statement.
fn one_line(message: &str) -> String {
    const LONGEST: usize = 500;
    let message = message.split("Query was").next().unwrap_or_default();
    let lines = message.lines().map(str::trim).filter(|line| !line.is_empty());
    // Skips a line that shows a part of the statement, and the line that points into it.
    let lines = lines.filter(|line| !line.starts_with("LINE ") && line.chars().any(|one| one != '^'));
    let line = lines.collect::<Vec<_>>().join(" ");
    let line: String = line
        .chars()
        .map(|one| if one.is_control() { ' ' } else { one })
        .take(LONGEST)
        .collect();
    line.trim_end_matches(['.', ' ']).to_owned()
}

#[cfg(test)]
mod tests {
    use super::{one_line, secrets};

    #[test]
    fn finds_password_when_address_is_of_any_form() {
        for (uri, secret) in [
            ("postgresql://me:hush-hush@db:5432/x", "hush-hush"),
            ("postgresql://me:hu%73h%2Fhush@db/x", "hush/hush"),
            ("postgresql://me:p@ss:word/1@db/x", "p@ss:word/1"),
            ("postgresql://me:p@ss:word/1@db/x", "word"),
            ("host=db user=me password='hush-hush'", "hush-hush"),
            ("databricks://token:dapi-123@host/sql", "dapi-123"),
            ("snowflake://host/db?token=hush-hush&role=r", "hush-hush"),
            ("server=db;pwd=hush-hush", "hush-hush"),
        ] {
            let found = secrets(uri);
            assert!(found.iter().any(|known| known == secret), "{uri}: {found:?}");
        }
        assert!(secrets("/data/claims.duckdb").is_empty());
    }

    #[test]
    fn keeps_first_lines_when_message_shows_statement() {
        let said = "ERROR:  relation \"x\" does not exist\nLINE 1: select * from x\n                      ^\n\nQuery was: select 1. SQLSTATE: 42P01";
        assert_eq!(one_line(said), "ERROR:  relation \"x\" does not exist");
    }
}
