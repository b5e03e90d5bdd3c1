//! The thread that takes what readers fetch, and commits.

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

/// How often it looks whether a commit is due while nothing comes.
const LOOK: Duration = Duration::from_millis(50);
/// How long it waits for a registry that does not answer.
const PAUSE: Duration = Duration::from_millis(500);

/// What readers tell it.
pub(super) enum Message {
    /// A partition is to be read: where it goes on.
    Own {
        partition: i32,
        answer: oneshot::Sender<Option<Place>>,
    },
    /// These partitions, which were never read, begin at these offsets: what is before was never wanted. Answered when that stands in the
    /// ledger.
    Begin {
        offsets: BTreeMap<i32, i64>,
        answer: oneshot::Sender<()>,
    },
    /// A partition goes on at an offset; what lies between is lost, or was never wanted.
    Skip { partition: i32, offset: i64, lost: bool },
    /// It is over when these are read to their ends.
    Until(BTreeSet<i32>),
    /// Records, and where the partition ends at the broker.
    Records {
        partition: i32,
        records: Vec<RecordAndOffset>,
        end: i64,
        /// Their part of the buffer.
        room: OwnedSemaphorePermit,
    },
}

/// Where a partition goes on that was read before.
pub(super) struct Place {
    pub(super) offset: i64,
    /// The mark of the record before it.
    pub(super) mark: Option<u64>,
}

pub(super) struct Taker {
    pub(super) intake: Intake,
    pub(super) counts: Counts,
    pub(super) messages: Receiver<Message>,
    /// Set when it is to commit what it has, and end.
    pub(super) end: Arc<AtomicBool>,
    /// Where each partition ends at the broker.
    pub(super) ends: BTreeMap<i32, i64>,
    /// Partitions that are to be read to their ends, where it is over then.
    pub(super) until: Option<BTreeSet<i32>>,
}

impl Taker {
    /// Until it is told to end, or storage fails.
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
                // A reader that is gone asks no more.
                let _ = answer.send(next.map(|offset| Place { offset, mark }));
            }
            Message::Begin { offsets, answer } => {
                for (partition, offset) in offsets {
                    self.intake.own(partition)?;
                    self.intake.skip_to(partition, offset);
                }
                self.commit()?;
                // Whoever waited for it may have gone.
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
                // An end that is no record, such as the mark of a transaction, is never reached.
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

    /// Whether it was taken: the end may come while a registry is waited for.
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
