//! `modelwatch ingest http`.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use modelwatch_drift_job::exporter;
use modelwatch_ingest::http::Door;

use super::page::{Page, listen};
use super::records::Records;
use crate::credentials::secret;
use crate::failure::Failure;
use crate::runtime::{end, runtime};
use crate::spans::{MINUTE, span};
use crate::values::{address, whole};

/// Where to listen, to whom, and into which log.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Http {
    /// The address for events; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9111", value_parser = address)]
    listen: SocketAddr,
    /// The address for /metrics; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9110", value_parser = address)]
    metrics_listen: SocketAddr,
    /// The file of the token that senders must present: Authorization: Bearer TOKEN.
    #[arg(long, value_name = "FILE")]
    token_file: PathBuf,
    #[command(flatten)]
    records: Records,
    /// How long a request waits for others to share its file; a number alone is milliseconds.
    #[arg(long, value_name = "DURATION", default_value = "1s", value_parser = span(Duration::from_millis(1), Duration::ZERO..=MINUTE))]
    commit_after: Duration,
    /// The maximum bytes of a request.
    #[arg(long, value_name = "BYTES", default_value_t = 1 << 20, value_parser = whole::<usize>(1..=u64::MAX))]
    body_bytes: usize,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch ingest http --token-file token
  modelwatch ingest http --token-file token --log /data/prediction-log --feature-names income,age
  curl -H \"Authorization: Bearer $(cat token)\" -H 'Content-Type: application/cloudevents+json' -d @event.json http://localhost:9111/

POST / takes predictions, POST /outcomes takes their labels.

Exit codes: 0 stopped by a signal; 1 it can't listen, or the log can't be written; 2 the command line is wrong.";

pub(crate) fn run(command: &Http) -> Result<(), Failure> {
    let token = secret(&command.token_file)?;
    let mut door = Door::new(command.records.log()?, command.records.naming())
        .body_bytes(command.body_bytes)
        .limits(command.records.limits(command.commit_after));
    if let Some(name) = &command.records.name {
        door = door.named(name);
    }
    let Page { counts, router } = Page::of(door.source());
    runtime()?.block_on(async {
        let told = end()?;
        let (events, address) = listen(command.listen, "--listen").await?;
        let (page, page_address) = listen(command.metrics_listen, "--metrics-listen").await?;
        let (entry, open) = door.open(&token, counts).map_err(Failure::new)?;
        tracing::info!("taking events on http://{address}/, serving on http://{page_address}/metrics");
        let ended = |error| Failure::new(format!("serving on {address} ended: {error}"));
        let done = tokio::select! {
            done = exporter::serve_routes(entry, events, told) => done.map_err(ended),
            done = exporter::serve_routes(router, page, std::future::pending()) => done.map_err(ended),
        };
        // What was taken is committed.
        drop(open);
        done
    })
}
