//! What the command line says of a Prometheus. Secrets are files, as arguments are seen by everybody on the machine.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use url::Url;

use super::client::{Client, agent};
use crate::credentials::secret;
use crate::failure::Failure;
use crate::spans::{MINUTE, SECOND, span};

/// Where Prometheus answers, and what it is shown.
#[derive(Args, Clone)]
pub(crate) struct Access {
    /// The URL of Prometheus or a compatible API, such as https://prometheus.example.com.
    #[arg(long, value_name = "URL", global = true)]
    prometheus: Option<String>,
    /// A file with the value of the Authorization header, such as `Bearer abc`.
    #[arg(long, value_name = "FILE", global = true)]
    authorization_file: Option<PathBuf>,
    /// The file of the bearer token.
    #[arg(long, value_name = "FILE", global = true, conflicts_with_all = ["authorization_file", "user"])]
    token_file: Option<PathBuf>,
    /// The user, with --password-file.
    #[arg(
        long,
        value_name = "NAME",
        global = true,
        requires = "password_file",
        conflicts_with = "authorization_file"
    )]
    user: Option<String>,
    /// The file of the password.
    #[arg(long, value_name = "FILE", global = true, requires = "user")]
    password_file: Option<PathBuf>,
    /// The file of the authority that signed the server's certificate. Defaults to the system's.
    #[arg(long, value_name = "FILE", global = true)]
    ca_file: Option<PathBuf>,
    /// The timeout for all queries of one answer together.
    #[arg(long, value_name = "DURATION", global = true, default_value = "10s", value_parser = span(SECOND, SECOND..=5 * MINUTE))]
    timeout: Duration,
}

impl Access {
    /// The client for the address that was given, if one was.
    pub(crate) fn named(&self) -> Result<Option<Client>, Failure> {
        match &self.prometheus {
            Some(address) => self.client(address).map(Some),
            None if self.authorization_file.is_some()
                || self.token_file.is_some()
                || self.user.is_some()
                || self.ca_file.is_some() =>
            {
                Err(Failure::usage(
                    "nothing is asked: name the Prometheus with --prometheus",
                ))
            }
            None => Ok(None),
        }
    }

    /// The client for the address that was given, or else for the usual one.
    #[cfg(feature = "triage")]
    pub(crate) fn or(&self, usual: &str) -> Result<Client, Failure> {
        self.client(self.prometheus.as_deref().unwrap_or(usual))
    }

    fn client(&self, address: &str) -> Result<Client, Failure> {
        let base = Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                Failure::usage(format!(
                    "--prometheus {address}: not a URL that begins with http:// or https://; name Prometheus itself, or \
                     forward its port to this machine"
                ))
            })?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(Failure::usage(
                "--prometheus: a URL with a password ends up in logs and process lists; give --user and --password-file",
            ));
        }
        let authorization = match (
            &self.authorization_file,
            &self.token_file,
            &self.user,
            &self.password_file,
        ) {
            (Some(file), ..) => Some(secret(file)?),
            (None, Some(file), ..) => Some(format!("Bearer {}", secret(file)?)),
            (None, None, Some(user), Some(file)) => {
                let pair = format!("{user}:{}", secret(file)?);
                Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
            }
            _ => None,
        };
        let agent = agent(self.ca_file.as_deref())?;
        Ok(Client::new(base, authorization, agent, self.timeout))
    }
}
