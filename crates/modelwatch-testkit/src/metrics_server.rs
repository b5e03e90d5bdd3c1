//! A `/metrics` page for tests of what has no HTTP server of its own.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use crate::http::{PATIENCE, parse_headers};

/// What a scraper asks for.
///
/// The example of [`HttpResponse`](crate::HttpResponse) has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScrapeRequest {
    /// The path, query included.
    pub path: String,
    /// Its `Accept` header.
    pub accept: Option<String>,
    /// Its `Accept-Encoding` header.
    pub accept_encoding: Option<String>,
}

/// What a scraper gets.
///
/// The example of [`MetricsServer`] has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The `Content-Type` header.
    pub content_type: String,
    /// The `Content-Encoding` header, if the body is encoded.
    pub content_encoding: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

/// A page on a loopback port, answered by a closure, on a thread of its own, until this is dropped.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::{MetricsServer, Page, http_get};
///
/// let server = MetricsServer::start(|_scrape| Page {
///     content_type: "text/plain; version=0.0.4".to_owned(),
///     body: b"up_to_now 1\n".to_vec(),
///     ..Page::default()
/// });
/// assert_eq!(http_get(server.address(), "/metrics", &[]).unwrap().body, b"up_to_now 1\n");
/// ```
#[derive(Debug)]
pub struct MetricsServer {
    address: SocketAddr,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl MetricsServer {
    /// Serves what `page` returns, one scrape at a time, whatever the path.
    ///
    /// # Panics
    ///
    /// If this machine has no free port.
    #[must_use]
    pub fn start(page: impl Fn(&ScrapeRequest) -> Page + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("this machine has a free port");
        let address = listener.local_addr().expect("a bound listener has an address");
        let stop = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let stop = Arc::clone(&stop);
            move || {
                for stream in listener.incoming() {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    // A scraper that hangs up half-way has its own account of it.
                    let _ = stream.and_then(|stream| answer(&stream, &page));
                }
            }
        });
        Self {
            address,
            stop,
            thread: Some(thread),
        }
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for MetricsServer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // A last connection wakes the thread, which then sees the flag.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn answer(stream: &TcpStream, page: &impl Fn(&ScrapeRequest) -> Page) -> io::Result<()> {
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut lines = BufReader::new(stream).lines();
    let request = lines.next().transpose()?.unwrap_or_default();
    let mut headers = String::new();
    for line in lines {
        let line = line?;
        if line.is_empty() {
            break;
        }
        headers.push_str(&line);
        headers.push_str("\r\n");
    }
    let headers = parse_headers(&headers);
    let header = |name: &str| {
        headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.clone())
    };
    let page = page(&ScrapeRequest {
        path: request.split(' ').nth(1).unwrap_or_default().to_owned(),
        accept: header("accept"),
        accept_encoding: header("accept-encoding"),
    });
    let encoding = page
        .content_encoding
        .map(|encoding| format!("Content-Encoding: {encoding}\r\n"))
        .unwrap_or_default();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {}\r\n{encoding}Content-Length: {}\r\nConnection: close\r\n\r\n",
        page.content_type,
        page.body.len(),
    );
    let mut stream = stream;
    stream.write_all(head.as_bytes())?;
    stream.write_all(&page.body)
}
