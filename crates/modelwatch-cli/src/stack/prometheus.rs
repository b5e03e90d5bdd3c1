//! Questions to a running Prometheus.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::Args;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::tls::{RootCerts, TlsConfig};

use crate::credentials::{roots, secret};
use crate::failure::Failure;

const UNTRUSTED: &str = "name its authority with --ca-file";

/// How a Prometheus is reached. Secrets are files, as arguments are seen by everybody on the machine.
#[derive(Args)]
pub(crate) struct Access {
    /// A Prometheus to ask which metrics there are, such as https://prometheus.example.com.
    #[arg(long, value_name = "URL")]
    pub(crate) prometheus: Option<String>,
    /// The file that holds the token to show it.
    #[arg(long, value_name = "FILE", requires = "prometheus", conflicts_with = "user")]
    token_file: Option<PathBuf>,
    /// The name to show it, with --password-file.
    #[arg(long, value_name = "NAME", requires = "prometheus", requires = "password_file")]
    user: Option<String>,
    /// The file that holds the password to show it.
    #[arg(long, value_name = "FILE", requires = "user")]
    password_file: Option<PathBuf>,
    /// The file of the authority that signed its certificate. Defaults to those the system trusts.
    #[arg(long, value_name = "FILE", requires = "prometheus")]
    ca_file: Option<PathBuf>,
}

/// One that answers.
pub(crate) struct Prometheus {
    agent: ureq::Agent,
    url: String,
    authorization: Option<String>,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: T,
}

#[derive(Deserialize)]
struct Vector {
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
}

impl Prometheus {
    /// The one that the arguments name, if they name one.
    pub(crate) fn new(access: &Access) -> Result<Option<Self>, Failure> {
        let Some(url) = &access.prometheus else {
            return Ok(None);
        };
        if !["http://", "https://"].iter().any(|scheme| url.starts_with(scheme)) {
            return Err(Failure::new(format!(
                "--prometheus {url}: no URL that begins with http:// or https://; name Prometheus itself, or forward its \
                 port to this machine"
            )));
        }
        let authorization = match (&access.token_file, &access.user, &access.password_file) {
            (Some(file), ..) => Some(format!("Bearer {}", secret(file)?)),
            (None, Some(user), Some(file)) => {
                let pair = format!("{user}:{}", secret(file)?);
                Some(format!("Basic {}", BASE64_STANDARD.encode(pair)))
            }
            _ => None,
        };
        let roots = match &access.ca_file {
            Some(file) => roots(file)?,
            None => RootCerts::PlatformVerifier,
        };
        let agent = ureq::Agent::new_with_config(
            ureq::Agent::config_builder()
                .timeout_global(Some(Duration::from_secs(30)))
                .tls_config(TlsConfig::builder().root_certs(roots).build())
                .build(),
        );
        Ok(Some(Self {
            agent,
            url: url.trim_end_matches('/').to_owned(),
            authorization,
        }))
    }

    /// Every metric name it has in its storage.
    pub(crate) fn metrics(&self) -> Result<BTreeSet<String>, Failure> {
        self.ask("label/__name__/values", &[])
    }

    /// The models that are served or watched.
    pub(crate) fn models(&self) -> Result<BTreeSet<String>, Failure> {
        self.ask("label/model_name/values", &[("match[]", "ml_model_info")])
    }

    /// The labels of each series that an expression gives now.
    pub(crate) fn series(&self, expr: &str) -> Result<Vec<BTreeMap<String, String>>, Failure> {
        let answer: Vector = self.ask("query", &[("query", expr)])?;
        Ok(answer.result.into_iter().map(|series| series.metric).collect())
    }

    fn ask<T: DeserializeOwned>(&self, what: &str, query: &[(&str, &str)]) -> Result<T, Failure> {
        let url = format!("{}/api/v1/{what}", self.url);
        let mut request = self.agent.get(&url).query_pairs(query.iter().copied());
        if let Some(authorization) = &self.authorization {
            request = request.header("Authorization", authorization);
        }
        let answer = request
            .call()
            .and_then(|mut answer| answer.body_mut().with_config().limit(256 << 20).read_to_string())
            .map_err(|error| {
                let fix = match &error {
                    ureq::Error::StatusCode(401 | 403) => "give --token-file, or --user and --password-file",
                    ureq::Error::Rustls(_) | ureq::Error::Tls(_) => UNTRUSTED,
                    // What a handshake says of a certificate comes as an error of the stream.
                    ureq::Error::Io(error) if error.kind() == ErrorKind::InvalidData => UNTRUSTED,
                    _ => "is it a Prometheus, and is it up?",
                };
                Failure::new(format!("{url}: {error}; {fix}"))
            })?;
        let answer: Answer<T> = serde_json::from_str(&answer).map_err(|error| {
            Failure::new(format!(
                "{url}: no answer of a Prometheus: {error}; name its address alone"
            ))
        })?;
        Ok(answer.data)
    }
}
