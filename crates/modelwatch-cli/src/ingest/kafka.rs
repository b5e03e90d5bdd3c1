//! `modelwatch ingest kafka`.

use std::fs;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use clap::{Args, ValueEnum};
use modelwatch_drift_job::exporter;
use modelwatch_ingest::kafka::{self, Access, Begin, Sasl, SaslMechanism, Topic};
use modelwatch_ingest::{Decoder, Format, Registry};
use url::Url;

use super::page::{Page, listen};
use super::records::Records;
use crate::credentials::secret;
use crate::failure::Failure;
use crate::prometheus::agent;
use crate::runtime::{end, runtime};
use crate::spans::{MINUTE, SECOND, YEAR, span};
use crate::values::{address, whole};

/// Which topic, how it is read, and into which log.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Kafka {
    /// Some of the brokers, to find the others by.
    #[arg(long, value_name = "HOST:PORT", value_delimiter = ',', required = true, value_parser = broker)]
    brokers: Vec<String>,
    /// The topic.
    #[arg(long, value_name = "TOPIC")]
    topic: String,
    /// The format of its records.
    #[arg(long, value_enum, default_value_t = Encoding::Json)]
    format: Encoding,
    /// Its records are labels of predictions, not predictions: each has a prediction_id and a label.
    #[arg(long)]
    outcomes: bool,
    /// The partitions to read, such as 0-3, if several processes share them. Defaults to all, including new ones.
    #[arg(long, value_name = "FIRST-LAST", value_parser = range)]
    partitions: Option<RangeInclusive<i32>>,
    /// Where to start the first time; later runs continue where the last one stopped.
    #[arg(long, value_enum, default_value_t = From::Earliest)]
    from: From,
    /// Exit at the end of each partition, for cron.
    #[arg(long)]
    once: bool,
    #[command(flatten)]
    records: Records,
    /// Commit what was read after this time.
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = span(SECOND, SECOND..=60 * MINUTE))]
    commit_after: Duration,
    /// Commit after these rows.
    #[arg(long, value_name = "ROWS", default_value_t = 1_000_000, value_parser = whole::<u64>(1..=u64::MAX))]
    commit_rows: u64,
    /// The maximum bytes of a record; a longer one is a dead letter.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, value_parser = whole::<usize>(1..=u64::MAX))]
    record_bytes: usize,
    /// The maximum MiB of fetched records in memory.
    #[arg(long, value_name = "MIB", default_value_t = 64, value_parser = whole::<u64>(4..=65_536))]
    buffer: u64,
    /// The time between two looks for new partitions.
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = span(SECOND, SECOND..=YEAR))]
    look_every: Duration,
    /// Use TLS.
    #[arg(long)]
    tls: bool,
    /// The file of the authorities that signed the brokers' certificates. Defaults to the system's.
    #[arg(long, value_name = "FILE", requires = "tls")]
    ca_file: Option<PathBuf>,
    /// The file of the client certificate, with --key-file.
    #[arg(long, value_name = "FILE", requires_all = ["tls", "key_file"])]
    cert_file: Option<PathBuf>,
    /// The file of the client certificate's key.
    #[arg(long, value_name = "FILE", requires = "cert_file")]
    key_file: Option<PathBuf>,
    /// The SASL mechanism. User and password are in KAFKA_USER and KAFKA_PASSWORD, or in --user and --password-file.
    #[arg(long, value_enum)]
    sasl: Option<Mechanism>,
    /// The user.
    #[arg(long, value_name = "NAME", requires = "sasl")]
    user: Option<String>,
    /// The file of the password.
    #[arg(long, value_name = "FILE", requires = "sasl")]
    password_file: Option<PathBuf>,
    /// The schema registry of a topic in Avro. User and password are in SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD.
    #[arg(long, value_name = "URL")]
    registry: Option<String>,
    /// The file of the authority that signed the registry's certificate. Defaults to those the system trusts.
    #[arg(long, value_name = "FILE", requires = "registry")]
    registry_ca_file: Option<PathBuf>,
    /// The address for /metrics; port 0 picks a free one. Ignored with --once.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9110", value_parser = address)]
    listen: SocketAddr,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch ingest kafka --brokers kafka:9092 --topic predictions
  modelwatch ingest kafka --brokers kafka:9092 --topic kserve --format cloudevents --feature-names income,age
  modelwatch ingest kafka --brokers kafka:9093 --topic predictions --tls --sasl scram-sha-512 --format avro --registry https://registry:8081
  modelwatch ingest kafka --brokers kafka:9092 --topic predictions --once && modelwatch drift once
  modelwatch ingest kafka --brokers kafka:9092 --topic decisions --outcomes --rename claim_id=prediction_id,decision=label

Exit codes: 0 stopped by a signal, or --once has read everything; 1 no such topic or partition, or the log can't be written; 2 the
command line is wrong. It waits for a broker that does not answer.";

#[derive(Clone, Copy, ValueEnum)]
enum Encoding {
    /// One JSON object per record.
    Json,
    /// CloudEvents 1.0 in JSON, structured or binary, as KServe's logger sends them.
    #[value(name = "cloudevents")]
    CloudEvents,
    /// Avro in Confluent's wire format, with --registry.
    Avro,
}

#[derive(Clone, Copy, ValueEnum)]
enum From {
    /// At the oldest record.
    Earliest,
    /// After the newest record.
    Latest,
}

#[derive(Clone, Copy, ValueEnum)]
enum Mechanism {
    /// As it is.
    Plain,
    /// SCRAM-SHA-256.
    #[value(name = "scram-sha-256")]
    ScramSha256,
    /// SCRAM-SHA-512.
    #[value(name = "scram-sha-512")]
    ScramSha512,
}

/// A broker's address. One that is none would be waited for as one that is down.
fn broker(text: &str) -> Result<String, String> {
    let text = text.trim();
    let parts = text.rsplit_once(':');
    let is_host = |host: &str| !host.is_empty() && !host.contains('/');
    let is_port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    match parts.is_some_and(|(host, port)| is_host(host) && is_port(port)) {
        true => Ok(text.to_owned()),
        false => Err("give a host and a port, such as kafka:9092".into()),
    }
}

fn range(text: &str) -> Result<RangeInclusive<i32>, String> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let number = |text: &str| text.trim().parse::<i32>().ok().filter(|number| *number >= 0);
    match (number(first), number(last)) {
        (Some(first), Some(last)) if first <= last => Ok(first..=last),
        _ => Err("give the first and the last partition, such as 0-3, or one".into()),
    }
}

fn read(file: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(file).map_err(|error| {
        Failure::new(format!(
            "{}: can't be read: {error}; name a file that can be",
            file.display()
        ))
    })
}

/// A setting of the environment that is text and not empty.
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

impl Kafka {
    fn access(&self) -> Result<Access, Failure> {
        let mut access = Access::new(&self.brokers);
        if self.tls {
            let authorities = self.ca_file.as_deref().map(read).transpose()?;
            let identity = match (&self.cert_file, &self.key_file) {
                (Some(certificate), Some(key)) => Some((read(certificate)?, read(key)?)),
                _ => None,
            };
            let identity = identity.as_ref().map(|(certificate, key)| (&**certificate, &**key));
            access = access.tls(authorities.as_deref(), identity).map_err(Failure::new)?;
        }
        if let Some(mechanism) = self.sasl {
            let user = self.user.clone().or_else(|| variable("KAFKA_USER"));
            let password = match &self.password_file {
                Some(file) => Some(secret(file)?),
                None => variable("KAFKA_PASSWORD"),
            };
            let (Some(user), Some(password)) = (user, password) else {
                return Err(Failure::usage(
                    "--sasl: there is no user or no password; set KAFKA_USER and KAFKA_PASSWORD, or give --user and --password-file",
                ));
            };
            access = access.sasl(Sasl {
                mechanism: match mechanism {
                    Mechanism::Plain => SaslMechanism::Plain,
                    Mechanism::ScramSha256 => SaslMechanism::ScramSha256,
                    Mechanism::ScramSha512 => SaslMechanism::ScramSha512,
                },
                user,
                password,
            });
        }
        Ok(access)
    }

    fn topic(&self) -> Result<Topic, Failure> {
        let buffer = usize::try_from(self.buffer << 20).unwrap_or(usize::MAX);
        let mut topic = Topic::new(&self.topic, self.access()?)
            .buffer(buffer)
            .look_every(self.look_every)
            .begin(match self.from {
                From::Earliest => Begin::Earliest,
                From::Latest => Begin::Latest,
            });
        if let Some(partitions) = &self.partitions {
            topic = topic.partitions(partitions.clone());
        }
        if let Some(name) = &self.records.name {
            topic = topic.named(name);
        }
        Ok(if self.once { topic.once() } else { topic })
    }

    /// What makes a format's decoder, again after storage failed.
    fn format(&self) -> Result<impl Fn() -> Format + use<>, Failure> {
        let (encoding, address) = (self.format, self.registry.clone());
        let registry = match (encoding, address) {
            (Encoding::Avro, None) => {
                return Err(Failure::usage(
                    "--format avro: where are its schemas? Name the registry with --registry",
                ));
            }
            (Encoding::Avro, Some(address)) => {
                let wrong = |what: &str| Failure::usage(format!("--registry: {what}"));
                let base = Url::parse(&address).ok();
                let base = base.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
                let base = base.ok_or_else(|| wrong("not a URL that begins with http:// or https://"))?;
                if !base.username().is_empty() || base.password().is_some() {
                    return Err(wrong(
                        "a URL with a password ends up in logs and process lists; set SCHEMA_REGISTRY_USER and SCHEMA_REGISTRY_PASSWORD",
                    ));
                }
                let user = variable("SCHEMA_REGISTRY_USER");
                let authorization = user.map(|user| {
                    let password = variable("SCHEMA_REGISTRY_PASSWORD").unwrap_or_default();
                    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
                });
                Some((base, authorization, agent(self.registry_ca_file.as_deref())?))
            }
            (_, Some(_)) => return Err(Failure::usage("--registry is for --format avro alone")),
            (_, None) => None,
        };
        Ok(move || match (encoding, &registry) {
            (Encoding::Avro, Some((base, authorization, agent))) => Format::Avro(Box::new(Registry::new(
                base.clone(),
                authorization.clone(),
                agent.clone(),
            ))),
            (Encoding::CloudEvents, _) => Format::CloudEvents,
            _ => Format::Json,
        })
    }
}

pub(crate) fn run(command: &Kafka) -> Result<(), Failure> {
    let topic = command.topic()?;
    let format = command.format()?;
    let log = command.records.log()?;
    let naming = command.records.naming();
    let record_bytes = command.record_bytes;
    let decoder = || {
        let decoder = Decoder::new(format(), naming.clone()).most_bytes(record_bytes);
        if command.outcomes { decoder.outcomes() } else { decoder }
    };
    let mut limits = command.records.limits(command.commit_after);
    limits.rows = command.commit_rows;
    let Page { counts, router } = Page::of(topic.source());
    runtime()?.block_on(async {
        let told = end()?;
        let reading = kafka::run(topic, log, decoder, limits, counts, told);
        if command.once {
            return reading.await.map_err(Failure::new);
        }
        let (listener, address) = listen(command.listen, "--listen").await?;
        tracing::info!("serving on http://{address}/metrics");
        let page = exporter::serve_routes(router, listener, std::future::pending());
        tokio::select! {
            done = reading => done.map_err(Failure::new),
            served = page => served.map_err(|error| Failure::new(format!("serving on {address} ended: {error}"))),
        }
    })
}
