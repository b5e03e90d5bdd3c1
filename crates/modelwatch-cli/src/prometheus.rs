//! The way to a Prometheus: its address, what it wants to know of the caller, and how long it may take.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use modelwatch_triage::prometheus::Transport;
use modelwatch_triage::source::SourceError;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig};
use url::Url;
use url::form_urlencoded;

use crate::credentials::{roots, secret};
use crate::failure::Failure;

/// Where Prometheus answers.
#[derive(Args, Clone)]
pub(crate) struct Address {
    /// Prometheus, or what has its API: http://localhost:9090. Defaults to links.prometheus of the configuration.
    #[arg(long, value_name = "URL", global = true)]
    prometheus: Option<String>,
    /// A file with the value of the Authorization header, such as `Bearer abc`.
    #[arg(long, value_name = "FILE", global = true)]
    authorization_file: Option<PathBuf>,
    /// The file that holds the token to show it.
    #[arg(long, value_name = "FILE", global = true, conflicts_with_all = ["authorization_file", "user"])]
    token_file: Option<PathBuf>,
    /// The name to show it, with --password-file.
    #[arg(
        long,
        value_name = "NAME",
        global = true,
        requires = "password_file",
        conflicts_with = "authorization_file"
    )]
    user: Option<String>,
    /// The file that holds the password to show it.
    #[arg(long, value_name = "FILE", global = true, requires = "user")]
    password_file: Option<PathBuf>,
    /// The file of the authority that signed its certificate. Defaults to those the system trusts.
    #[arg(long, value_name = "FILE", global = true)]
    ca_file: Option<PathBuf>,
    /// Seconds for all questions of one answer together.
    #[arg(long, value_name = "SECONDS", global = true, default_value_t = 10, value_parser = clap::value_parser!(u64).range(1..=300))]
    timeout: u64,
}

/// The largest answer to one question, in bytes.
const LARGEST: u64 = 16 << 20;

/// A Prometheus that can be asked.
#[derive(Clone)]
pub(crate) struct Client {
    base: Url,
    authorization: Option<String>,
    agent: Agent,
    timeout: Duration,
}

/// Questions until a moment.
pub(crate) struct Asking<'c> {
    client: &'c Client,
    deadline: Instant,
}

impl Address {
    /// The client for this address; `usual` is where Prometheus is when no address was given.
    pub(crate) fn client(&self, usual: &str) -> Result<Client, Failure> {
        let address = self.prometheus.as_deref().unwrap_or(usual);
        let base = Url::parse(address)
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| {
                Failure::new(format!(
                    "--prometheus {address}: not a URL that begins with http:// or https://"
                ))
            })?;
        if !base.username().is_empty() || base.password().is_some() {
            return Err(Failure::new(
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
        let timeout = Duration::from_secs(self.timeout);
        Ok(Client {
            base,
            authorization,
            agent: agent(self.ca_file.as_deref())?,
            timeout,
        })
    }
}

/// An HTTP client that trusts the system's authorities, or those of a file.
pub(crate) fn agent(ca_file: Option<&Path>) -> Result<Agent, Failure> {
    let roots = ca_file.map_or(Ok(RootCerts::PlatformVerifier), roots)?;
    let config = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .http_status_as_error(false)
        .max_idle_connections_per_host(8)
        .build();
    Ok(Agent::new_with_config(config))
}

impl Client {
    /// Questions that are answered together within the time there is.
    pub(crate) fn asking(&self) -> Asking<'_> {
        Asking {
            client: self,
            deadline: Instant::now() + self.timeout,
        }
    }

    /// The address, for people.
    pub(crate) fn shown(&self) -> &str {
        self.base.as_str().trim_end_matches('/')
    }
}

impl Transport for Asking<'_> {
    fn post(&self, path: &str, form: &[(&str, String)]) -> Result<Vec<u8>, SourceError> {
        let client = self.client;
        let address = client.shown();
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(SourceError::Unreachable(format!(
                "{address} has not answered within {} s; give it more with --timeout",
                client.timeout.as_secs()
            )));
        }
        let body: String = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let mut request = client
            .agent
            .post(format!("{address}{path}"))
            .config()
            .timeout_global(Some(left))
            .build()
            .content_type("application/x-www-form-urlencoded");
        if let Some(authorization) = &client.authorization {
            request = request.header("Authorization", authorization);
        }
        let unreachable = |error: ureq::Error| match error {
            ureq::Error::BodyExceedsLimit(limit) => {
                SourceError::TooLarge(format!("an answer of {address} is larger than {} MiB", limit >> 20))
            }
            ureq::Error::Timeout(_) => SourceError::Unreachable(format!(
                "{address} has not answered within {} s; give it more with --timeout",
                client.timeout.as_secs()
            )),
            // What a handshake says of a certificate comes as an error of the stream.
            ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
                SourceError::Unreachable(format!("{address}: {error}; name its authority with --ca-file"))
            }
            error => SourceError::Unreachable(format!("{address}: {error}")),
        };
        let mut response = request.send(body).map_err(unreachable)?;
        let status = response.status();
        if matches!(status.as_u16(), 401 | 403) {
            return Err(SourceError::Refused(format!(
                "{address} answers {status}: give --token-file, --user and --password-file, or --authorization-file"
            )));
        }
        let read = response.body_mut().with_config().limit(LARGEST).read_to_vec();
        let body = read.map_err(unreachable)?;
        // Refusals of Prometheus are JSON and say why; anything else that is no success is not Prometheus.
        if !status.is_success() && body.first() != Some(&b'{') {
            return Err(SourceError::Refused(format!(
                "{address} answers {status}; is it a Prometheus?"
            )));
        }
        Ok(body)
    }
}
