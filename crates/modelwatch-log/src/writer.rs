//! The writer's thread: takes records off the queue, and turns files over when they are old or large.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use modelwatch_log_format::folders;
use rustc_hash::FxHashMap;

use crate::command::Command;
use crate::error::WriteError;
use crate::open_file::OpenFile;
use crate::shared::Shared;
use crate::slot::Slot;
use crate::stream::Stream;
use crate::warnings::Warnings;

/// How often the queue is looked at: a serving thread wakes nobody, which would cost it a call of the system.
const LOOK: Duration = Duration::from_millis(10);
/// Records taken between two looks at the clock.
const TAKEN_AT_ONCE: usize = 4096;
/// Files there may be at once, and memory for what is in none yet: records may come with times of any hour.
const MOST_FILES: usize = 64;
const MOST_BYTES_IN_MEMORY: usize = 128 << 20;

/// When a file is finished.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rotation {
    pub(crate) after: Duration,
    pub(crate) bytes: u64,
}

pub(crate) struct Writer {
    shared: Arc<Shared>,
    root: PathBuf,
    rotation: Rotation,
    /// Of this writer among those that ever wrote into the root.
    identity: u64,
    files_begun: u64,
    streams: FxHashMap<u32, Arc<Stream>>,
    files: FxHashMap<u64, OpenFile>,
    /// Which file takes the records of a stream in an hour.
    routes: FxHashMap<(u32, i64), u64>,
    /// The first since somebody asked.
    first_error: Option<WriteError>,
    storage: Outage,
    queue: Outage,
}

/// Records lost in one way.
#[derive(Debug, Default)]
struct Outage {
    warnings: Warnings,
    /// Since it was last told.
    untold: u64,
    /// A warning was given, and nothing since that it is over.
    told: bool,
}

impl Writer {
    pub(crate) fn new(shared: Arc<Shared>, root: PathBuf, rotation: Rotation, identity: u64) -> Self {
        Self {
            shared,
            root,
            rotation,
            identity,
            files_begun: 0,
            streams: FxHashMap::default(),
            files: FxHashMap::default(),
            routes: FxHashMap::default(),
            first_error: None,
            storage: Outage::default(),
            queue: Outage::default(),
        }
    }

    /// Until it is told to close, or nobody is left to tell it.
    pub(crate) fn run(mut self, commands: &Receiver<Command>) {
        loop {
            match commands.recv_timeout(LOOK) {
                Ok(Command::Flush(answer)) => {
                    // Nobody may wait for it any more.
                    let _ = answer.send(self.flush());
                }
                Ok(Command::FlushAsync(answer)) => {
                    let _ = answer.send(self.flush());
                }
                Ok(Command::Close(answer)) => {
                    let _ = answer.send(self.flush());
                    return;
                }
                Err(RecvTimeoutError::Timeout) => {
                    self.take_queued();
                    self.tell_of_the_queue();
                }
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.first_error = None;
        self.take_queued();
        self.finish_where(|_| true);
        self.first_error.take().map_or(Ok(()), Err)
    }

    /// At most what the queue holds when it is full: the rest comes after those who wait for an answer.
    fn take_queued(&mut self) {
        let retired = self.shared.streams.lock().take_retired();
        let mut left = self.shared.queue.capacity();
        while left > 0 {
            let at_once = left.min(TAKEN_AT_ONCE);
            let taken = (0..at_once)
                .map_while(|_| self.shared.queue.pop().map(|slot| self.take(slot)))
                .count();
            self.rotate();
            if taken < at_once {
                break;
            }
            left -= taken;
        }
        if !retired.is_empty() {
            self.shared.streams.lock().forget(&retired);
            self.streams.retain(|number, _| !retired.contains(number));
            self.routes.retain(|(number, _), _| !retired.contains(number));
        }
    }

    fn take(&mut self, slot: Box<Slot>) {
        if let Some(stream) = self.stream(slot.stream) {
            let number = self.file_for(&stream, &slot);
            let pushed = self
                .files
                .get_mut(&number)
                .map(|file| file.push(&stream.version, &slot));
            if let Some(Err(error)) = pushed {
                self.give_up(number, error);
            }
        }
        self.shared.give_back(slot);
    }

    fn stream(&mut self, number: u32) -> Option<Arc<Stream>> {
        if let Some(stream) = self.streams.get(&number) {
            return Some(stream.clone());
        }
        let stream = self.shared.streams.lock().get(number)?;
        self.streams.insert(number, stream.clone());
        Some(stream)
    }

    fn file_for(&mut self, stream: &Arc<Stream>, slot: &Slot) -> u64 {
        let hour = folders::hour(slot.time);
        if let Some(number) = self.routes.get(&(slot.stream, hour)) {
            return *number;
        }
        let same = |file: &OpenFile| file.hour == hour && file.model == stream.model && file.shape == stream.shape;
        let number = match self.files.iter().find(|(_, file)| same(file)) {
            Some((number, _)) => *number,
            None => self.begin_file(stream, hour),
        };
        self.routes.insert((slot.stream, hour), number);
        number
    }

    fn begin_file(&mut self, stream: &Arc<Stream>, hour: i64) -> u64 {
        if self.files.len() >= MOST_FILES {
            if let Some(oldest) = self.files.values().map(|file| file.begun).min() {
                self.finish_where(|file| file.begun == oldest);
            }
        }
        self.files_begun += 1;
        let file = OpenFile::new(
            &self.root,
            stream.model.clone(),
            stream.shape.clone(),
            hour,
            stream.counts.clone(),
            [self.identity, self.files_begun],
        );
        self.files.insert(self.files_begun, file);
        self.files_begun
    }

    /// Finishes what is due, and sees that what is not yet on storage stays within bounds.
    fn rotate(&mut self) {
        let (now, rotation) = (Instant::now(), self.rotation);
        self.finish_where(|file| {
            now.duration_since(file.begun) >= rotation.after || file.bytes_written() >= rotation.bytes
        });
        while self.files.values().map(OpenFile::bytes_in_memory).sum::<usize>() > MOST_BYTES_IN_MEMORY {
            let largest = (self.files.iter_mut()).max_by_key(|(_, file)| file.bytes_in_memory());
            let Some((&number, file)) = largest else { break };
            if let Err(error) = file.spill() {
                self.give_up(number, error);
            }
        }
    }

    fn finish_where(&mut self, due: impl Fn(&OpenFile) -> bool) {
        let numbers: Vec<u64> = (self.files.iter())
            .filter_map(|(number, file)| due(file).then_some(*number))
            .collect();
        for number in numbers {
            if let Some(file) = self.files.get_mut(&number) {
                match file.finish() {
                    Ok(()) => {
                        self.remove(number);
                        self.tell_of_recovery();
                    }
                    Err(error) => self.give_up(number, error),
                }
            }
        }
    }

    fn give_up(&mut self, number: u64, mut error: WriteError) {
        error.records = self.remove(number).map_or(0, OpenFile::discard);
        self.storage.lost(error.records, |predictions| {
            tracing::warn!(%error, predictions, "the prediction log can't write; predictions are lost until it can");
        });
        self.first_error.get_or_insert(error);
    }

    fn tell_of_recovery(&mut self) {
        if std::mem::take(&mut self.storage.told) {
            let predictions = std::mem::take(&mut self.storage.untold);
            let root = self.root.display();
            tracing::info!(%root, predictions, "the prediction log writes again; it lost these predictions since the last warning");
        }
    }

    fn tell_of_the_queue(&mut self) {
        let lost = self.shared.lost.swap(0, Ordering::Relaxed);
        if lost == 0 && self.queue.untold == 0 {
            return;
        }
        let queue = self.shared.queue.capacity();
        self.queue.lost(lost, |predictions| {
            tracing::warn!(
                queue,
                predictions,
                "the prediction log's queue was full; predictions are lost: give it a longer queue, keep a share of \
                 them with PredictionLogBuilder::sample, or see whether its storage is slow"
            );
        });
    }

    fn remove(&mut self, number: u64) -> Option<OpenFile> {
        self.routes.retain(|_, file| *file != number);
        self.files.remove(&number)
    }
}

impl Outage {
    fn lost(&mut self, predictions: u64, warn: impl FnOnce(u64)) {
        self.untold += predictions;
        let untold = self.untold;
        if self.warnings.warn(|| warn(untold)) {
            self.untold = 0;
            self.told = true;
        }
    }
}
