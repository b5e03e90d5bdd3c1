//! Checks a reference: a baseline of the wrong rows makes every score after it wrong.

use std::fmt;

use chrono::TimeDelta;

use super::error::BaselineError;
use super::time_span::TimeSpan;

/// Sets the requirements for a reference.
///
/// [`Profile`](super::Profile) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hygiene {
    /// The minimum number of rows with a value per feature. Defaults to 1,000: each decile then has a tenth of them,
    /// enough to know its share to about a tenth of itself.
    pub minimum_rows: u64,
}

impl Default for Hygiene {
    fn default() -> Self {
        Self { minimum_rows: 1_000 }
    }
}

impl Hygiene {
    pub(super) fn check_rows(&self, feature: &str, rows: u64) -> Result<(), BaselineError> {
        if rows < self.minimum_rows {
            return Err(BaselineError::TooFewRows {
                feature: feature.to_owned(),
                rows,
                least: self.minimum_rows,
            });
        }
        Ok(())
    }
}

/// Describes one of the files that a reference was read from.
///
/// [`warnings`] has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct Source {
    /// Its name, for the warning.
    pub name: String,
    /// The time that its rows span, if they have times.
    pub span: Option<TimeSpan>,
}

/// Warns about a reference that is usable but may not be the intended one.
///
/// [`warnings`] has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum HygieneWarning {
    /// Two sources lie further apart in time than either of them spans. They may describe different populations.
    TimeGap {
        /// The source that ends first.
        before: String,
        /// The source that begins after it.
        after: String,
        /// The time between them.
        gap: TimeDelta,
    },
    /// Some sources have times, others don't.
    SomeWithoutTime {
        /// The first source without times.
        source: String,
    },
    /// The time spans of two sources overlap. Rows may be counted twice.
    TimeOverlap {
        /// The source that begins first.
        before: String,
        /// The source that begins within it.
        after: String,
    },
}

impl fmt::Display for HygieneWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TimeGap { before, after, gap } => write!(
                f,
                "{} days lie between the end of {before} and the beginning of {after}, more than either spans: a reference of \
                 different seasons is like neither; build it from one span",
                gap.num_days()
            ),
            Self::SomeWithoutTime { source } => write!(
                f,
                "{source} has no times and other sources have: whether the reference covers one span is unknown"
            ),
            Self::TimeOverlap { before, after } => write!(
                f,
                "{after} begins before {before} ends: rows that are in both count twice; leave one out if they are the same"
            ),
        }
    }
}

/// Returns warnings about the time spans of a reference's sources.
///
/// # Example: two files of different seasons
///
/// ```
/// use modelwatch_drift::baseline::{HygieneWarning, Source, TimeSpan, warnings};
///
/// let month = |name: &str, from: &str, to: &str| -> Result<Source, chrono::ParseError> {
///     let span = TimeSpan { from: from.parse()?, to: to.parse()? };
///     Ok(Source { name: name.to_owned(), span: Some(span) })
/// };
/// let sources = [
///     month("january.parquet", "2026-01-01T00:00:00Z", "2026-01-31T23:59:59Z")?,
///     month("july.parquet", "2026-07-01T00:00:00Z", "2026-07-31T23:59:59Z")?,
/// ];
/// assert!(matches!(&warnings(&sources)[..], [HygieneWarning::TimeGap { before, .. }] if before == "january.parquet"));
/// # Ok::<(), chrono::ParseError>(())
/// ```
#[must_use]
pub fn warnings(sources: &[Source]) -> Vec<HygieneWarning> {
    let mut timed: Vec<(&str, TimeSpan)> = Vec::new();
    let mut warnings = Vec::new();
    for source in sources {
        if let Some(span) = source.span {
            timed.push((&source.name, span));
        }
    }
    if let Some(source) = sources.iter().find(|source| source.span.is_none())
        && !timed.is_empty()
    {
        warnings.push(HygieneWarning::SomeWithoutTime {
            source: source.name.clone(),
        });
    }
    timed.sort_by_key(|(_, span)| (span.from, span.to));
    for pair in timed.windows(2) {
        let [(before, first), (after, second)] = [pair[0], pair[1]];
        let gap = second.from - first.to;
        if gap > (first.to - first.from).max(second.to - second.from) {
            warnings.push(HygieneWarning::TimeGap {
                before: before.to_owned(),
                after: after.to_owned(),
                gap,
            });
        } else if gap < TimeDelta::zero() {
            warnings.push(HygieneWarning::TimeOverlap {
                before: before.to_owned(),
                after: after.to_owned(),
            });
        }
    }
    warnings
}
