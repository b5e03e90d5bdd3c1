//! How a request ends, and how it is counted then.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{Monitor, Status};
use modelwatch_testkit::{counted, page};

use crate::client::Client;
use crate::times::{SLOW, TIMEOUT};

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
        let (method, path) = ending.request;
        let wait = || thread::sleep(2 * SLOW);
        ending
            .client
            .ask(address, method, path, wait)
            .unwrap_or_else(|error| panic!("{}: {error}", ending.name));
        let after = counted(monitor, before.all_requests() + 1);
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
    assert_eq!(last.all_requests(), ENDINGS.len() as u64, "none is counted twice");
    assert_eq!(
        last.sum("ml_inference_latency_seconds_count", &[]),
        ENDINGS.len() as f64
    );
}
