//! A set of labels with its text, escaped once: when the series is made, not when it is written.

use std::sync::Arc;

/// A set of labels with its text, escaped once.
#[derive(Debug)]
pub(crate) struct Labels {
    pairs: Box<[(&'static str, Arc<str>)]>,
    /// `a="1",b="2"} `
    closed: Box<str>,
}

/// What stands between the labels of a sample and its value.
const CLOSED: &str = "} ";

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
        text.push_str(CLOSED);
        Self {
            pairs: pairs.into(),
            closed: text.into(),
        }
    }

    /// `a="1",b="2"`
    pub(crate) fn text(&self) -> &str {
        &self.closed[..self.closed.len() - CLOSED.len()]
    }

    /// The last labels of a sample, as they stand before its value: `a="1",b="2"} `.
    pub(crate) fn closed(&self) -> &str {
        &self.closed
    }

    pub(crate) fn pairs(&self) -> &[(&'static str, Arc<str>)] {
        &self.pairs
    }
}
