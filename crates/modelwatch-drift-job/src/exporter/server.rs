//! The exporter's own server.

use std::future::Future;
use std::io;

use axum::Router;
use axum::routing::get;
use modelwatch_tower::metrics_route;
use tokio::net::TcpListener;

use super::board::Board;

/// Serves a board's page at `/metrics`, and at `/healthy` that the process is there, until `end` comes.
///
/// # Errors
///
/// The listener breaks.
pub async fn serve(
    board: &Board,
    listener: TcpListener,
    end: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let router = Router::new()
        .route("/metrics", metrics_route(&board.monitor()))
        .route("/healthy", get(async || "the drift job is running\n"));
    axum::serve(listener, router).with_graceful_shutdown(end).await
}
