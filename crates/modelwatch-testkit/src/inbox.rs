//! Where what others send arrives, such as a webhook's notifications.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use serde_json::Value as Json;

/// A request with a body, as it arrived.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::{Posted, http_request, inbox};
///
/// let (address, arrived) = inbox(|_posted| "HTTP/1.0 200 OK\r\n\r\n");
/// http_request(address, "POST", "/alerts", &[], br#"{"status": "firing"}"#)?;
/// let posted: Posted = arrived.recv()?;
/// assert_eq!(posted.path, "/alerts");
/// assert_eq!(posted.json()["status"], "firing");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Posted {
    /// The path and query of the first line.
    pub path: String,
    /// The first line and the headers.
    pub head: String,
    /// As many bytes as its head announced.
    pub body: Vec<u8>,
}

impl Posted {
    /// The body, which is JSON.
    ///
    /// # Panics
    ///
    /// When it is not.
    #[must_use]
    pub fn json(&self) -> Json {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("no JSON was posted: {error}: {self:?}"))
    }
}

/// Takes requests on loopback until the test ends, hands each out, and then answers it with the whole answer that `answer` gives: who has an
/// answer finds what it sent among what arrived. A connection is good for one.
///
/// # Panics
///
/// If this machine has no free port.
#[must_use]
pub fn inbox(answer: impl Fn(&Posted) -> &'static str + Send + Sync + 'static) -> (SocketAddr, Receiver<Posted>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("this machine has a free port");
    let address = listener.local_addr().expect("a bound listener has an address");
    let (sender, receiver) = mpsc::channel();
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming() {
            let (sender, answer) = (sender.clone(), Arc::clone(&answer));
            thread::spawn(move || {
                // Who hangs up half-way has its own account of it.
                let _ = stream.and_then(|stream| {
                    let mut stream = BufReader::new(stream);
                    let posted = read(&mut stream)?;
                    let answer = answer(&posted);
                    // Nobody reads any more when the test is over.
                    let _ = sender.send(posted);
                    stream.get_mut().write_all(answer.as_bytes())
                });
            });
        }
    });
    (address, receiver)
}

fn read(stream: &mut BufReader<TcpStream>) -> io::Result<Posted> {
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if stream.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse().ok())?
    });
    let mut body = vec![0; length.unwrap_or(0)];
    stream.read_exact(&mut body)?;
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    Ok(Posted { path, head, body })
}
