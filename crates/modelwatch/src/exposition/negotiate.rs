//! What a scraper asks for in its headers (RFC 9110, section 12.5).

use crate::exposition::format::Format;

impl Format {
    /// The format an HTTP `Accept` header asks for most: by its quality values and, where they are equal, the order in
    /// which it lists them. [`PrometheusText`](Self::PrometheusText) when it asks for none of ours, or is absent.
    ///
    /// ```
    /// use modelwatch::Format;
    ///
    /// let prometheus_2_42 = "application/openmetrics-text;version=1.0.0,\
    ///     application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    /// assert_eq!(Format::negotiate(Some(prometheus_2_42)), Format::OpenMetricsText);
    /// assert_eq!(Format::negotiate(None), Format::PrometheusText);
    /// ```
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Self {
        format(accept)
    }
}

fn format(accept: Option<&str>) -> Format {
    let ranges = accept.unwrap_or_default().split(',').map(Range::parse);
    let mut best = (Format::PrometheusText, 0.0);
    for range in ranges {
        if let Some(format) = range.format() {
            if range.quality > best.1 {
                best = (format, range.quality);
            }
        }
    }
    best.0
}

pub(crate) fn gzip(accept_encoding: Option<&str>) -> bool {
    let quality = |coding: &str| {
        let mut codings = accept_encoding.unwrap_or_default().split(',').map(Range::parse);
        codings
            .find(|range| range.kind.eq_ignore_ascii_case(coding))
            .map(|range| range.quality)
    };
    quality("gzip")
        .or_else(|| quality("*"))
        .is_some_and(|quality| quality > 0.0)
}

/// One element of a header: a media range or a content coding, with its parameters.
struct Range<'a> {
    kind: &'a str,
    parameters: Vec<(&'a str, &'a str)>,
    quality: f32,
}

impl<'a> Range<'a> {
    fn parse(element: &'a str) -> Self {
        let mut parts = element.split(';').map(str::trim);
        let kind = parts.next().unwrap_or_default();
        let mut parameters: Vec<_> = parts
            .map(|parameter| parameter.split_once('=').unwrap_or((parameter, "")))
            .map(|(name, value)| (name.trim(), value.trim().trim_matches('"')))
            .collect();
        let quality = parameters.iter().position(|(name, _)| name.eq_ignore_ascii_case("q"));
        let quality = quality.map(|position| parameters.remove(position).1);
        Self {
            kind,
            parameters,
            // A quality that is no number asks for nothing.
            quality: quality.map_or(1.0, |quality| quality.parse().unwrap_or(0.0)),
        }
    }

    fn is(&self, kind: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind)
    }

    /// The value of a parameter, if the range has it.
    fn parameter(&self, name: &str) -> Option<&str> {
        let mut named = self
            .parameters
            .iter()
            .filter(|(other, _)| other.eq_ignore_ascii_case(name));
        named.next().map(|(_, value)| *value)
    }

    fn format(&self) -> Option<Format> {
        if self.is("application/vnd.google.protobuf") {
            let ours = self.parameter("proto") == Some("io.prometheus.client.MetricFamily")
                && self.parameter("encoding") == Some("delimited");
            ours.then_some(Format::PrometheusProtobuf)
        } else if self.is("application/openmetrics-text") {
            self.parameter("version")
                .is_none_or(|version| version == "1.0.0")
                .then_some(Format::OpenMetricsText)
        } else if self.is("text/plain") {
            self.parameter("version")
                .is_none_or(|version| version == "0.0.4")
                .then_some(Format::PrometheusText)
        } else {
            (self.is("text/*") || self.is("*/*")).then_some(Format::PrometheusText)
        }
    }
}
