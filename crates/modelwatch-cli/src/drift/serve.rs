//! `modelwatch drift serve`: the sidecar.

use std::net::SocketAddr;

use clap::Args;
use modelwatch_drift_job::exporter;
use modelwatch_drift_job::performance::PerformanceJob;
use modelwatch_drift_job::{Clock, DriftJob};
use tokio::net::TcpListener;

use super::logged::{logged, logged_performance};
use super::models::Models;
use super::settings::{self, Reloaded};
use crate::failure::Failure;
use crate::runtime::{end, runtime};
use crate::values::address;

/// What to serve, and where.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Serve {
    #[command(flatten)]
    models: Models,
    /// The address for /metrics; port 0 picks a free one.
    #[arg(long, value_name = "ADDRESS", default_value = "0.0.0.0:9109", value_parser = address)]
    listen: SocketAddr,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch drift serve
  modelwatch drift serve --model claims-risk,fraud-score --listen 127.0.0.1:9109";

pub(crate) fn run(command: &Serve) -> Result<(), Failure> {
    let models = &command.models;
    let config = models.config.load()?;
    let drift = settings::drift(&config, &models.named)?;
    let performance = settings::performance(&config, &models.named)?;
    if drift.is_empty() && performance.is_empty() {
        return Err(Failure::new(
            "no model has a [models.drift] or a [models.performance] section; add one: `modelwatch drift serve` tells of both",
        ));
    }
    let path = models.config.path();
    let mut drift_reloaded = Reloaded::new(&path, &models.named, settings::drift);
    let mut performance_reloaded = Reloaded::new(&path, &models.named, settings::performance);
    runtime()?.block_on(async {
        let listen = command.listen;
        let listener = TcpListener::bind(listen).await.map_err(|error| {
            Failure::new(format!(
                "can't serve on {listen}: {error}; name another address with --listen"
            ))
        })?;
        let address = listener.local_addr().map_err(Failure::new)?;
        let end = end()?;
        let mut job = DriftJob::new(drift, Clock::system());
        let mut performance = PerformanceJob::new(performance, Clock::system());
        let monitor = job.board().monitor();
        performance.board().expose(&monitor);
        let routes = exporter::metrics_page(&monitor, "the drift job is running\n");
        tracing::info!("serving on http://{address}/metrics");
        tokio::select! {
            served = exporter::serve_routes(routes, listener, end) => {
                served.map_err(|error| Failure::new(format!("serving on {address} ended: {error}")))
            }
            () = job.watch(|| drift_reloaded.changed(), logged) => Ok(()),
            () = performance.watch(|| performance_reloaded.changed(), logged_performance) => Ok(()),
        }
    })
}
