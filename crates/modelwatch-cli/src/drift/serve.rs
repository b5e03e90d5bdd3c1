//! `modelwatch drift serve`: the sidecar.

use clap::Args;
use modelwatch_drift::{Clock, DriftJob, exporter};
use tokio::net::TcpListener;

use super::{Watched, settings, tell};
use crate::{Failure, start};

/// Where to listen.
#[derive(Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    watched: Watched,
    /// The address of /metrics.
    #[arg(long, default_value = "0.0.0.0:9109")]
    listen: String,
}

pub(super) fn run(command: &Serve) -> Result<(), Failure> {
    let models = settings::load(&command.watched)?;
    start()?.block_on(serve(command, models))
}

async fn serve(command: &Serve, models: Vec<modelwatch_drift::ModelSettings>) -> Result<(), Failure> {
    let unheard = |error| Failure::new(format!("{}: cannot be listened on: {error}", command.listen));
    let listener = TcpListener::bind(&command.listen).await.map_err(unheard)?;
    let address = listener.local_addr().map_err(unheard)?;
    eprintln!("drift: watching {} models, http://{address}/metrics", models.len());
    let mut job = DriftJob::new(models, Clock::system());
    let board = job.board();
    let file = &command.watched.config;
    let mut last = settings::changed(file);
    let reload = || {
        let now = settings::changed(file);
        if now == last {
            return None;
        }
        last = now;
        match settings::load(&command.watched) {
            Ok(models) => {
                eprintln!("drift: {} was changed and is in use", file.display());
                Some(models)
            }
            // Half a configuration is worse than that of before.
            Err(Failure(problem)) => {
                eprintln!("drift: what is in use stays, because of\n{problem}");
                None
            }
        }
    };
    tokio::select! {
        served = exporter::serve(&board, listener, ended()) => {
            served.map_err(|error| Failure::new(format!("{address}: {error}")))
        }
        () = job.watch(reload, tell) => Ok(()),
    }
}

/// Until somebody wants the process to end: interrupted, or terminated as Kubernetes does.
async fn ended() {
    use tokio::signal::unix::{SignalKind, signal};
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut terminated) => {
                terminated.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminated => {}
    }
}
