//! The files' names, which tell when a file was begun and by whom.

use std::time::SystemTime;

use crate::pattern::is_like;
use crate::time::{date_time, micros};

/// Returns the name of a file begun at a time. Files of one writer differ by their sequence, those of two writers by who they
/// are.
#[must_use]
pub fn name(begun: SystemTime, writer: u64, sequence: u64) -> String {
    format!("{}{writer:016x}-{sequence:06}.parquet", begun_prefix(begun))
}

/// Returns what the names of files begun then start with. Names sort by it as the times do.
#[must_use]
pub fn begun_prefix(begun: SystemTime) -> String {
    date_time(micros(begun))
        .format("modelwatch-%Y%m%dT%H%M%S%6fZ-")
        .to_string()
}

/// Returns the name a file has until it is whole. It begins with a dot: readers leave such names alone.
#[must_use]
pub fn temporary(name: &str) -> String {
    format!(".{name}.tmp")
}

/// Whether a name begins with a dot, which no reader opens: a file in the making, or one of the system's own.
#[must_use]
pub fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
}

/// What the names of files that were made of others have for their writer, before the run that made them.
const MERGED: &str = "c0de";
/// What stands in a name before its writer.
const BEGUN: &str = "modelwatch-00000000T000000000000Z-";

/// Returns the name of a file that a run makes of others, as old as the newest of them, whose name this is; nothing where that is none
/// of ours.
#[must_use]
pub fn merged(newest: &str, run: u64) -> Option<String> {
    let begun = newest.get(..BEGUN.len()).filter(|_| is_name(newest))?;
    let run = run & (u64::MAX >> (4 * MERGED.len()));
    let digits = 16 - MERGED.len();
    Some(format!("{begun}{MERGED}{run:0digits$x}-000000.parquet"))
}

/// Whether a file of this name may have been made of others: [`REPLACES`](crate::metadata::REPLACES) in its footer says so.
#[must_use]
pub fn may_be_merged(name: &str) -> bool {
    is_name(name) && name[BEGUN.len()..].starts_with(MERGED)
}

/// Whether it is a name that [`name`] gives.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let Some((begun, rest)) = name.split_at_checked(BEGUN.len()) else {
        return false;
    };
    let Some((writer, sequence)) = rest.strip_suffix(".parquet").and_then(|rest| rest.split_once('-')) else {
        return false;
    };
    let is_number =
        |text: &str, least: usize, digit: fn(&u8) -> bool| text.len() >= least && text.bytes().all(|byte| digit(&byte));
    is_like(begun, BEGUN)
        && writer.len() == 16
        && is_number(writer, 16, u8::is_ascii_hexdigit)
        && is_number(sequence, 6, u8::is_ascii_digit)
}

/// Whether it is a name that [`temporary`] gives.
#[must_use]
pub fn is_temporary(name: &str) -> bool {
    let whole = name.strip_prefix('.').and_then(|name| name.strip_suffix(".tmp"));
    whole.is_some_and(is_name)
}
