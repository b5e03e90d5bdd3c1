//! Rows on their way into files, and dead letters of records that can't be rows.

use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use modelwatch_log::{LoggedOutcome, LoggedRow, OutcomeFile, RowFile};
use modelwatch_log_format::{files, folders};
use serde::Serialize;
use twox_hash::XxHash3_128;

use super::ledger::{Move, encoded};
use crate::error::IngestError;
use crate::incoming::Incoming;
use crate::outcome::Outcome;
use crate::rejection::Rejection;
use crate::row::Row;

/// The most open files: rows may have times in any hour.
const MOST_FILES: usize = 64;
/// The folder of dead letters in the log's root.
const DEAD_LETTERS: &str = "dead-letters";
/// The key in a footer that records the source of the file's rows.
const INGESTED: &str = "modelwatch.ingested";

/// The files of the next commit.
pub(crate) struct Staging {
    folder: PathBuf,
    source: String,
    share: String,
    epoch: u64,
    open: Vec<Open>,
    /// The file that took the last row.
    last: usize,
    begun: u64,
    rows: u64,
    bytes: usize,
    letters: Option<BufWriter<File>>,
}

struct Open {
    model: String,
    hour: i64,
    staged: String,
    file: Rows,
}

/// The kind of rows in a file.
enum Rows {
    Predictions(RowFile),
    Outcomes(OutcomeFile),
}

/// A refused record, as a line of JSON.
#[derive(Serialize)]
struct Letter<'a> {
    source: &'a str,
    partition: i32,
    offset: i64,
    /// Microseconds since the epoch.
    time: i64,
    reason: &'static str,
    field: Option<&'a str>,
    problem: &'a str,
    headers: Vec<(&'a str, String)>,
    /// The value, in base64.
    value: Option<String>,
}

/// The most bytes of the source's description in the name of a dead-letter file.
const MOST_NAMED: usize = 120;

impl Staging {
    /// Makes the files of the commit with this epoch. Files that an earlier commit still has to move have other names, so they
    /// are never confused with these.
    pub(crate) fn new(folder: &Path, [source, share]: [&str; 2], epoch: u64) -> Self {
        Self {
            epoch,
            folder: folder.to_owned(),
            source: source.to_owned(),
            share: share.to_owned(),
            open: Vec::new(),
            last: 0,
            begun: 0,
            rows: 0,
            bytes: 0,
            letters: None,
        }
    }

    pub(crate) fn rows(&self) -> u64 {
        self.rows
    }

    /// The approximate memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        self.bytes
    }

    /// Whether a commit is due because too many files are open.
    pub(crate) fn is_full(&self) -> bool {
        self.open.len() >= MOST_FILES
    }

    pub(crate) fn push(&mut self, row: &Row<'_>) -> Result<(), IngestError> {
        let hour = folders::hour(row.time);
        let logged = LoggedRow {
            time: row.time,
            version: &row.version,
            score: row.score,
            class: row.class.as_deref(),
            id: row.id.as_deref(),
            trace_id: row.trace_id.as_deref(),
            route: row.route.as_deref(),
            pipeline_version: row.pipeline_version.as_deref(),
        };
        // Try the last file first, because rows come in runs.
        let order = (self.last..self.open.len()).chain(0..self.last.min(self.open.len()));
        for place in order {
            let open = &mut self.open[place];
            let Rows::Predictions(file) = &mut open.file else {
                continue;
            };
            if open.hour != hour || *open.model != *row.model {
                continue;
            }
            let before = file.bytes_in_memory();
            if file.push(&logged, &row.features)? {
                self.bytes = (self.bytes + file.bytes_in_memory()).saturating_sub(before);
                self.last = place;
                self.rows += 1;
                return Ok(());
            }
        }
        let staged = self.next_name();
        let mut file = RowFile::new(self.folder.join(&staged), &*row.model);
        // An empty file takes any row.
        file.push(&logged, &row.features)?;
        self.bytes += file.bytes_in_memory();
        self.begin(&row.model, hour, staged, Rows::Predictions(file));
        Ok(())
    }

    pub(crate) fn push_outcome(&mut self, outcome: &Outcome<'_>) -> Result<(), IngestError> {
        let hour = folders::hour(outcome.time);
        let logged = LoggedOutcome {
            time: outcome.time,
            id: &outcome.id,
            label: &outcome.label,
        };
        let order = (self.last..self.open.len()).chain(0..self.last.min(self.open.len()));
        for place in order {
            let open = &mut self.open[place];
            if let Rows::Outcomes(file) = &mut open.file
                && open.hour == hour
                && *open.model == *outcome.model
            {
                let before = file.bytes_in_memory();
                file.push(&logged)?;
                self.bytes = (self.bytes + file.bytes_in_memory()).saturating_sub(before);
                self.last = place;
                self.rows += 1;
                return Ok(());
            }
        }
        let staged = self.next_name();
        let mut file = OutcomeFile::new(self.folder.join(&staged), &*outcome.model);
        file.push(&logged)?;
        self.bytes += file.bytes_in_memory();
        self.begin(&outcome.model, hour, staged, Rows::Outcomes(file));
        Ok(())
    }

    fn next_name(&mut self) -> String {
        let staged = format!("{:012}-{:06}.parquet", self.epoch, self.begun);
        self.begun += 1;
        staged
    }

    /// Takes a file that has its first row.
    fn begin(&mut self, model: &str, hour: i64, staged: String, file: Rows) {
        self.rows += 1;
        self.last = self.open.len();
        self.open.push(Open {
            model: model.to_owned(),
            hour,
            staged,
            file,
        });
    }

    fn letters_name(&self) -> String {
        format!("{:012}-letters.jsonl", self.epoch)
    }

    pub(crate) fn refuse(&mut self, record: &Incoming<'_>, rejection: &Rejection) -> Result<(), IngestError> {
        let path = self.folder.join(self.letters_name());
        let letter = Letter {
            source: &self.source,
            partition: record.partition,
            offset: record.offset,
            time: record.time,
            reason: rejection.reason.name(),
            field: rejection.field.as_deref(),
            problem: &rejection.problem,
            headers: (record.headers.iter())
                .map(|(name, value)| (&**name, text_or_base64(value)))
                .collect(),
            value: record.value.map(|value| BASE64_STANDARD.encode(value)),
        };
        let failed = |error| IngestError::storage(&path, "written")(error);
        let letters = match &mut self.letters {
            Some(letters) => letters,
            none => none.insert(BufWriter::new(File::create(&path).map_err(failed)?)),
        };
        let line = serde_json::to_vec(&letter).map_err(|error| failed(error.into()))?;
        letters
            .write_all(&line)
            .and_then(|()| letters.write_all(b"\n"))
            .map_err(failed)
    }

    /// Completes all files, puts them on storage, and returns where they belong. `from` describes the source of their rows.
    pub(crate) fn finish(mut self, from: &str, files_before: u64) -> Result<Vec<Move>, IngestError> {
        let mut moves = Vec::new();
        let writer = XxHash3_128::oneshot(format!("{}\0{}", self.source, self.share).as_bytes()) as u64;
        for open in std::mem::take(&mut self.open) {
            let below = match open.file {
                Rows::Predictions(file) => file.finish(&[(INGESTED, from)]).map(|_| String::new())?,
                Rows::Outcomes(file) => file
                    .finish(&[(INGESTED, from)])
                    .map(|_| format!("{}/", folders::OUTCOMES))?,
            };
            let name = files::name(SystemTime::now(), writer, files_before + moves.len() as u64);
            let [date, hour] = folders::of_hour(open.hour);
            moves.push(Move {
                staged: open.staged,
                path: format!("{below}{}/{date}/{hour}/{name}", folders::model(&open.model)),
            });
        }
        if let Some(letters) = self.letters.take() {
            let staged = self.letters_name();
            let path = self.folder.join(&staged);
            let failed = |error| IngestError::storage(&path, "written")(error);
            let file = letters.into_inner().map_err(|error| failed(error.into_error()))?;
            file.sync_all().map_err(failed)?;
            let of = match from.len() {
                0..=MOST_NAMED => from,
                _ => "many",
            };
            moves.push(Move {
                staged,
                path: format!(
                    "{DEAD_LETTERS}/{}/{:012}-{}-{of}.jsonl",
                    encoded(&self.source),
                    self.epoch,
                    encoded(&self.share)
                ),
            });
        }
        Ok(moves)
    }
}

fn text_or_base64(value: &[u8]) -> String {
    match std::str::from_utf8(value) {
        Ok(text) => text.to_owned(),
        Err(_) => format!("base64:{}", BASE64_STANDARD.encode(value)),
    }
}
