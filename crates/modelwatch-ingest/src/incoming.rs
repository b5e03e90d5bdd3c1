//! A record as it arrives.

use std::borrow::Cow;

use twox_hash::XxHash3_128;

/// A record from any source.
/// The example of [`Intake`](crate::intake::Intake) has one.
#[derive(Clone, Debug, Default)]
pub struct Incoming<'a> {
    /// The partition of the source.
    pub partition: i32,
    /// Its offset in the partition. Offsets only grow.
    pub offset: i64,
    /// When it was produced, in microseconds since the epoch. The row's time, unless the record has one.
    pub time: i64,
    /// Its headers, with names in lower case.
    pub headers: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
    /// Its value. `None` for a tombstone.
    pub value: Option<&'a [u8]>,
}

/// Identifies a record that is met again: a hash of its time and its value.
pub(crate) fn mark(time: i64, value: Option<&[u8]>) -> u64 {
    XxHash3_128::oneshot_with_seed(time as u64, value.unwrap_or_default()) as u64
}

impl Incoming<'_> {
    /// Returns the first header with this name that is UTF-8.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let of_name = self.headers.iter().filter(|(known, _)| known == name);
        of_name.filter_map(|(_, value)| std::str::from_utf8(value).ok()).next()
    }
}
