//! Ids of predictions that bring none of their own.

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

/// The id of a prediction, made by the log: 32 hexadecimal digits. From [`Record::identified`](crate::Record::identified).
///
/// ```
/// use modelwatch::Monitor;
/// use modelwatch_log::PredictionLog;
///
/// # let root = std::env::temp_dir().join(format!("modelwatch-log-new-id-{}", std::process::id()));
/// let log = PredictionLog::builder(&root).start(&Monitor::new())?;
/// let id = log.new_id();
/// assert_eq!(id.to_string().len(), 32);
/// assert_ne!(id, log.new_id());
/// # log.close()?;
/// # std::fs::remove_dir_all(root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PredictionId(u128);

impl PredictionId {
    pub(crate) const DIGITS: usize = 32;

    /// Its digits, in this room.
    pub(crate) fn write(self, digits: &mut [u8; Self::DIGITS]) -> &str {
        for (place, digit) in digits.iter_mut().enumerate() {
            let nibble = (self.0 >> (4 * (Self::DIGITS - 1 - place))) as u8 & 0xf;
            *digit = if nibble < 10 { b'0' + nibble } else { b'a' + nibble - 10 };
        }
        // All of them are ASCII.
        std::str::from_utf8(digits).unwrap_or_default()
    }
}

impl fmt::Display for PredictionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.write(&mut [0; Self::DIGITS]))
    }
}

impl fmt::Debug for PredictionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PredictionId({self})")
    }
}

/// Makes ids: 64 random bits of this log, and a running number.
pub(crate) struct PredictionIds {
    log: u64,
    next: AtomicU64,
}

impl Default for PredictionIds {
    fn default() -> Self {
        Self {
            log: RandomState::new().hash_one(std::process::id()),
            next: AtomicU64::new(0),
        }
    }
}

impl PredictionIds {
    pub(crate) fn next(&self) -> PredictionId {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        PredictionId(u128::from(self.log) << 64 | u128::from(number))
    }
}
