//! A page that shows what a process says of its models, for people without a Grafana.
//!
//! It is three files that never change, and the metrics of the process beside them: a browser asks for these every five
//! seconds and draws versions, rates, latency, features and scores. Nothing comes from elsewhere, nothing is stored, and
//! names that clients sent are shown as text. Whoever may read `/metrics` may see the page, and nobody else should.
//!
//! Routes that serve it are in `modelwatch-tower` (feature `page`) and `modelwatch-actix` (feature `page`). Any other server
//! answers `GET` on a path of its own so:
//!
//! ```
//! use modelwatch::Monitor;
//! use modelwatch_page::{HEADERS, Wanted, wanted};
//!
//! /// Content type and body of the answer; send [`HEADERS`] with it.
//! fn answer(monitor: &Monitor, query: Option<&str>) -> (&'static str, Vec<u8>) {
//!     match wanted(query) {
//!         Wanted::File(file) => (file.content_type, file.body.into()),
//!         Wanted::Metrics => {
//!             let scrape = monitor.scrape(None, None);
//!             (scrape.content_type, scrape.body.to_vec())
//!         }
//!     }
//! }
//!
//! let (content_type, body) = answer(&Monitor::new(), None);
//! assert_eq!(content_type, "text/html; charset=utf-8");
//! assert!(body.starts_with(b"<!DOCTYPE html>"));
//! assert_eq!(HEADERS.len(), 4);
//! ```

/// What a request for the page is for.
///
/// ```
/// use modelwatch_page::{Wanted, wanted};
///
/// assert_eq!(wanted(Some("metrics")), Wanted::Metrics);
/// assert_ne!(wanted(None), Wanted::Metrics);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// A file that never changes.
    File(File),
    /// The process's metrics as Prometheus text, which is what a scrape without `Accept` gets.
    Metrics,
}

/// A file of the page.
///
/// ```
/// use modelwatch_page::{Wanted, wanted};
///
/// let Wanted::File(page) = wanted(None) else { unreachable!("a query names no file") };
/// assert_eq!(page.content_type, "text/html; charset=utf-8");
/// assert!(page.body.contains("</html>"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct File {
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The whole body.
    pub body: &'static str,
}

/// Headers for every answer, by lower-case name: the page loads what is its own alone, and stands in no other page.
pub const HEADERS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    ("cache-control", "no-cache"),
    ("referrer-policy", "no-referrer"),
    ("x-content-type-options", "nosniff"),
];

const PAGE: File = File {
    content_type: "text/html; charset=utf-8",
    body: include_str!("page.html"),
};
const STYLE: File = File {
    content_type: "text/css; charset=utf-8",
    body: include_str!("page.css"),
};
const SCRIPT: File = File {
    content_type: "text/javascript; charset=utf-8",
    body: include_str!("page.js"),
};

/// Says what a request with this query, the part of its address after `?`, is for.
///
/// ```
/// use modelwatch_page::{Wanted, wanted};
///
/// assert_eq!(wanted(Some("metrics")), Wanted::Metrics);
/// assert!(matches!(wanted(None), Wanted::File(_)));
/// ```
#[must_use]
pub fn wanted(query: Option<&str>) -> Wanted {
    match query {
        Some("metrics") => Wanted::Metrics,
        Some("script") => Wanted::File(SCRIPT),
        Some("style") => Wanted::File(STYLE),
        _ => Wanted::File(PAGE),
    }
}
