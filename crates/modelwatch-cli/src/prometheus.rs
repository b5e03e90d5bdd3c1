//! The way to a Prometheus: its address, what it wants to know of the caller, and how long it may take.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use modelwatch_triage::prometheus::Transport;
use modelwatch_triage::source::SourceError;
use ureq::Agent;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig, parse_pem};
use url::Url;
use url::form_urlencoded;

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
    /// A file with a bearer token.
    #[arg(long, value_name = "FILE", global = true, conflicts_with = "authorization_file")]
    bearer_token_file: Option<PathBuf>,
    /// A file with `user:password` for basic authentication.
    #[arg(long, value_name = "FILE", global = true, conflicts_with_all = ["authorization_file", "bearer_token_file"])]
    basic_auth_file: Option<PathBuf>,
    /// A PEM file of the authorities to trust. Defaults to those of the system.
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
                "--prometheus: a URL with a password ends up in logs and process lists; name a file with --basic-auth-file",
            ));
        }
        let authorization = match (&self.authorization_file, &self.bearer_token_file, &self.basic_auth_file) {
            (Some(file), _, _) => Some(secret(file)?),
            (_, Some(file), _) => Some(format!("Bearer {}", secret(file)?)),
            (_, _, Some(file)) => Some(format!("Basic {}", STANDARD.encode(secret(file)?))),
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
    let roots = match ca_file {
        None => RootCerts::PlatformVerifier,
        Some(file) => {
            let pem = fs::read(file).map_err(|error| unreadable(file, &error))?;
            let certificates: Result<Vec<Certificate<'static>>, _> = parse_pem(&pem)
                .filter_map(|item| match item {
                    Ok(PemItem::Certificate(certificate)) => Some(Ok(certificate)),
                    Ok(_) => None,
                    Err(error) => Some(Err(error)),
                })
                .collect();
            let certificates =
                certificates.map_err(|error| Failure::new(format!("{}: not PEM: {error}", file.display())))?;
            if certificates.is_empty() {
                return Err(Failure::new(format!(
                    "{}: there is no certificate in it",
                    file.display()
                )));
            }
            RootCerts::new_with_certs(&certificates)
        }
    };
    let config = Agent::config_builder()
        .tls_config(TlsConfig::builder().root_certs(roots).build())
        .http_status_as_error(false)
        .max_idle_connections_per_host(8)
        .build();
    Ok(Agent::new_with_config(config))
}

fn secret(file: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let text = text.trim();
    if text.is_empty() || text.chars().any(char::is_control) {
        return Err(Failure::new(format!("{}: one line is expected in it", file.display())));
    }
    Ok(text.to_owned())
}

fn unreadable(file: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("{}: can't be read: {error}", file.display()))
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
            error => SourceError::Unreachable(format!("{address}: {error}")),
        };
        let mut response = request.send(body).map_err(unreachable)?;
        let status = response.status();
        if matches!(status.as_u16(), 401 | 403) {
            return Err(SourceError::Refused(format!(
                "{address} answers {status}: name a file with --authorization-file, --bearer-token-file or --basic-auth-file"
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
