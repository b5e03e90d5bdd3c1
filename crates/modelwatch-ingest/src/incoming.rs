//! A record as it came through a door.

use std::borrow::Cow;

use twox_hash::XxHash3_128;

/// A record, whatever brought it.
/// The example of [`Intake`] has one.
#[derive(Clone, Debug, Default)]
pub struct Incoming<'a> {
    /// The partition of the source.
    pub partition: i32,
    /// Its place in the partition. Places only grow.
    pub offset: i64,
    /// When it was put there, in microseconds since the epoch: its row's time where it has none itself.
    pub time: i64,
    /// Its headers, names in lower case.
    pub headers: Vec<(Cow<'a, str>, Cow<'a, [u8]>)>,
    /// What is in it; nothing for a tombstone.
    pub value: Option<&'a [u8]>,
}

/// What a record is known by where it is met again: a hash of its time and of what is in it.
pub(crate) fn mark(time: i64, value: Option<&[u8]>) -> u64 {
    XxHash3_128::oneshot_with_seed(time as u64, value.unwrap_or_default()) as u64
}

impl Incoming<'_> {
    /// The first header of this name that is UTF-8.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let of_name = self.headers.iter().filter(|(known, _)| known == name);
        of_name.filter_map(|(_, value)| std::str::from_utf8(value).ok()).next()
    }
}
