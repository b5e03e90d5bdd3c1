//! A server of a test on tokio: axum, tonic, or whatever takes a listener.

use std::future::{Future, IntoFuture};
use std::net::SocketAddr;
use std::pin::Pin;

use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Ends when the server is to stop.
pub type Stopped = Pin<Box<dyn Future<Output = ()> + Send>>;

/// A server on a free port, with a runtime of its own, until this is dropped.
///
/// # Example
///
/// ```
/// use std::net::TcpStream;
///
/// use modelwatch_testkit::TokioServer;
///
/// let server = TokioServer::start(|listener, stopped| async move {
///     stopped.await;
///     drop(listener);
/// });
/// assert!(TcpStream::connect(server.address()).is_ok());
/// server.stop_gracefully();
/// ```
#[derive(Debug)]
pub struct TokioServer {
    address: SocketAddr,
    /// Taken when it is stopped.
    runtime: Option<Runtime>,
    stop: Option<oneshot::Sender<()>>,
    ended: Option<JoinHandle<()>>,
}

impl TokioServer {
    /// Starts what `serve` makes of a listener and of the future that tells it to stop.
    ///
    /// # Panics
    ///
    /// When there is no port to be had.
    #[must_use]
    pub fn start<F>(serve: impl FnOnce(TcpListener, Stopped) -> F) -> Self
    where
        F: IntoFuture,
        F::IntoFuture: Send + 'static,
        F::Output: Send,
    {
        Self::with_threads(2, 512, serve)
    }

    /// The same with so many workers, and so many blocking threads at most.
    ///
    /// # Panics
    ///
    /// When there is no port to be had.
    #[must_use]
    pub fn with_threads<F>(workers: usize, blocking: usize, serve: impl FnOnce(TcpListener, Stopped) -> F) -> Self
    where
        F: IntoFuture,
        F::IntoFuture: Send + 'static,
        F::Output: Send,
    {
        let runtime = Builder::new_multi_thread()
            .worker_threads(workers)
            .max_blocking_threads(blocking)
            .enable_all()
            .build()
            .expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (stop, stopped) = oneshot::channel();
        let stopped = Box::pin(async { stopped.await.unwrap_or(()) });
        let serve = {
            let _entered = runtime.enter();
            serve(listener, stopped).into_future()
        };
        let ended = runtime.spawn(async {
            serve.await;
        });
        Self {
            address,
            runtime: Some(runtime),
            stop: Some(stop),
            ended: Some(ended),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The runtime it runs on.
    ///
    /// # Panics
    ///
    /// Never: the runtime is there until the server is stopped.
    #[must_use]
    pub fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until the server is stopped")
    }

    /// Tells the server to stop, and waits until it has.
    ///
    /// # Panics
    ///
    /// When it panicked.
    pub fn stop_gracefully(mut self) {
        drop(self.stop.take());
        if let Some(ended) = self.ended.take() {
            self.runtime().block_on(ended).expect("it ended without a panic");
        }
    }

    /// Stops the runtime under the server.
    pub fn stop_at_once(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_timeout(std::time::Duration::from_secs(5));
        }
    }
}

impl Drop for TokioServer {
    /// Nobody waits: a handler of a test may hang for as long as it likes.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
