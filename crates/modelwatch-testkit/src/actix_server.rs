//! A server of a test on actix-web.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use actix_web::dev::{Server, ServerHandle};
use actix_web::rt;

/// A server on a free port, on a thread of its own, until this is dropped.
///
/// # Example
///
/// ```
/// use actix_web::{App, HttpResponse, HttpServer, web};
/// use modelwatch_testkit::{ActixServer, http_get};
///
/// let server = ActixServer::start(|listener| {
///     let app = || App::new().route("/health", web::get().to(HttpResponse::Ok));
///     Ok(HttpServer::new(app).workers(1).listen(listener)?.run())
/// });
/// assert_eq!(http_get(server.address(), "/health", &[])?.status, 200);
/// server.stop(true);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct ActixServer {
    address: SocketAddr,
    handle: ServerHandle,
    ended: Option<JoinHandle<io::Result<()>>>,
}

impl ActixServer {
    /// Starts what `serve` makes of a listener.
    ///
    /// # Panics
    ///
    /// When there is no port to be had, or `serve` fails.
    #[must_use]
    pub fn start(serve: impl FnOnce(TcpListener) -> io::Result<Server> + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it is bound");
        let (tell, told) = mpsc::channel();
        let ended = thread::spawn(move || {
            rt::System::new().block_on(async move {
                let server = serve(listener)?;
                tell.send(server.handle()).map_err(io::Error::other)?;
                server.await
            })
        });
        Self {
            address,
            handle: told.recv().expect("it serves"),
            ended: Some(ended),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Stops the server, after its requests have been answered if `gracefully`, and waits for its end.
    ///
    /// # Panics
    ///
    /// When it panicked.
    pub fn stop(mut self, gracefully: bool) {
        drop(self.handle.stop(gracefully));
        if let Some(ended) = self.ended.take() {
            ended.join().expect("it does not panic").expect("it served");
        }
    }
}

impl Drop for ActixServer {
    fn drop(&mut self) {
        // Nobody waits: a handler of a test may hang for as long as it likes.
        drop(self.handle.stop(false));
    }
}
