use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use axum::Router;
use modelwatch::Monitor;
use tokio::runtime;
use tokio::sync::oneshot;

use crate::axum::metrics_route::metrics_route;

/// Serves the monitor's page as `/metrics` on a port and a thread of its own, until what it returns is dropped.
///
/// The page answers even if the service blocks all its workers and blocking threads, which is when you need it most. It also keeps the page off the port your clients see, and serves services that have no router, such as tonic's.
///
/// # Errors
///
/// When the address can't be bound, or the thread can't be started.
///
/// # Example
///
/// ```
/// let monitor = modelwatch::Monitor::new();
/// let metrics = modelwatch_tower::serve_metrics("127.0.0.1:0", &monitor)?;
/// println!("http://{}/metrics", metrics.local_addr());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn serve_metrics(address: impl ToSocketAddrs, monitor: &Monitor) -> io::Result<MetricsServer> {
    let listener = TcpListener::bind(address)?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let app = Router::new().route("/metrics", metrics_route(monitor));
    let (stop, stopped) = oneshot::channel::<()>();
    let thread = thread::Builder::new()
        .name("modelwatch-metrics".into())
        .spawn(move || {
            let (stop, stopping) = oneshot::channel::<()>();
            let serve = axum::serve(listener, app).with_graceful_shutdown(async { stopping.await.unwrap_or(()) });
            runtime.block_on(async move {
                let serving = tokio::spawn(serve.into_future());
                // The sender is dropped and never used, which says the same.
                let _ = stopped.await;
                drop(stop);
                // Scrapes that are being answered have this long; a connection that hangs has no longer.
                let _ = tokio::time::timeout(Duration::from_secs(1), serving).await;
            });
        })?;
    Ok(MetricsServer {
        address,
        stop: Some(stop),
        thread: Some(thread),
    })
}

/// A page of metrics that is being served. From [`serve_metrics`]. Dropped, it stops.
///
/// ```
/// let monitor = modelwatch::Monitor::new();
/// let metrics = modelwatch_tower::serve_metrics("127.0.0.1:0", &monitor)?;
/// let address = metrics.local_addr();
/// assert_ne!(address.port(), 0);
/// drop(metrics); // stops serving
/// assert!(std::net::TcpStream::connect(address).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "dropped, it stops serving"]
pub struct MetricsServer {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl MetricsServer {
    /// Returns the address it listens on, with the port it picked if you asked for 0.
    #[must_use]
    pub fn local_addr(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // It does not panic, and there is nobody to tell if it did.
            let _ = thread.join();
        }
    }
}
