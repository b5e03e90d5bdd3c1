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
    let problem = match canonical(name, limits.value_bytes) {
        _ if name.is_empty() => "is empty, which Prometheus takes for no label at all; give it a name",
        _ if name == OTHER => "is reserved for what is folded past a limit; choose another",
        None => "is longer than Limits::value_bytes; shorten it or raise the limit",
        Some(canonical) if *canonical != *name => "has control characters, on which scrapes break; leave them out",
        Some(_) => return Ok(()),
    };
    Err(RegisterError::Name {
        label,
        name: name[..name.floor_char_boundary(100)].into(),
        problem,
    })
}
