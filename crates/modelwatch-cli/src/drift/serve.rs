//! `modelwatch drift serve`: the sidecar.

use std::net::SocketAddr;

use clap::Args;
use modelwatch_drift_job::exporter;
use modelwatch_drift_job::{Clock, DriftJob};
use tokio::net::TcpListener;

use super::logged::logged;
use super::models::Models;
use super::settings::Reloaded;
use crate::failure::Failure;
use crate::runtime::{end, runtime};

/// What to serve, and where.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    #[command(flatten)]
    models: Models,
    /// The address for /metrics; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9109")]
    listen: SocketAddr,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch drift serve
  modelwatch drift serve --model claims-risk,fraud-score --listen 127.0.0.1:9109";

pub(crate) fn run(command: &Serve) -> Result<(), Failure> {
    let settings = command.models.settings()?;
    let mut reloaded = Reloaded::new(&command.models.config.path(), &command.models.named);
    runtime()?.block_on(async {
        let listen = command.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new(format!(
                "can't serve on {listen}: {error}; name another address with --listen"
            ))
        })?;
        let address = listener.local_addr().map_err(Failure::new)?;
        let end = end()?;
        let mut job = DriftJob::new(settings, Clock::system());
        let board = job.board();
        tracing::info!("serving on http://{address}/metrics");
        tokio::select! {
            served = exporter::serve(&board, listener, end) => {
                served.map_err(|error| Failure::new(format!("serving on {address} ended: {error}")))
            }
            () = job.watch(|| reloaded.changed(), logged) => Ok(()),
        }
    })
}
