//! Just enough HTTP for loopback: one request a connection.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::ops::Range;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

/// The answer to an [`http_get`].
///
/// # Example
///
/// ```
/// use modelwatch_testkit::{HttpResponse, MetricsServer, Page, ScrapeRequest, http_get};
///
/// let server = MetricsServer::start(|scrape: &ScrapeRequest| Page {
///     content_type: "text/plain".to_owned(),
///     body: scrape.path.clone().into_bytes(),
///     ..Page::default()
/// });
/// let response: HttpResponse = http_get(server.address(), "/metrics", &[])?;
/// assert_eq!((response.status, response.header("content-type")), (200, Some("text/plain")));
/// assert_eq!(response.body, b"/metrics");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, and their values, in the order sent.
    pub headers: Vec<(String, String)>,
    /// The body, still encoded if a `content-encoding` says so.
    pub body: Vec<u8>,
}

impl HttpResponse {
    /// The first header of that name, which is given in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }
}

/// GETs `path` from a server on this machine.
///
/// It speaks HTTP/1.0, so that the server neither sends chunks nor keeps the connection.
///
/// # Errors
///
/// The server can't be reached, is silent for ten seconds, or answers in something other than HTTP.
pub fn http_get(address: SocketAddr, path: &str, headers: &[(&str, &str)]) -> io::Result<HttpResponse> {
    http_request(address, "GET", path, headers, b"")
}

/// Asks a server on this machine with any method and body.
///
/// # Errors
///
/// As for [`http_get`].
pub fn http_request(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> io::Result<HttpResponse> {
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let mut request = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    if !body.is_empty() || method == "POST" {
        request.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    request.push_str("\r\n");
    stream.write_all(request.as_bytes())?;
    stream.write_all(body)?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer)?;
    parse(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP"))
}

/// How long a server may be silent.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

fn parse(answer: &[u8]) -> Option<HttpResponse> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let (status, headers) = head.split_once("\r\n").unwrap_or((head, ""));
    Some(HttpResponse {
        status: status.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?,
        headers: parse_headers(headers),
        body: answer[end + 4..].to_vec(),
    })
}

/// Header lines as pairs, the names in lower case.
pub(crate) fn parse_headers(lines: &str) -> Vec<(String, String)> {
    let pairs = lines.split("\r\n").filter_map(|line| line.split_once(':'));
    pairs
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect()
}

/// `text` as it may stand in the query part of a URL.
pub(crate) fn percent_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// A TCP port of 127.0.0.1 on which nobody listens, for a program that must be told one.
///
/// No other call in any process is likely to give the same, and no program gets it that asks the system for whichever port is free. Where
/// port 0 can be given, give that.
///
/// # Panics
///
/// If this machine has no free port.
#[must_use]
pub fn free_port() -> u16 {
    // Linux gives ports from 32,768 on to whoever connects or asks for any.
    const PORTS: Range<u16> = 12_000..32_000;
    static GIVEN: AtomicU16 = AtomicU16::new(0);
    // Processes that run at a time have numbers that are near each other.
    let first = std::process::id().wrapping_mul(61) % PORTS.len() as u32;
    (0..PORTS.len())
        .map(|_| first as usize + usize::from(GIVEN.fetch_add(1, Ordering::Relaxed)))
        .filter_map(|offset| PORTS.clone().nth(offset % PORTS.len()))
        .find(|port| TcpListener::bind((Ipv4Addr::LOCALHOST, *port)).is_ok())
        .expect("this machine has a free port")
}
