//! The body of an answer to a scrape, whose memory serves the next scrape again.
//!
//! A page of tens of megabytes is memory that the allocator gets from the system and gives back at once. While the
//! system takes it back, threads that need memory, such as one that records the first request of a new series, wait for
//! milliseconds.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;

/// Room for a page, while no page is under way.
#[derive(Debug, Default)]
pub(crate) struct SpareBuffer(Arc<Mutex<Vec<u8>>>);

impl SpareBuffer {
    /// What there is: nothing, while another scrape has it.
    pub(crate) fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock())
    }
}

/// The body of a [`Scrape`](crate::Scrape): bytes, whose memory goes back to the monitor when they are dropped.
///
/// Hand it over as it is where the server takes any owner of bytes (`bytes::Bytes::from_owner`).
///
/// ```
/// let monitor = modelwatch::Monitor::new();
/// let scrape = monitor.scrape(None, None);
/// let page = scrape.body.into_vec();
/// assert!(page.starts_with(b"# HELP "));
/// ```
#[derive(Clone, Default)]
pub struct ScrapeBody {
    bytes: Vec<u8>,
    home: Weak<Mutex<Vec<u8>>>,
}

impl ScrapeBody {
    pub(crate) fn new(bytes: Vec<u8>, spare: &SpareBuffer) -> Self {
        Self {
            bytes,
            home: Arc::downgrade(&spare.0),
        }
    }

    /// The bytes, for keeps.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<u8> {
        std::mem::take(&mut self.bytes)
    }
}

impl Drop for ScrapeBody {
    fn drop(&mut self) {
        // A page that has become much smaller than its room does not keep it.
        if self.bytes.len() < self.bytes.capacity() / 4 {
            return;
        }
        if let Some(home) = self.home.upgrade() {
            let mut spare = home.lock();
            if spare.capacity() < self.bytes.capacity() {
                std::mem::swap(&mut *spare, &mut self.bytes);
            }
        }
    }
}

impl From<Vec<u8>> for ScrapeBody {
    fn from(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            home: Weak::new(),
        }
    }
}

impl Deref for ScrapeBody {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.bytes
    }
}

impl AsRef<[u8]> for ScrapeBody {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl fmt::Debug for ScrapeBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScrapeBody")
            .field(&format_args!("{} bytes", self.bytes.len()))
            .finish()
    }
}
