//! The Prometheus Pushgateway.

use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::error::PublishError;

/// How long the gateway may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// One group of a Pushgateway, that of a job. A push replaces the whole group, so that what is gone from the page is
/// gone from the gateway.
#[derive(Clone, Debug)]
pub struct Pushgateway {
    gateway: String,
    group: String,
    agent: ureq::Agent,
}

impl Pushgateway {
    /// The group `job` of the gateway at this URL, such as `http://pushgateway:9091`.
    ///
    /// # Errors
    ///
    /// The URL is not plain HTTP, or the job has no name.
    pub fn new(url: &str, job: &str) -> Result<Self, PublishError> {
        if !url.starts_with("http://") {
            return Err(PublishError::new(
                url,
                "must begin with http://; a gateway with TLS wants a proxy beside the job",
            ));
        }
        if job.is_empty() {
            return Err(PublishError::new(url, "the job has no name; give it one"));
        }
        let gateway = url.trim_end_matches('/').to_owned();
        Ok(Self {
            group: format!("{gateway}/metrics/job/{}", utf8_percent_encode(job, NON_ALPHANUMERIC)),
            gateway,
            agent: ureq::Agent::config_builder()
                .timeout_global(Some(PATIENCE))
                .build()
                .into(),
        })
    }

    /// Everything the gateway has, of this group and of others.
    ///
    /// # Errors
    ///
    /// It does not answer, or with an error.
    pub fn read(&self) -> Result<String, PublishError> {
        let url = format!("{}/metrics", self.gateway);
        let response = self
            .agent
            .get(&url)
            .call()
            .and_then(|mut response| response.body_mut().read_to_string());
        response.map_err(|error| PublishError::new(&url, error))
    }

    /// Puts a page in Prometheus text format in the group's place.
    ///
    /// # Errors
    ///
    /// The gateway does not answer, or refuses the page; then the group is as it was.
    pub fn push(&self, page: &[u8]) -> Result<(), PublishError> {
        let request = self
            .agent
            .put(&self.group)
            .header("Content-Type", "text/plain; version=0.0.4");
        match request.config().http_status_as_error(false).build().send(page) {
            Ok(response) if response.status().is_success() => Ok(()),
            Ok(mut response) => {
                let status = response.status();
                let said = response.body_mut().read_to_string().unwrap_or_default();
                Err(PublishError::new(
                    &self.group,
                    format!("refuses the page with {status}: {}", said.trim()),
                ))
            }
            Err(error) => Err(PublishError::new(&self.group, error)),
        }
    }
}
