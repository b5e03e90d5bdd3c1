//! One label value, made safe to expose.

use std::borrow::Cow;

use crate::contract::reserved::{OTHER, UNKNOWN};
use crate::error::RegisterError;
use crate::labels::limits::Limits;

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

/// Whether a name given at set-up can be a label value as it is.
pub(crate) fn check_name(label: &'static str, name: &str, limits: &Limits) -> Result<(), RegisterError> {
    match problem(name, limits) {
        None => Ok(()),
        Some(problem) => Err(RegisterError::Name {
            label,
            name: shown(name).into(),
            problem,
        }),
    }
}

/// Why a value given at set-up can't be a label value as it is, and what to do.
pub(crate) fn problem(value: &str, limits: &Limits) -> Option<&'static str> {
    match canonical(value, limits.value_bytes) {
        _ if value.is_empty() => Some("is empty, which Prometheus takes for no label at all; give it a name"),
        _ if value == OTHER => Some("is reserved for values past a limit; choose another"),
        None => Some("is longer than Limits::value_bytes; shorten it or raise the limit"),
        Some(canonical) if *canonical != *value => {
            Some("has control characters, on which scrapes break; leave them out")
        }
        Some(_) => None,
    }
}

/// As much of a value as an error shows.
pub(crate) fn shown(value: &str) -> &str {
    let end = (0..=value.len().min(100))
        .rev()
        .find(|&end| value.is_char_boundary(end));
    &value[..end.unwrap_or_default()]
}
