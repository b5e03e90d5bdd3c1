//! Requests to Prometheus' HTTP API, together within the time there is.

use std::fmt;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, Instant};

use ureq::http::{Request, header};
use ureq::tls::{RootCerts, TlsConfig};
use ureq::{Agent, AsSendBody};
use url::{Url, form_urlencoded};

use crate::credentials::roots;
use crate::failure::Failure;

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

/// Why a question has no answer, for people: who answers what, and how to mend it.
#[derive(Debug)]
pub(crate) enum AskError {
    /// Nobody answers, or not in time.
    Unreachable(String),
    /// It says no, or is no Prometheus.
    Refused(String),
    /// The answer is larger than it may be.
    TooLarge(String),
}

impl fmt::Display for AskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(what) | Self::Refused(what) | Self::TooLarge(what) => f.write_str(what),
        }
    }
}

impl From<AskError> for Failure {
    fn from(error: AskError) -> Self {
        Self::new(error)
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
    pub(super) fn new(base: Url, authorization: Option<String>, agent: Agent, timeout: Duration) -> Self {
        Self {
            base,
            authorization,
            agent,
            timeout,
        }
    }

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

    fn late(&self) -> AskError {
        AskError::Unreachable(format!(
            "{} has not answered within {} s; give it more with --timeout",
            self.shown(),
            self.timeout.as_secs()
        ))
    }

    fn error(&self, error: ureq::Error) -> AskError {
        let address = self.shown();
        match error {
            ureq::Error::BodyExceedsLimit(limit) => {
                AskError::TooLarge(format!("an answer of {address} is larger than {} MiB", limit >> 20))
            }
            ureq::Error::Timeout(_) => self.late(),
            // What a handshake says of a certificate comes as an error of the stream.
            ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => {
                AskError::Unreachable(format!("{address}: {error}; name its authority with --ca-file"))
            }
            ureq::Error::Rustls(error) => {
                AskError::Unreachable(format!("{address}: {error}; name its authority with --ca-file"))
            }
            error => AskError::Unreachable(format!("{address}: {error}; is it a Prometheus, and is it up?")),
        }
    }
}

impl Asking<'_> {
    /// Gets what is at a path, such as `/api/v1/label/job/values`; answers with the body, whatever Prometheus says in it.
    pub(crate) fn get(&self, path: &str, query: &[(&str, &str)]) -> Result<Vec<u8>, AskError> {
        let mut address = format!("{}{path}", self.client.shown());
        if !query.is_empty() {
            address = format!("{address}?{}", form(query));
        }
        self.answer(Request::get(address), ())
    }

    /// Posts a form to a path, such as `/api/v1/query`; answers with the body, whatever Prometheus says in it.
    #[cfg(feature = "triage")]
    pub(crate) fn post(&self, path: &str, pairs: &[(&str, impl AsRef<str>)]) -> Result<Vec<u8>, AskError> {
        let request = Request::post(format!("{}{path}", self.client.shown()))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.answer(request, form(pairs))
    }

    fn answer(&self, mut request: ureq::http::request::Builder, body: impl AsSendBody) -> Result<Vec<u8>, AskError> {
        let client = self.client;
        let address = client.shown();
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(client.late());
        }
        if let Some(authorization) = &client.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let request = request
            .body(body)
            .map_err(|error| AskError::Unreachable(format!("{address}: {error}")))?;
        let request = client
            .agent
            .configure_request(request)
            .timeout_global(Some(left))
            .build();
        let mut response = client.agent.run(request).map_err(|error| client.error(error))?;
        let status = response.status();
        if matches!(status.as_u16(), 401 | 403) {
            return Err(AskError::Refused(format!(
                "{address} answers {status}: give --token-file, --user and --password-file, or --authorization-file"
            )));
        }
        let read = response.body_mut().with_config().limit(LARGEST).read_to_vec();
        let body = read.map_err(|error| client.error(error))?;
        // Refusals of Prometheus are JSON and say why; anything else that is no success is not Prometheus.
        if !status.is_success() && body.first() != Some(&b'{') {
            return Err(AskError::Refused(format!(
                "{address} answers {status}; is it a Prometheus?"
            )));
        }
        Ok(body)
    }
}

fn form(pairs: &[(&str, impl AsRef<str>)]) -> String {
    form_urlencoded::Serializer::new(String::new())
        .extend_pairs(pairs)
        .finish()
}
