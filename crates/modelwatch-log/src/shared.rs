//! What the handles and the writer share: the queue between them.

use std::sync::atomic::{AtomicBool, AtomicU64};

use crossbeam_queue::ArrayQueue;
use parking_lot::Mutex;

use crate::prediction_id::PredictionIds;
use crate::slot::Slot;
use crate::stream::Streams;

/// What every handle and the writer share.
pub(crate) struct Shared {
    /// Records on their way to the writer.
    pub(crate) queue: ArrayQueue<Box<Slot>>,
    /// Slots that wait for a record.
    pub(crate) free: ArrayQueue<Box<Slot>>,
    /// The most bytes of a category or class.
    pub(crate) text_bytes: usize,
    pub(crate) streams: Mutex<Streams>,
    pub(crate) ids: PredictionIds,
    /// No record is taken any more.
    pub(crate) closed: AtomicBool,
    /// Records dropped because the queue was full or closed, for the writer to warn of.
    pub(crate) lost: AtomicU64,
}

impl Shared {
    pub(crate) fn new(queue: usize, text_bytes: usize) -> Self {
        Self {
            queue: ArrayQueue::new(queue),
            free: ArrayQueue::new(queue),
            text_bytes,
            streams: Mutex::default(),
            ids: PredictionIds::default(),
            closed: AtomicBool::new(false),
            lost: AtomicU64::new(0),
        }
    }

    pub(crate) fn give_back(&self, slot: Box<Slot>) {
        // With as many slots about as the queue takes, one too many is let go.
        let _ = self.free.push(slot);
    }
}

impl Drop for Shared {
    /// What came while the writer ended.
    fn drop(&mut self) {
        let streams = self.streams.get_mut();
        while let Some(slot) = self.queue.pop() {
            if let Some(stream) = streams.get(slot.stream) {
                stream.counts.dropped(1);
            }
        }
    }
}
