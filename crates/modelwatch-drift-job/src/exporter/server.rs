//! Serves the exporter: enough connections for a few scrapers, with a timeout for idle ones.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use modelwatch::Monitor;
use modelwatch_tower::metrics_route;
use tokio::net::TcpListener;
use tokio::sync::Semaphore;

use super::board::Board;

/// The maximum number of open connections. Further ones wait until one ends.
const MOST_CONNECTIONS: usize = 64;
/// The time that a connection has to send the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// The time that a running scrape has to finish after shutdown begins.
const END_WITHIN: Duration = Duration::from_secs(5);
/// The pause after a failed accept, such as one without a free file descriptor.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves a board's page at `/metrics`, and at `/healthy` a sign that the process is up, until `end` completes.
///
/// At most 64 connections are open at the same time. A connection that does not send the head of a request within 5
/// seconds is closed, so that idle clients do not take a scraper's place.
///
/// # Errors
///
/// The listener has no local address.
pub async fn serve(
    board: &Board,
    listener: TcpListener,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    serve_routes(
        metrics_page(&board.monitor(), "the drift job is running\n"),
        listener,
        end,
    )
    .await
}

/// Returns routes for a monitor's page at `/metrics`, and for the text `healthy` at `/healthy`.
pub fn metrics_page(monitor: &Monitor, healthy: &'static str) -> Router {
    Router::new()
        .route("/metrics", metrics_route(monitor))
        .route("/healthy", get(move || std::future::ready(healthy)))
}

/// Serves routes with the same limits as [`serve`]: a maximum number of connections, and a timeout for idle ones.
///
/// # Errors
///
/// The listener has no local address.
pub async fn serve_routes(
    router: Router,
    listener: TcpListener,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    listener.local_addr()?;
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    let graceful = GracefulShutdown::new();
    let mut end = std::pin::pin!(end);
    loop {
        let accepted = async {
            // The semaphore is never closed.
            let place = places.clone().acquire_owned().await.ok();
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut end => break,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(PAUSE).await;
            continue;
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_WITHIN)
            .serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            // A client that went away needs no answer.
            let _ = connection.await;
            drop(place);
        });
    }
    drop(listener);
    // Connections that take longer are cut off.
    let _ = tokio::time::timeout(END_WITHIN, graceful.shutdown()).await;
    Ok(())
}
