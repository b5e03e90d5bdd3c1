//! The ways an HTTP request can end, as one table, and a client that brings each of them about over a real socket.
//!
//! A framework's test starts a server that has the pages the table asks for, and runs the table against it: after each
//! ending exactly one more request is counted, under the status of the contract, nothing is in flight, and the latency is
//! within what a stopwatch at the client saw.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{Format, Monitor, Status};
use modelwatch_testkit::MetricsPage;

/// How long the slow pages take before they answer, and between the chunks of a stream.
pub const SLOW: Duration = Duration::from_millis(60);
/// After what a timeout ends a request that would take for ever.
pub const TIMEOUT: Duration = Duration::from_millis(80);
/// Longer than any test waits.
pub const FOR_EVER: Duration = Duration::from_secs(3600);

/// What the client does once its request is sent.
#[derive(Clone, Copy, Debug)]
pub enum Client {
    /// Reads the answer to its end.
    Reads,
    /// Closes the connection before there is an answer.
    LeavesBeforeTheAnswer,
    /// Closes it after the first bytes of the body.
    LeavesHalfWay,
    /// Resets it before there is an answer.
    ResetsBeforeTheAnswer,
    /// Resets it after the first bytes of the body.
    ResetsHalfWay,
}

/// One row.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    /// What it is.
    pub name: &'static str,
    /// Method and path, the path being the route as well.
    pub request: (&'static str, &'static str),
    /// What the client does.
    pub client: Client,
    /// How it is counted.
    pub status: Status,
    /// What it takes at least.
    pub at_least: Duration,
}

const fn row(
    name: &'static str,
    request: (&'static str, &'static str),
    client: Client,
    status: Status,
    at_least: Duration,
) -> Ending {
    Ending {
        name,
        request,
        client,
        status,
        at_least,
    }
}

/// Every ending. `/timeout-outside` and `/timeout-inside` are `/never` with a timeout on that side of the layer.
pub const ENDINGS: &[Ending] = &[
    row(
        "an answer",
        ("GET", "/ok"),
        Client::Reads,
        Status::Success,
        Duration::ZERO,
    ),
    row("a slow answer", ("GET", "/slow"), Client::Reads, Status::Success, SLOW),
    row(
        "4xx",
        ("GET", "/client-error"),
        Client::Reads,
        Status::ClientError,
        Duration::ZERO,
    ),
    row(
        "5xx",
        ("GET", "/server-error"),
        Client::Reads,
        Status::Error,
        Duration::ZERO,
    ),
    row(
        "an error value",
        ("GET", "/error-value"),
        Client::Reads,
        Status::Error,
        Duration::ZERO,
    ),
    row(
        "a panic",
        ("GET", "/panic"),
        Client::Reads,
        Status::Error,
        Duration::ZERO,
    ),
    row(
        "a panic in the body",
        ("GET", "/panic-in-body"),
        Client::Reads,
        Status::Error,
        Duration::ZERO,
    ),
    row(
        "an error in the body",
        ("GET", "/broken"),
        Client::Reads,
        Status::Error,
        SLOW,
    ),
    row(
        "a stream to its end",
        ("GET", "/stream"),
        Client::Reads,
        Status::Success,
        SLOW,
    ),
    row(
        "an empty body",
        ("GET", "/empty"),
        Client::Reads,
        Status::Success,
        Duration::ZERO,
    ),
    row(
        "no content",
        ("GET", "/no-content"),
        Client::Reads,
        Status::Success,
        Duration::ZERO,
    ),
    row("HEAD", ("HEAD", "/ok"), Client::Reads, Status::Success, Duration::ZERO),
    row(
        "HEAD of a stream",
        ("HEAD", "/stream"),
        Client::Reads,
        Status::Success,
        Duration::ZERO,
    ),
    row(
        "an upgrade",
        ("GET", "/upgrade"),
        Client::Reads,
        Status::Success,
        Duration::ZERO,
    ),
    row(
        "the future dropped before the answer",
        ("GET", "/never"),
        Client::LeavesBeforeTheAnswer,
        Status::Cancelled,
        Duration::ZERO,
    ),
    row(
        "the connection reset before the answer",
        ("GET", "/never"),
        Client::ResetsBeforeTheAnswer,
        Status::Cancelled,
        Duration::ZERO,
    ),
    row(
        "an endless stream that the client leaves",
        ("GET", "/endless"),
        Client::LeavesHalfWay,
        Status::Cancelled,
        SLOW,
    ),
    row(
        "the connection reset half-way",
        ("GET", "/endless"),
        Client::ResetsHalfWay,
        Status::Cancelled,
        SLOW,
    ),
    row(
        "a timeout inside",
        ("GET", "/timeout-inside"),
        Client::Reads,
        Status::Error,
        TIMEOUT,
    ),
    row(
        "a timeout outside",
        ("GET", "/timeout-outside"),
        Client::Reads,
        Status::Cancelled,
        TIMEOUT,
    ),
];

/// Runs the table.
///
/// # Panics
///
/// When an ending is counted otherwise than its row says.
pub fn all_endings_are_counted(monitor: &Monitor, address: SocketAddr) {
    for ending in ENDINGS {
        let before = page(monitor);
        let started = Instant::now();
        ending
            .bring_about(address)
            .unwrap_or_else(|error| panic!("{}: {error}", ending.name));
        let after = counted(monitor, requests(&before) + 1.0);
        let elapsed = started.elapsed();

        let labels = &[("route", ending.request.1), ("status", ending.status.as_str())];
        let more = |name: &str, labels: &[(&str, &str)]| after.sum(name, labels) - before.sum(name, labels);
        assert_eq!(
            more("ml_inference_requests_total", labels),
            1.0,
            "{}: expected {labels:?}, and there are {:?} where there were {:?}",
            ending.name,
            after.requests(),
            before.requests()
        );
        let latency = more("ml_inference_latency_seconds_sum", &[]);
        let (least, most) = (ending.at_least.as_secs_f64(), elapsed.as_secs_f64());
        assert!(
            (least..=most).contains(&latency),
            "{}: {latency} s, where the client saw {least} to {most}",
            ending.name
        );
        assert_eq!(after.sum("ml_inference_in_flight", &[]), 0.0, "{}", ending.name);
    }
    let last = page(monitor);
    assert_eq!(requests(&last), ENDINGS.len() as f64, "none is counted twice");
    assert_eq!(
        last.sum("ml_inference_latency_seconds_count", &[]),
        ENDINGS.len() as f64
    );
}

/// Requests counted so far.
#[must_use]
pub fn requests(page: &MetricsPage) -> f64 {
    page.sum("ml_inference_requests_total", &[])
}

/// What the monitor exposes now.
#[must_use]
pub fn page(monitor: &Monitor) -> MetricsPage {
    MetricsPage::parse(&monitor.encode(Format::PrometheusText))
}

/// The page once it counts so many requests and none is in flight.
///
/// # Panics
///
/// When that is not so within ten seconds.
#[must_use]
pub fn counted(monitor: &Monitor, wanted: f64) -> MetricsPage {
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        let page = page(monitor);
        if requests(&page) >= wanted && page.sum("ml_inference_in_flight", &[]) == 0.0 {
            return page;
        }
        assert!(
            Instant::now() < deadline,
            "{wanted} requests are wanted, and there are {:?} with {} in flight",
            page.requests(),
            page.sum("ml_inference_in_flight", &[])
        );
        thread::sleep(Duration::from_millis(1));
    }
}

/// Waits until so many requests have begun.
///
/// # Panics
///
/// When that is not so within ten seconds.
pub fn begun(monitor: &Monitor, wanted: f64) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while requests(&page(monitor)) + page(monitor).sum("ml_inference_in_flight", &[]) < wanted {
        assert!(Instant::now() < deadline, "{wanted} requests are wanted to begin");
        thread::sleep(Duration::from_millis(1));
    }
}

/// Sends a request and reads nothing yet.
///
/// # Errors
///
/// When the server does not take it.
pub fn send(address: SocketAddr, method: &str, path: &str) -> io::Result<TcpStream> {
    let mut stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    write!(
        stream,
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: {}\r\n\r\n",
        if path == "/upgrade" {
            "upgrade\r\nupgrade: echo"
        } else {
            "close"
        }
    )?;
    Ok(stream)
}

impl Ending {
    fn bring_about(&self, address: SocketAddr) -> io::Result<()> {
        let (method, path) = self.request;
        let mut stream = send(address, method, path)?;
        match self.client {
            // After a panic or a broken body there is no whole answer to be read.
            Client::Reads if path == "/upgrade" => head(&mut stream).map(drop),
            Client::Reads => stream.read_to_end(&mut Vec::new()).map(drop).or_else(connection_lost),
            Client::LeavesBeforeTheAnswer => {
                thread::sleep(SLOW);
                Ok(())
            }
            Client::LeavesHalfWay => {
                head(&mut stream)?;
                thread::sleep(2 * SLOW);
                Ok(())
            }
            Client::ResetsBeforeTheAnswer => {
                thread::sleep(SLOW);
                reset(&stream)
            }
            Client::ResetsHalfWay => {
                head(&mut stream)?;
                thread::sleep(2 * SLOW);
                reset(&stream)
            }
        }
    }
}

fn connection_lost(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::ConnectionReset {
        Ok(())
    } else {
        Err(error)
    }
}

/// Reads up to the end of the head.
fn head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let (mut head, mut byte) = (Vec::new(), [0]);
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    Ok(head)
}

/// The close that follows will be a reset.
fn reset(stream: &TcpStream) -> io::Result<()> {
    socket2::SockRef::from(stream).set_linger(Some(Duration::ZERO))
}
