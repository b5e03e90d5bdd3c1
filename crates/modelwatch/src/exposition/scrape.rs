//! The answer to a scrape.

use crate::exposition::scrape_body::ScrapeBody;

/// The answer to a scrape, for whatever serves HTTP.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Scrape {
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The `Content-Encoding` header, if there is to be one.
    pub content_encoding: Option<&'static str>,
    /// The body, already encoded.
    pub body: ScrapeBody,
}

impl Scrape {
    /// Returns the headers of the answer, by lower-case name, without `content-length`, which the server knows.
    ///
    /// ```
    /// let scrape = modelwatch::Monitor::new().scrape(None, Some("gzip"));
    /// let headers: Vec<_> = scrape.headers().collect();
    /// assert_eq!(
    ///     headers,
    ///     [
    ///         ("content-type", "text/plain; version=0.0.4; charset=utf-8"),
    ///         ("vary", "accept, accept-encoding"),
    ///         ("content-encoding", "gzip"),
    ///     ]
    /// );
    /// ```
    pub fn headers(&self) -> impl Iterator<Item = (&'static str, &'static str)> + use<> {
        // The page depends on what was asked for, so a cache must not answer one scraper with another's.
        let always = [("content-type", self.content_type), ("vary", "accept, accept-encoding")];
        let encoding = self.content_encoding.map(|encoding| ("content-encoding", encoding));
        always.into_iter().chain(encoding)
    }
}
