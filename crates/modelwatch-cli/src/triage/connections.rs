//! Connections: so many at a time, and none may keep its place without asking something.
//!
//! `axum::serve` takes any number and waits for each for ever, so some clients that send half a request would shut everybody out.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};
use tokio::time::{sleep, timeout};

/// Connections at a time; others wait to be accepted.
const AT_ONCE: usize = 128;
/// How long a client may take over the head of a request, or over its body.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long answers may take that are under way when the end comes.
const LAST: Duration = Duration::from_secs(5);
/// Between attempts to accept, where the system has no more files.
const EXHAUSTED: Duration = Duration::from_millis(100);

/// Serves until the end, and then what has been asked by then.
pub(super) async fn serve(listener: TcpListener, router: Router, end: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let (ending, ended) = watch::channel(());
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    let mut end = pin!(end);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            accepted = accepted => accepted,
            () = &mut end => break,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!("can't accept a connection: {error}");
                sleep(EXHAUSTED).await;
                continue;
            }
        };
        let connection = http.serve_connection(TokioIo::new(stream), TowerToHyperService::new(router.clone()));
        let mut ended = ended.clone();
        tokio::spawn(async move {
            let mut connection = pin!(connection);
            // An error is the client's: it went, or was too slow.
            tokio::select! {
                _ = connection.as_mut() => {}
                _ = ended.changed() => {
                    connection.as_mut().graceful_shutdown();
                    let _ = connection.await;
                }
            }
            drop(place);
        });
    }
    drop(ending);
    let all = u32::try_from(AT_ONCE).unwrap_or(u32::MAX);
    // Whoever is not answered by then is not answered.
    let _ = timeout(LAST, places.acquire_many(all)).await;
}

/// Answers 408 when a request takes too long, its body included.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    let answered = timeout(PATIENCE, next.run(request)).await;
    answered.unwrap_or_else(|_| StatusCode::REQUEST_TIMEOUT.into_response())
}
