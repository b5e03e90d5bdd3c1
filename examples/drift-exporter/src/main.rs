//! A drift exporter of your own, where `modelwatch drift serve` does not fit: the job and its page as a library.
//!
//! `cargo run -p drift-exporter -- flight-delay baselines/flight-delay.json prediction-log`, then
//! `curl localhost:9109/metrics`.

use std::error::Error;

use modelwatch_drift_job::{Clock, DriftJob, ModelSettings, exporter};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, baseline, log] = arguments.as_slice() else {
        return Err("usage: drift-exporter MODEL BASELINE LOG".into());
    };
    let settings = ModelSettings::new(model, baseline, log);
    let mut job = DriftJob::new([settings], Clock::system());
    let board = job.board();
    let listener = TcpListener::bind("0.0.0.0:9109").await?;
    let end = async {
        // Without a signal to wait for, the process ends when it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        served = exporter::serve(&board, listener, end) => served?,
        () = job.watch(|| None, |run| match run {
            Ok(report) => eprintln!("{report}"),
            Err(error) => eprintln!("{error}"),
        }) => {}
    }
    Ok(())
}
