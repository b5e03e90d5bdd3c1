//! Label values: the closed sets, and how an open one is made safe to expose.

use std::borrow::Cow;
use std::sync::Arc;

/// The label value that takes what comes after a label's limit is reached.
pub const OTHER: &str = "__other__";
/// The label value for a request that nobody named: no model chosen, or an empty name.
pub const UNKNOWN: &str = "__unknown__";

/// How a request ended: the `status` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Answered as asked.
    Success,
    /// The service's fault: a 5xx, an error value, a panic, a body that broke off.
    Error,
    /// The caller's mistake: a 4xx.
    ClientError,
    /// The caller was gone before the end.
    Cancelled,
}

impl Status {
    /// Every status, in the order they are exposed.
    pub const ALL: [Self; 4] = [Self::Success, Self::Error, Self::ClientError, Self::Cancelled];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::ClientError => "client_error",
            Self::Cancelled => "cancelled",
        }
    }

    /// What an HTTP status code says of a request: 4xx is the client's error, 5xx the service's, the rest success.
    #[must_use]
    pub const fn from_http(code: u16) -> Self {
        match code {
            400..=499 => Self::ClientError,
            500..=599 => Self::Error,
            _ => Self::Success,
        }
    }
}

/// A part of answering a request: the `stage` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Waiting for a free worker or a full batch.
    Queue,
    /// Getting features from a store.
    FeatureFetch,
    /// Turning the request into the model's input.
    Preprocess,
    /// The model itself.
    Compute,
    /// Turning the model's output into the answer.
    Postprocess,
}

impl Stage {
    /// Every stage, in the order a request goes through them.
    pub const ALL: [Self; 5] = [
        Self::Queue,
        Self::FeatureFetch,
        Self::Preprocess,
        Self::Compute,
        Self::Postprocess,
    ];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::FeatureFetch => "feature_fetch",
            Self::Preprocess => "preprocess",
            Self::Compute => "compute",
            Self::Postprocess => "postprocess",
        }
    }
}

/// A set of labels with its text, escaped once.
#[derive(Debug, Default)]
pub(crate) struct Labels {
    pairs: Box<[(&'static str, Arc<str>)]>,
    /// `a="1",b="2"`
    text: Box<str>,
}

impl Labels {
    pub(crate) fn new<const N: usize>(pairs: [(&'static str, &Arc<str>); N]) -> Self {
        Self::of(pairs.map(|(name, value)| (name, value.clone())).into())
    }

    pub(crate) fn of(pairs: Vec<(&'static str, Arc<str>)>) -> Self {
        let mut text = String::new();
        for (name, value) in &pairs {
            if !text.is_empty() {
                text.push(',');
            }
            text.push_str(name);
            text.push_str("=\"");
            for character in value.chars() {
                match character {
                    '\\' => text.push_str("\\\\"),
                    '"' => text.push_str("\\\""),
                    '\n' => text.push_str("\\n"),
                    other => text.push(other),
                }
            }
            text.push('"');
        }
        Self {
            pairs: pairs.into(),
            text: text.into(),
        }
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn pairs(&self) -> &[(&'static str, Arc<str>)] {
        &self.pairs
    }
}

/// The value as it is exposed, or nothing where it is too long to be one, or is [`OTHER`], which is reserved.
///
/// Parsers disagree about control characters, and one of them ends a scrape at a NUL, so all but the newline, which
/// every format escapes, are replaced. An empty value would be the same as no label at all.
pub(crate) fn canonical(value: &str, most_bytes: usize) -> Option<Cow<'_, str>> {
    let odd = |character: char| character.is_control() && character != '\n';
    if value.is_empty() {
        Some(UNKNOWN.into())
    } else if value.len() > most_bytes || value == OTHER {
        None
    } else if value.contains(odd) {
        Some(value.replace(odd, "\u{fffd}").into())
    } else {
        Some(value.into())
    }
}
