//! The exporter's own server: as many connections as a few scrapers need, and none for long that says nothing.

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

/// Connections at the same time. More wait until one ends.
const MOST_CONNECTIONS: usize = 64;
/// How long a connection may take for the head of a request.
const HEAD_WITHIN: Duration = Duration::from_secs(5);
/// How long a scrape that has begun may take once the end has come.
const END_WITHIN: Duration = Duration::from_secs(5);
/// After an accept that failed, such as one without a free file descriptor.
const PAUSE: Duration = Duration::from_millis(100);

/// Serves a board's page at `/metrics`, and at `/healthy` that the process is there, until `end` comes.
///
/// At most 64 connections are open at the same time, and one that does not send the head of a request within 5 seconds is closed, so that
/// clients that say nothing do not take the place of a scraper.
///
/// # Errors
///
/// The listener is none.
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

/// Returns the routes of a monitor's page at `/metrics`, and at `/healthy` of these words.
pub fn metrics_page(monitor: &Monitor, healthy: &'static str) -> Router {
    Router::new()
        .route("/metrics", metrics_route(monitor))
        .route("/healthy", get(move || std::future::ready(healthy)))
}

/// Serves routes as [`serve`] does its own: few connections at a time, and none for long that says nothing.
///
/// # Errors
///
/// The listener is none.
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
    // Whoever takes longer is cut off.
    let _ = tokio::time::timeout(END_WITHIN, graceful.shutdown()).await;
    Ok(())
}
