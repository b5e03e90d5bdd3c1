//! The thread that takes the records from the readers, and commits.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use rskafka::record::RecordAndOffset;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use crate::counts::Counts;
use crate::error::IngestError;
use crate::incoming::Incoming;
use crate::intake::Intake;

/// How often to check for a due commit when no record arrives.
const LOOK: Duration = Duration::from_millis(50);
/// The pause before asking a registry again that did not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// A message from a reader.
pub(super) enum Message {
    /// A partition to read. The answer is its next offset.
    Own {
        partition: i32,
        answer: oneshot::Sender<Option<Place>>,
    },
    /// The first offsets of these partitions, which were never read. The records before are not wanted. Answered once the ledger
    /// contains them.
    Begin {
        offsets: BTreeMap<i32, i64>,
        answer: oneshot::Sender<()>,
    },
    /// A partition continues at an offset. The records in between are lost, or were never wanted.
    Skip { partition: i32, offset: i64, lost: bool },
    /// Reading ends when these partitions are read to their ends.
    Until(BTreeSet<i32>),
    /// Records, and the end of the partition at the broker.
    Records {
        partition: i32,
        records: Vec<RecordAndOffset>,
        end: i64,
        /// Their part of the buffer.
        room: OwnedSemaphorePermit,
    },
}

/// The position of a partition that was read before.
pub(super) struct Place {
    pub(super) offset: i64,
    /// The mark of the record before it.
    pub(super) mark: Option<u64>,
}

pub(super) struct Taker {
    pub(super) intake: Intake,
    pub(super) counts: Counts,
    pub(super) messages: Receiver<Message>,
    /// Set when it must commit and end.
    pub(super) end: Arc<AtomicBool>,
    /// The end of each partition at the broker.
    pub(super) ends: BTreeMap<i32, i64>,
    /// The partitions left to read to their ends, if reading ends then.
    pub(super) until: Option<BTreeSet<i32>>,
}

impl Taker {
    /// Runs until it must end, or storage fails.
    pub(super) fn run(mut self) -> Result<(), IngestError> {
        loop {
            match self.messages.recv_timeout(LOOK) {
                Ok(message) => self.hear(message)?,
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return self.commit(),
            }
            let is_over = self.until.as_ref().is_some_and(BTreeSet::is_empty);
            if is_over || self.end.load(Ordering::Relaxed) {
                return self.commit();
            }
            if self.intake.is_due() {
                self.commit()?;
            }
        }
    }

    fn hear(&mut self, message: Message) -> Result<(), IngestError> {
        match message {
            Message::Until(partitions) => self.until = Some(partitions),
            Message::Own { partition, answer } => {
                let next = self.intake.own(partition)?;
                let mark = self.intake.mark(partition);
                // A reader that is gone needs no answer.
                let _ = answer.send(next.map(|offset| Place { offset, mark }));
            }
            Message::Begin { offsets, answer } => {
                for (partition, offset) in offsets {
                    self.intake.own(partition)?;
                    self.intake.skip_to(partition, offset);
                }
                self.commit()?;
                // The receiver may be gone.
                let _ = answer.send(());
            }
            Message::Skip {
                partition,
                offset,
                lost,
            } => match lost {
                true => self.intake.lose_to(partition, offset),
                false => self.intake.skip_to(partition, offset),
            },
            Message::Records {
                partition,
                records,
                end,
                room,
            } => {
                self.ends.insert(partition, end);
                // An end without a record, such as a transaction's marker, is never reached.
                let at_end = records.last().is_none_or(|last| last.offset + 1 >= end);
                for record in records {
                    if !self.take(partition, &record)? {
                        return Ok(());
                    }
                }
                drop(room);
                self.tell_lag(partition);
                if let (true, Some(until)) = (at_end, &mut self.until) {
                    until.remove(&partition);
                }
            }
        }
        Ok(())
    }

    /// Returns whether the record was taken: reading may end while it waits for a registry.
    fn take(&mut self, partition: i32, record: &RecordAndOffset) -> Result<bool, IngestError> {
        let RecordAndOffset { record, offset } = record;
        let headers = record.headers.iter().map(|(name, value)| {
            let name = match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
                true => Cow::Owned(name.to_ascii_lowercase()),
                false => Cow::Borrowed(&**name),
            };
            (name, Cow::Borrowed(&**value))
        });
        let incoming = Incoming {
            partition,
            offset: *offset,
            time: record.timestamp.timestamp_micros(),
            headers: headers.collect(),
            value: record.value.as_deref(),
        };
        let mut told = false;
        loop {
            match self.intake.take(&incoming) {
                Err(IngestError::Later(problem)) => {
                    if !std::mem::replace(&mut told, true) {
                        tracing::warn!("{problem}; waiting for it, nothing is lost");
                    }
                }
                taken => {
                    if told {
                        tracing::info!("the schema registry answers again");
                    }
                    taken?;
                    if self.intake.is_due() {
                        self.commit()?;
                    }
                    return Ok(true);
                }
            }
            if self.end.load(Ordering::Relaxed) {
                return Ok(false);
            }
            if self.intake.is_due() {
                self.commit()?;
            }
            thread::sleep(PAUSE);
        }
    }

    fn commit(&mut self) -> Result<(), IngestError> {
        self.intake.commit()?;
        let partitions: Vec<i32> = self.ends.keys().copied().collect();
        partitions.into_iter().for_each(|partition| self.tell_lag(partition));
        Ok(())
    }

    fn tell_lag(&self, partition: i32) {
        let (end, committed) = (self.ends.get(&partition), self.intake.committed().get(&partition));
        if let Some(end) = end {
            self.counts
                .lags(partition, end - committed.copied().unwrap_or(0).min(*end));
        }
    }
}
