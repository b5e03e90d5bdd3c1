//! What the writer knows of the handles: whose a record is that comes with a number alone.

use std::sync::Arc;

use bytes::Bytes;
use rustc_hash::FxHashMap;

use crate::counts::Counts;
use crate::shape::Shape;

/// The records of one version of one model.
#[derive(Debug)]
pub(crate) struct Stream {
    pub(crate) model: Arc<str>,
    pub(crate) version: Bytes,
    pub(crate) shape: Arc<Shape>,
    pub(crate) counts: Arc<Counts>,
}

/// Streams by number. Numbers are not used again.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    by_number: FxHashMap<u32, Arc<Stream>>,
    next: u32,
    /// Whose last handle is gone, though records of theirs may be on their way.
    retired: Vec<u32>,
}

impl Streams {
    pub(crate) fn add(&mut self, stream: Stream) -> u32 {
        let number = self.next;
        self.next += 1;
        self.by_number.insert(number, Arc::new(stream));
        number
    }

    pub(crate) fn get(&self, number: u32) -> Option<Arc<Stream>> {
        self.by_number.get(&number).cloned()
    }

    pub(crate) fn retire(&mut self, number: u32) {
        self.retired.push(number);
    }

    /// The streams that no new record can come of.
    pub(crate) fn take_retired(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.retired)
    }

    pub(crate) fn forget(&mut self, numbers: &[u32]) {
        for number in numbers {
            self.by_number.remove(number);
        }
    }
}
