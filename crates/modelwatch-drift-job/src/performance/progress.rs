//! Tells how far a run is, from the threads that read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::error::Files;

/// Reports the progress of measuring performance.
/// The example of [`PerformanceOptions`](crate::performance::PerformanceOptions) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PerformanceProgress {
    /// A file is being inspected.
    Looking {
        /// What it is one of.
        files: Files,
        /// Its path or URL.
        file: String,
        /// The number of these files inspected so far.
        done: usize,
        /// The number of these files.
        of: usize,
    },
    /// The rows of a file are being read. The reference is read in several passes.
    Reading {
        /// What it is one of.
        files: Files,
        /// Its path or URL, or the name of the table of labels.
        file: String,
        /// The number of these files read so far in this pass.
        done: usize,
        /// The number of these files.
        of: usize,
        /// The number of rows read so far, over all files and passes.
        rows: u64,
    },
    /// Predictions and labels are being joined, part by part.
    Joining {
        /// The number of parts joined so far.
        done: usize,
        /// The number of parts.
        of: usize,
    },
}

/// Sends progress to whoever started the run, if they listen.
#[derive(Clone, Debug, Default)]
pub(super) struct Teller {
    listener: Option<UnboundedSender<PerformanceProgress>>,
    rows: Arc<AtomicU64>,
}

/// Says which file is being worked on.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) files: Files,
    pub(super) file: String,
    pub(super) done: usize,
    pub(super) of: usize,
}

impl Teller {
    /// Returns also where its progress arrives. A file or a batch of rows is one message, so they stay few.
    pub(super) fn new() -> (Self, UnboundedReceiver<PerformanceProgress>) {
        let (sender, receiver) = unbounded_channel();
        let teller = Self {
            listener: Some(sender),
            ..Self::default()
        };
        (teller, receiver)
    }

    pub(super) fn looking(&self, place: Place) {
        let Place { files, file, done, of } = place;
        self.tell(PerformanceProgress::Looking { files, file, done, of });
    }

    /// Tells that so many more rows of a file were read.
    pub(super) fn read(&self, place: &Place, rows: usize) {
        let before = self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        let Place { files, file, done, of } = place.clone();
        let rows = before + rows as u64;
        self.tell(PerformanceProgress::Reading {
            files,
            file,
            done,
            of,
            rows,
        });
    }

    pub(super) fn joined(&self, done: usize, of: usize) {
        self.tell(PerformanceProgress::Joining { done, of });
    }

    fn tell(&self, progress: PerformanceProgress) {
        if let Some(listener) = &self.listener {
            // Once the run is over, nobody listens any more.
            let _ = listener.send(progress);
        }
    }
}
