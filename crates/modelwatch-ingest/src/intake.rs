//! The core of all sources: takes records, and makes commits.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use modelwatch_log_format::micros;

#[cfg(feature = "http")]
use crate::cloud_event::{CloudEvent, malformed};
use crate::counts::{Counts, Tally};
#[cfg(feature = "http")]
use crate::decoder::Holds;
use crate::decoder::{Decoded, Decoder, NotDecoded};
use crate::error::IngestError;
#[cfg(feature = "http")]
use crate::fields::{Field, parse_json};
use crate::incoming::{Incoming, mark};
use crate::joining::{Joining, Taken, Waiting};
#[cfg(feature = "http")]
use crate::rejection::Reason;
use crate::rejection::Rejection;
use crate::storage::ledger::{Known, Ledger};
use crate::storage::staging::Staging;

/// When a commit is due, and how long a request waits for its response.
/// The example of [`Intake`](crate::Intake) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The rows of a commit. Defaults to a million.
    pub rows: u64,
    /// The bytes of memory for rows that are not in a file yet. Defaults to 128 MiB.
    pub bytes: usize,
    /// The time since the first record of a commit. Defaults to 10 seconds.
    pub after: Duration,
    /// How long half of a request and its response waits for the other half. Defaults to a minute.
    pub join_within: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            rows: 1_000_000,
            bytes: 128 << 20,
            after: Duration::from_secs(10),
            join_within: Duration::from_secs(60),
        }
    }
}

/// Takes the records of one source into a log, each exactly once.
///
/// Use it from one thread; it blocks on storage. After any error except [`IngestError::Later`], drop it and open a new one, which
/// continues after the last commit.
/// # Example: a record that lacks the model and names its score otherwise
///
/// ```
/// use modelwatch::Monitor;
/// use modelwatch_ingest::{Counts, Decoder, Format, Incoming, IngestError, Intake, Limits, Naming};
///
/// let root = tempfile::tempdir()?;
/// let mut naming = Naming::default();
/// naming.model = Some("claims".to_owned());
/// naming.renamed = vec![("p".to_owned(), "score".to_owned())];
/// let mut limits = Limits::default();
/// limits.rows = 10_000;
/// let monitor = Monitor::new();
/// let counts = Counts::new("orders", &monitor);
/// let open = |counts| Intake::open(root.path(), "orders", "all", Decoder::new(Format::Json, naming.clone()), limits, counts);
/// let mut intake: Intake = open(counts.clone())?;
/// intake.own(0)?;
///
/// let mut record = Incoming::default();
/// record.value = Some(br#"{"time": "2026-04-01T10:00:00Z", "p": 0.8, "income": 52000}"#);
/// intake.take(&record)?;
/// intake.commit()?;
/// assert!(root.path().join("model=claims/date=2026-04-01/hour=10").is_dir());
///
/// // One process reads a source at a time.
/// assert!(matches!(open(counts), Err(IngestError::Busy { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Intake {
    decoder: Decoder,
    limits: Limits,
    counts: Counts,
    source: String,
    share: String,
    ledger: Ledger,
    staging: Staging,
    joining: Joining,
    /// The next offset of each partition, including uncommitted records.
    next: BTreeMap<i32, i64>,
    /// The next offset at the last commit.
    committed: BTreeMap<i32, i64>,
    /// The mark of the last record of each partition.
    marks: BTreeMap<i32, u64>,
    tally: Tally,
    since: Option<Instant>,
    owned: BTreeSet<i32>,
}

impl Intake {
    /// Opens a source's intake into the log at a root. `share` names the part of the source that this process reads: its own
    /// partitions, or all.
    ///
    /// First completes an interrupted commit.
    ///
    /// # Errors
    ///
    /// Returns an error when storage fails, or when another process uses the same share.
    pub fn open(
        root: &Path,
        source: &str,
        share: &str,
        decoder: Decoder,
        limits: Limits,
        counts: Counts,
    ) -> Result<Self, IngestError> {
        let ledger = Ledger::open(root, source, share)?;
        let staging = Staging::new(ledger.folder(), [source, share], ledger.epoch() + 1);
        let had = ledger.had();
        let mut intake = Self {
            decoder,
            limits,
            counts,
            source: source.to_owned(),
            share: share.to_owned(),
            ledger,
            staging,
            joining: Joining::default(),
            next: BTreeMap::new(),
            committed: BTreeMap::new(),
            marks: BTreeMap::new(),
            tally: Tally::default(),
            since: None,
            owned: BTreeSet::new(),
        };
        // A commit contains the next offset of all partitions. Without this, a partition that is not read yet would restart from
        // its beginning.
        for partition in had {
            intake.own(partition)?;
        }
        Ok(intake)
    }

    /// Returns whether anything from the source was ever committed.
    #[must_use]
    pub fn was_read(&self) -> bool {
        self.ledger.epoch() > 0
    }

    /// Takes a partition and returns its next offset, or `None` if it was never read.
    ///
    /// # Errors
    ///
    /// Returns an error when storage fails, or when another process has the partition.
    pub fn own(&mut self, partition: i32) -> Result<Option<i64>, IngestError> {
        if self.owned.contains(&partition) {
            return Ok(self.next.get(&partition).copied());
        }
        let Known { next, mark, waiting } = self.ledger.own(partition)?;
        if let Some(next) = next {
            self.next.insert(partition, next);
            self.committed.insert(partition, next);
        }
        if let Some(mark) = mark {
            self.marks.insert(partition, mark);
        }
        for waiting in waiting {
            self.join(waiting)?;
        }
        self.owned.insert(partition);
        Ok(next)
    }

    /// Returns the next offset of each partition, including uncommitted records.
    #[must_use]
    pub fn next(&self) -> &BTreeMap<i32, i64> {
        &self.next
    }

    /// Returns the next offset of each partition at the last commit.
    #[must_use]
    pub fn committed(&self) -> &BTreeMap<i32, i64> {
        &self.committed
    }

    /// Returns the mark of the record before a partition's next offset, if there is one.
    #[cfg(feature = "kafka")]
    pub(crate) fn mark(&self, partition: i32) -> Option<u64> {
        self.marks.get(&partition).copied()
    }

    /// Takes a record. It becomes one or more rows, half of a row, or a dead letter that says why it can't. Skips a record that
    /// was taken before.
    ///
    /// # Errors
    ///
    /// Returns an error when storage fails. With [`IngestError::Later`], the record was not taken, and you can pass it again.
    pub fn take(&mut self, record: &Incoming<'_>) -> Result<(), IngestError> {
        let taken = self.next.get(&record.partition);
        if taken.is_some_and(|next| record.offset < *next) {
            return Ok(());
        }
        match self.decoder.decode(record) {
            Ok(Decoded::Row(row)) => {
                self.staging.push(&row)?;
                self.tally.rows += 1;
                self.tally.written += 1;
            }
            Ok(Decoded::Outcome(outcome)) => {
                self.staging.push_outcome(&outcome)?;
                self.tally.rows += 1;
                self.tally.written += 1;
            }
            Ok(Decoded::Half(half)) => {
                self.tally.written += 1;
                self.join(Waiting {
                    since: micros(SystemTime::now()),
                    partition: record.partition,
                    offset: record.offset,
                    half,
                })?;
            }
            Err(NotDecoded::Rejected(rejection)) => self.refuse(record, &rejection)?,
            #[cfg(feature = "avro")]
            Err(NotDecoded::Later(unavailable)) => return Err(IngestError::Later(unavailable.to_string())),
        }
        self.next.insert(record.partition, record.offset + 1);
        self.marks.insert(record.partition, mark(record.time, record.value));
        self.since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Takes all events of a body, or none. Returns their number, or which event is refused and why; then none is kept.
    #[cfg(feature = "http")]
    pub(crate) fn take_events(
        &mut self,
        partition: i32,
        headers: &[(String, Vec<u8>)],
        body: &[u8],
        batch: bool,
        holds: Holds,
    ) -> Result<Result<usize, (Option<usize>, Rejection)>, IngestError> {
        let offset = self.next.get(&partition).copied().unwrap_or(0);
        let arrived = micros(SystemTime::now());
        let record = Incoming {
            partition,
            offset,
            time: arrived,
            headers: (headers.iter())
                .map(|(name, value)| (name.as_str().into(), value.as_slice().into()))
                .collect(),
            value: Some(body),
        };
        let decoded = match batch {
            false => (CloudEvent::of(&record, body).and_then(|event| self.decoder.event(event, arrived, holds)))
                .map(|event| vec![event])
                .map_err(|rejection| (None, rejection)),
            true => self.batch(body, arrived, holds),
        };
        let events = match decoded {
            Ok(events) => events,
            Err((event, rejection)) => {
                self.counts.refused(rejection.reason);
                return Ok(Err((event, rejection)));
            }
        };
        let count = events.len();
        for (place, event) in (offset..).zip(events) {
            match event {
                Decoded::Row(row) => {
                    self.staging.push(&row)?;
                    self.tally.rows += 1;
                }
                Decoded::Outcome(outcome) => {
                    self.staging.push_outcome(&outcome)?;
                    self.tally.rows += 1;
                }
                Decoded::Half(half) => self.join(Waiting {
                    since: arrived,
                    partition,
                    offset: place,
                    half,
                })?,
            }
            self.tally.written += 1;
            self.next.insert(partition, place + 1);
            self.since.get_or_insert_with(Instant::now);
        }
        Ok(Ok(count))
    }

    #[cfg(feature = "http")]
    fn batch<'a>(
        &self,
        body: &'a [u8],
        arrived: i64,
        holds: Holds,
    ) -> Result<Vec<Decoded<'a>>, (Option<usize>, Rejection)> {
        let list = match parse_json(body) {
            Ok(Field::List(list)) => list,
            Ok(other) => {
                let problem = format!("{} instead of a list of events", other.kind());
                return Err((None, Rejection::new(Reason::Malformed, problem)));
            }
            Err(error) => return Err((None, malformed(&error))),
        };
        let events = list.into_iter().enumerate().map(|(place, event)| {
            let event = CloudEvent::structured(event).and_then(|event| self.decoder.event(event, arrived, holds));
            event.map_err(|rejection| (Some(place), rejection))
        });
        events.collect()
    }

    /// Continues at an offset. The records before it were never wanted.
    pub fn skip_to(&mut self, partition: i32, offset: i64) {
        self.next.insert(partition, offset);
        self.marks.remove(&partition);
        self.since.get_or_insert_with(Instant::now);
    }

    /// Continues at an offset. The records before it were wanted, and no longer exist. The next commit counts them as lost.
    pub fn lose_to(&mut self, partition: i32, offset: i64) {
        let next = self.next.get(&partition).copied().unwrap_or(0);
        self.tally.lost += offset.saturating_sub(next).max(0).unsigned_abs();
        self.skip_to(partition, offset);
    }

    fn refuse(&mut self, record: &Incoming<'_>, rejection: &Rejection) -> Result<(), IngestError> {
        self.staging.refuse(record, rejection)?;
        *self.tally.rejected.entry(rejection.reason).or_default() += 1;
        Ok(())
    }

    fn join(&mut self, waiting: Waiting) -> Result<(), IngestError> {
        match self.joining.take(waiting) {
            Taken::Waits => Ok(()),
            Taken::Joined(one, other) => self.push_halves(one, Some(other)),
            Taken::Alone(one) => self.push_halves(one, None),
        }
    }

    /// Makes the rows of two halves, or of one whose other half never came. Halves that do not match become separate rows.
    fn push_halves(&mut self, one: Waiting, other: Option<Waiting>) -> Result<(), IngestError> {
        let naming = self.decoder.naming();
        let both = one
            .half
            .clone()
            .rows(other.as_ref().map(|other| other.half.clone()), naming);
        let rows = match (both, other) {
            (Ok(rows), _) => rows,
            (Err(rejection), other) => {
                tracing::debug!(%rejection, "the halves of a request do not fit each other");
                let alone = [Some(one), other].into_iter().flatten();
                let rows = alone.map(|waiting| waiting.half.rows(None, naming).unwrap_or_default());
                rows.flatten().collect()
            }
        };
        for row in &rows {
            self.staging.push(row)?;
        }
        self.tally.rows += rows.len() as u64;
        self.since.get_or_insert_with(Instant::now);
        Ok(())
    }

    /// Returns whether a commit is due. Call it after each record, and regularly when none arrives.
    #[must_use]
    pub fn is_due(&self) -> bool {
        let old = self.since.is_some_and(|since| since.elapsed() >= self.limits.after);
        old || self
            .joining
            .is_overdue(micros(SystemTime::now()), self.limits.join_within)
            || self.staging.rows() >= self.limits.rows
            || self.staging.bytes() >= self.limits.bytes
            || self.staging.is_full()
    }

    /// Commits all records since the last commit. Their rows are then in the log, their dead letters beside it, and they are
    /// never read again.
    ///
    /// # Errors
    ///
    /// Returns an error when storage fails.
    pub fn commit(&mut self) -> Result<(), IngestError> {
        let now = micros(SystemTime::now());
        while let Some(overdue) = self.joining.overdue(now, self.limits.join_within) {
            self.push_halves(overdue, None)?;
        }
        if self.since.is_none() && self.staging.rows() == 0 {
            return Ok(());
        }
        let from = self.read_since();
        let staging = Staging::new(
            self.ledger.folder(),
            [&self.source, &self.share],
            self.ledger.epoch() + 2,
        );
        let staged = std::mem::replace(&mut self.staging, staging);
        let moves = staged.finish(&from, self.ledger.files())?;
        let waiting = self.joining.all().cloned().collect();
        self.ledger.commit(&self.next, &self.marks, moves, waiting)?;
        self.committed.clone_from(&self.next);
        self.counts.committed(&std::mem::take(&mut self.tally));
        self.since = None;
        Ok(())
    }

    /// The source of a commit's rows: `0.100-199_3.7-7`, partitions with their first and last offsets.
    fn read_since(&self) -> String {
        let mut parts = Vec::new();
        for (partition, next) in &self.next {
            let first = self.committed.get(partition).copied().unwrap_or(0);
            if first < *next {
                parts.push(format!("{partition}.{first}-{}", next - 1));
            }
        }
        parts.join("_")
    }
}

impl fmt::Debug for Intake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intake")
            .field("source", &self.source)
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs::{self, File};
    use std::path::Path;

    use modelwatch::Monitor;
    use modelwatch_testkit::files_below;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;

    use super::{Intake, Limits};
    use crate::counts::Counts;
    use crate::decoder::{Decoder, Format};
    use crate::error::IngestError;
    use crate::incoming::Incoming;
    use crate::row::Naming;

    const PARTITIONS: i32 = 2;
    const RECORDS: i64 = 13;

    /// Rows of two models and two hours, events of which two make a row, and what is none.
    fn record(partition: i32, offset: i64) -> Vec<u8> {
        let (hour, model) = (10 + offset % 2, offset % 3 % 2);
        let event = |kind: &str, id: i64, data: &str| {
            format!(
                "{{\"specversion\": \"1.0\", \"id\": \"{partition}-k{id}\", \"source\": \"s\", \
                 \"type\": \"org.kubeflow.serving.inference.{kind}\", \"inferenceservicename\": \"m{model}\", \
                 \"time\": \"2026-04-01T{hour}:00:00Z\", \"data\": {data}}}"
            )
        };
        let text = match offset % 6 {
            3 => event("request", offset, "{\"instances\": [{\"income\": 7}]}"),
            // Its response comes in another commit.
            0 if offset > 0 => event("response", offset - 3, "{\"predictions\": [0.25]}"),
            5 => format!("garbage {partition}-{offset}"),
            _ => format!(
                "{{\"specversion\": \"1.0\", \"id\": \"{partition}-{offset}\", \"source\": \"s\", \"type\": \"t\", \
                 \"time\": \"2026-04-01T{hour}:00:00Z\", \
                 \"data\": {{\"model\": \"m{model}\", \"score\": 0.5, \"income\": {offset}}}}}"
            ),
        };
        text.into_bytes()
    }

    /// Reads what there is, with a commit after every so many records; a number of steps later it is killed.
    fn read(root: &Path, stop_at: Option<usize>, share: &str) -> Result<(), IngestError> {
        let counts = Counts::new("orders", &Monitor::new());
        let decoder = Decoder::new(Format::CloudEvents, Naming::default());
        let limits = Limits {
            join_within: std::time::Duration::from_secs(3_600),
            ..Limits::default()
        };
        let mut intake = Intake::open(root, "orders", share, decoder, limits, counts)?;
        intake.ledger.stop_at = stop_at;
        for partition in 0..PARTITIONS {
            intake.own(partition)?;
        }
        for offset in 0..RECORDS {
            for partition in 0..PARTITIONS {
                let from = intake.next().get(&partition).copied().unwrap_or(0);
                if offset < from {
                    continue;
                }
                let value = record(partition, offset);
                let record = Incoming {
                    partition,
                    offset,
                    value: Some(&value),
                    ..Incoming::default()
                };
                intake.take(&record)?;
            }
            if offset % 4 == 1 {
                intake.commit()?;
            }
        }
        intake.commit()
    }

    /// How often each prediction's id, or each refused record, is on storage, and the scores of those with features.
    fn stored(root: &Path) -> (BTreeMap<String, u32>, BTreeMap<String, f64>) {
        let (mut often, mut joined) = (BTreeMap::new(), BTreeMap::new());
        for path in &files_below(root, ".parquet") {
            let reader = SerializedFileReader::new(File::open(path).expect("a file")).expect("a whole file");
            for row in reader.get_row_iter(None).expect("rows") {
                let row = row.expect("a row");
                let cell = |name: &str| {
                    row.get_column_iter()
                        .find(|(known, _)| *known == name)
                        .map(|(_, cell)| cell.clone())
                };
                let Some(Field::Str(id)) = cell("prediction_id") else {
                    panic!("a row without an id")
                };
                if let (Some(Field::Double(score)), Some(Field::Double(_))) = (cell("score"), cell("feature.income")) {
                    joined.insert(id.clone(), score);
                }
                *often.entry(id).or_insert(0) += 1;
            }
        }
        for path in &files_below(root, ".jsonl") {
            for line in fs::read_to_string(path).expect("text").lines() {
                let letter: serde_json::Value = serde_json::from_str(line).expect("JSON");
                *often
                    .entry(format!("letter {}-{}", letter["partition"], letter["offset"]))
                    .or_insert(0) += 1;
            }
        }
        (often, joined)
    }

    fn expect_all(root: &Path, said: &str) {
        let (often, joined) = stored(root);
        let mut expected = BTreeMap::new();
        for partition in 0..PARTITIONS {
            for offset in 0..RECORDS {
                match offset % 6 {
                    3 if offset + 3 < RECORDS => expected.insert(format!("{partition}-k{offset}"), 1),
                    // It waits for its response for an hour.
                    3 => None,
                    0 if offset > 0 => None,
                    5 => expected.insert(format!("letter {partition}-{offset}"), 1),
                    _ => expected.insert(format!("{partition}-{offset}"), 1),
                };
            }
        }
        assert_eq!(often, expected, "{said}");
        for (id, score) in joined.iter().filter(|(id, _)| id.contains('k')) {
            assert!((score - 0.25).abs() < 1e-12, "{said}: {id} has the score of another");
        }
        assert_eq!(
            joined.len(),
            often.keys().filter(|key| !key.starts_with("letter")).count(),
            "{said}"
        );
    }

    #[test]
    fn has_each_record_once_when_killed_at_any_step() {
        let mut steps = 0;
        loop {
            let folder = tempfile::tempdir().expect("a folder");
            let root = folder.path();
            let killed = read(root, Some(steps), "all").is_err();
            // Again and again, a little further on each time.
            let mut further = steps + 7;
            while read(root, Some(further), "all").is_err() {
                further += 5;
            }
            expect_all(root, &format!("killed after {steps} steps"));
            if !killed {
                break;
            }
            steps += 1;
        }
        assert!(steps > 20, "a run has {steps} steps");
    }

    #[test]
    fn goes_on_when_partitions_are_shared_out_anew() {
        for stop in [0, 3, 4, 6, 9, 17] {
            let folder = tempfile::tempdir().expect("a folder");
            let root = folder.path();
            let _ = read(root, Some(stop), "all");
            let _ = read(root, Some(stop + 5), "0-2");
            read(root, None, "all").expect("read to its end");
            expect_all(root, &format!("killed after {stop} steps"));
        }
    }

    #[test]
    fn keeps_place_of_partition_when_commit_comes_before_it_is_read() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = || {
            let counts = Counts::new("orders", &Monitor::new());
            let decoder = Decoder::new(Format::CloudEvents, Naming::default());
            Intake::open(folder.path(), "orders", "all", decoder, Limits::default(), counts).expect("opened")
        };
        let take = |intake: &mut Intake, partition, offset| {
            let value = record(partition, offset);
            let record = Incoming {
                partition,
                offset,
                value: Some(&value),
                ..Incoming::default()
            };
            intake.take(&record).expect("taken");
        };
        let mut intake = open();
        for partition in [0, 1] {
            assert_eq!(intake.own(partition).expect("free"), None);
            take(&mut intake, partition, 0);
            take(&mut intake, partition, 3);
        }
        intake.commit().expect("committed");
        drop(intake);
        // One partition's reader is quicker than the other's.
        let mut intake = open();
        assert_eq!(intake.own(0).expect("free"), Some(4));
        take(&mut intake, 0, 4);
        intake.commit().expect("committed");
        drop(intake);
        let mut intake = open();
        assert_eq!(intake.own(1).expect("free"), Some(4));
        // The half that waits waits still.
        take(&mut intake, 1, 6);
        intake.commit().expect("committed");
        drop(intake);
        let (often, joined) = stored(folder.path());
        assert_eq!(often.get("1-k3"), Some(&1));
        assert!(joined.contains_key("1-k3"));
    }

    #[test]
    fn refuses_partition_that_another_share_reads() {
        let folder = tempfile::tempdir().expect("a folder");
        let open = |share: &str| {
            let counts = Counts::new("orders", &Monitor::new());
            let decoder = Decoder::new(Format::Json, Naming::default());
            Intake::open(folder.path(), "orders", share, decoder, Limits::default(), counts)
        };
        let mut one = open("0-1").expect("opened");
        assert!(matches!(open("0-1"), Err(IngestError::Busy { partition: None, .. })));
        let mut other = open("1-2").expect("opened");
        one.own(1).expect("free");
        assert!(matches!(
            other.own(1),
            Err(IngestError::Busy { partition: Some(1), .. })
        ));
        drop(one);
        other.own(1).expect("free again");
    }
}
