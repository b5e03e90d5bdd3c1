//! Publishes to the Prometheus Pushgateway.

use std::io::{BufRead as _, BufReader};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use url::Url;

use super::error::PublishError;

/// The time that the gateway has to respond.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pushes to one group of a Pushgateway: that of a job. A push replaces the whole group, so that a series that is gone
/// from the page is gone from the gateway.
/// # Example: a password stays out of errors and logs
///
/// ```
/// use modelwatch_drift_job::publish::Pushgateway;
///
/// let gateway = Pushgateway::new("http://ml:hunter2@pushgateway:9091", "drift")?;
/// assert!(!format!("{gateway:?}").contains("hunter2"));
/// assert!(Pushgateway::new("pushgateway:9091", "drift").is_err());
/// # Ok::<(), modelwatch_drift_job::publish::PublishError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Pushgateway {
    /// Without user and password.
    gateway: Url,
    job: String,
    authorization: Option<Secret>,
    agent: ureq::Agent,
}

/// Holds text that no error and no log may show.
#[derive(Clone)]
struct Secret(String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl Pushgateway {
    /// Selects the group `job` of the gateway at this URL, such as `http://pushgateway:9091` or
    /// `https://user:password@gateway.example.com/push`. Certificates are checked against the system's trust store.
    ///
    /// # Errors
    ///
    /// The URL is neither HTTP nor HTTPS, it is HTTPS and the crate was built without its feature `tls`, or the job has
    /// no name.
    pub fn new(url: &str, job: &str) -> Result<Self, PublishError> {
        let mut gateway = match Url::parse(url) {
            Ok(gateway) if matches!(gateway.scheme(), "http" | "https") && gateway.has_host() => gateway,
            // An invalid URL may have a password anywhere.
            _ => {
                return Err(PublishError::new(
                    "the Pushgateway's URL",
                    "must begin with http:// or https:// and name a host, such as http://pushgateway:9091",
                ));
            }
        };
        let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
        let authorization = (!gateway.username().is_empty() || gateway.password().is_some()).then(|| {
            let user = decoded(gateway.username());
            let password = decoded(gateway.password().unwrap_or_default());
            Secret(format!(
                "Basic {}",
                BASE64_STANDARD.encode(format!("{user}:{password}"))
            ))
        });
        // These fail only for URLs without a host.
        let _ = (gateway.set_username(""), gateway.set_password(None));
        gateway.set_query(None);
        gateway.set_fragment(None);
        if job.is_empty() {
            return Err(PublishError::new(gateway, "the job has no name; give it one"));
        }
        if cfg!(not(feature = "tls")) && gateway.scheme() == "https" {
            return Err(PublishError::new(
                gateway,
                "https needs the feature tls of modelwatch-drift-job; build with it, or use http",
            ));
        }
        #[cfg_attr(
            not(feature = "tls"),
            allow(unused_mut, reason = "without TLS, there are no roots to set")
        )]
        let mut agent = ureq::Agent::config_builder();
        #[cfg(feature = "tls")]
        {
            let roots = ureq::tls::RootCerts::PlatformVerifier;
            agent = agent.tls_config(ureq::tls::TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Self {
            gateway,
            job: job.to_owned(),
            authorization,
            agent: agent
                .timeout_global(Some(PATIENCE))
                .http_status_as_error(false)
                .build()
                .into(),
        })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.gateway.as_str().trim_end_matches('/'))
    }

    /// Returns the group's path. A name with a slash must be in base64, because gateways read `%2F` as a slash.
    fn group(&self) -> String {
        match self.job.contains('/') {
            true => self.url(&format!(
                "metrics/job@base64/{}",
                BASE64_URL_SAFE_NO_PAD.encode(&self.job)
            )),
            false => self.url(&format!(
                "metrics/job/{}",
                utf8_percent_encode(&self.job, NON_ALPHANUMERIC)
            )),
        }
    }

    /// Reads the gateway's metrics of this group, as Prometheus text. Skips other groups as they arrive, however large
    /// they are.
    ///
    /// # Errors
    ///
    /// The gateway does not respond, or responds with an error.
    pub fn read(&self) -> Result<String, PublishError> {
        let url = self.url("metrics");
        let mut request = self.agent.get(&url);
        if let Some(Secret(authorization)) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let mut response = request.call().map_err(|error| PublishError::new(&url, error))?;
        if !response.status().is_success() {
            let status = response.status();
            return Err(PublishError::new(&url, format!("answers with {status}")));
        }
        let job = format!("job=\"{}\"", escaped(&self.job));
        let body = response.body_mut().with_config().limit(u64::MAX).reader();
        let mut own = String::new();
        for line in BufReader::new(body).lines() {
            let line = line.map_err(|error| PublishError::new(&url, error))?;
            let is_own = line.find(&job).is_some_and(|place| line[..place].ends_with(['{', ',']));
            if is_own && !line.starts_with('#') {
                own += &line;
                own.push('\n');
            }
        }
        Ok(own)
    }

    /// Replaces the group with a page in Prometheus text format.
    ///
    /// # Errors
    ///
    /// The gateway does not respond, or refuses the page. The group then stays as it was.
    pub fn push(&self, page: &[u8]) -> Result<(), PublishError> {
        let group = self.group();
        let mut request = self
            .agent
            .put(&group)
            .header("Content-Type", "text/plain; version=0.0.4");
        if let Some(Secret(authorization)) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        match request.send(page) {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(mut response) => {
                let status = response.status();
                // The response may be anything, and long.
                let said = response.body_mut().with_config().limit(4_096).read_to_string();
                Err(PublishError::new(
                    &group,
                    format!("refuses the page with {status}: {}", said.unwrap_or_default().trim()),
                ))
            }
            Err(error) => Err(PublishError::new(&group, error)),
        }
    }
}

/// Escapes a label's value as the Prometheus text format requires.
fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
