//! How to reach the brokers: addresses, TLS, and authentication.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use rskafka::BackoffConfig;
use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
use rustls::ClientConfig;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::error::KafkaError;

/// How long the client retries by itself before it reports a failure.
const TRIES_FOR: Duration = Duration::from_secs(3);

/// How to reach the brokers.
/// The example of [`Topic`](crate::kafka::Topic) has one.
#[derive(Clone)]
pub struct Access {
    pub(super) brokers: Vec<String>,
    tls: Option<Arc<ClientConfig>>,
    sasl: Option<Sasl>,
}

/// How a client proves its password to a broker.
/// The example of [`Topic`](crate::kafka::Topic) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SaslMechanism {
    /// In plain text: use it only with TLS.
    Plain,
    /// SCRAM-SHA-256.
    ScramSha256,
    /// SCRAM-SHA-512.
    ScramSha512,
}

/// The credentials for a broker.
/// The example of [`Topic`](crate::kafka::Topic) has one.
#[derive(Clone)]
pub struct Sasl {
    /// How the password is proved.
    pub mechanism: SaslMechanism,
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

impl fmt::Debug for Sasl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sasl")
            .field("mechanism", &self.mechanism)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("brokers", &self.brokers)
            .field("tls", &self.tls.is_some())
            .field("sasl", &self.sasl)
            .finish()
    }
}

impl Access {
    /// Takes the addresses of some brokers as `host:port`. The client finds the others through them.
    pub fn new(brokers: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            brokers: brokers.into_iter().map(Into::into).collect(),
            tls: None,
            sasl: None,
        }
    }

    /// Uses TLS. `authorities` is a PEM file of authorities, or `None` for the system's. `identity` is a client certificate and
    /// its key, in PEM.
    ///
    /// # Errors
    ///
    /// Returns an error when the data is not PEM, or contains no certificate or key.
    pub fn tls(mut self, authorities: Option<&[u8]>, identity: Option<(&[u8], &[u8])>) -> Result<Self, KafkaError> {
        let refused = |problem: String| KafkaError::Tls(problem);
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let builder = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| refused(error.to_string()))?;
        let certificates = |pem: &[u8], whose: &str| {
            let found: Result<Vec<CertificateDer<'static>>, _> = CertificateDer::pem_slice_iter(pem).collect();
            match found {
                Ok(found) if !found.is_empty() => Ok(found),
                Ok(_) => Err(refused(format!(
                    "there is no certificate in the file of {whose}; name one in PEM format"
                ))),
                Err(error) => Err(refused(format!("the file of {whose} is no PEM: {error}"))),
            }
        };
        let builder = match authorities {
            None => builder
                .with_platform_verifier()
                .map_err(|error| refused(error.to_string()))?,
            Some(pem) => {
                let mut roots = rustls::RootCertStore::empty();
                for certificate in certificates(pem, "authorities")? {
                    roots.add(certificate).map_err(|error| refused(error.to_string()))?;
                }
                builder.with_root_certificates(roots)
            }
        };
        let config = match identity {
            None => builder.with_no_client_auth(),
            Some((certificate, key)) => {
                let key = PrivateKeyDer::from_pem_slice(key)
                    .map_err(|error| refused(format!("the file of the client's key is no PEM: {error}")))?;
                let identity =
                    builder.with_client_auth_cert(certificates(certificate, "the client's certificate")?, key);
                identity.map_err(|error| refused(error.to_string()))?
            }
        };
        self.tls = Some(Arc::new(config));
        Ok(self)
    }

    /// Authenticates with a user and a password.
    #[must_use]
    pub fn sasl(mut self, sasl: Sasl) -> Self {
        self.sasl = Some(sasl);
        self
    }

    /// The brokers, for a message.
    pub(super) fn shown(&self) -> String {
        self.brokers.join(",")
    }

    pub(super) async fn connect(&self) -> rskafka::client::error::Result<Client> {
        let patience = BackoffConfig {
            max_backoff: Duration::from_secs(1),
            deadline: Some(TRIES_FOR),
            ..BackoffConfig::default()
        };
        let mut builder = ClientBuilder::new(self.brokers.clone())
            .client_id("modelwatch")
            .backoff_config(patience);
        if let Some(tls) = &self.tls {
            builder = builder.tls_config(tls.clone());
        }
        if let Some(Sasl {
            mechanism,
            user,
            password,
        }) = &self.sasl
        {
            let credentials = Credentials::new(user.clone(), password.clone());
            builder = builder.sasl_config(match mechanism {
                SaslMechanism::Plain => SaslConfig::Plain(credentials),
                SaslMechanism::ScramSha256 => SaslConfig::ScramSha256(credentials),
                SaslMechanism::ScramSha512 => SaslConfig::ScramSha512(credentials),
            });
        }
        builder.build().await
    }
}
