use std::io;
use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use actix_web::dev::ServerHandle;
use actix_web::{App, HttpServer, rt};
use modelwatch::Monitor;

use crate::metrics_route::metrics_route;

/// Serves the monitor's page as `/metrics` on a port and threads of its own, until what it returns is dropped.
///
/// The page answers even if the service blocks all its workers and blocking threads, which is when you need it most. It also keeps the page off the port your clients see.
///
/// # Errors
///
/// When the address can't be bound, or the threads can't be started.
///
/// # Example
///
/// ```
/// let monitor = modelwatch::Monitor::new();
/// let metrics = modelwatch_actix::serve_metrics("127.0.0.1:0", &monitor)?;
/// println!("http://{}/metrics", metrics.local_addr());
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn serve_metrics(address: impl ToSocketAddrs, monitor: &Monitor) -> io::Result<MetricsServer> {
    let listener = TcpListener::bind(address)?;
    let address = listener.local_addr()?;
    let monitor = monitor.clone();
    let (tell, told) = mpsc::channel();
    let thread = thread::Builder::new()
        .name("modelwatch-metrics".into())
        .spawn(move || {
            let serve = async {
                let server = HttpServer::new(move || App::new().route("/metrics", metrics_route(&monitor)))
                    .workers(1)
                    // Scrapes that are being answered have this long when it stops.
                    .shutdown_timeout(1)
                    .disable_signals()
                    .listen(listener)?
                    .run();
                // Whoever asked waits for this.
                let _ = tell.send(server.handle());
                server.await
            };
            rt::System::new().block_on(serve)
        })?;
    match told.recv() {
        Ok(handle) => Ok(MetricsServer {
            address,
            handle,
            thread: Some(thread),
        }),
        Err(_) => {
            let ended = thread
                .join()
                .unwrap_or_else(|_| Err(io::Error::other("the metrics server panicked")));
            Err(ended
                .err()
                .unwrap_or_else(|| io::Error::other("the metrics server ended")))
        }
    }
}

/// A page of metrics that is being served. From [`serve_metrics`]. Dropped, it stops.
///
/// ```
/// let monitor = modelwatch::Monitor::new();
/// let metrics = modelwatch_actix::serve_metrics("127.0.0.1:0", &monitor)?;
/// assert_ne!(metrics.local_addr().port(), 0);
/// drop(metrics); // stops serving
/// # Ok::<(), std::io::Error>(())
/// ```
#[must_use = "dropped, it stops serving"]
pub struct MetricsServer {
    address: SocketAddr,
    handle: ServerHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
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
        // The order to stop is given here and now; the future only waits for its end.
        drop(self.handle.stop(true));
        if let Some(thread) = self.thread.take() {
            // It does not panic, and there is nobody to tell if it did.
            let _ = thread.join();
        }
    }
}

impl std::fmt::Debug for MetricsServer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MetricsServer")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}
