//! Counts one file of the log.

use std::fs::File;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use futures::{StreamExt as _, TryStreamExt as _, stream};
use modelwatch_log_format::columns::TIME;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;
use parquet::errors::ParquetError;

use super::footer::{self, Fault, LogFile, NotCounted, reader};
use crate::counting::{RowCounter, Rows, Slices, in_window, keep};
use crate::engine::Reason;
use crate::store::Store;
use crate::time_window::TimeWindow;

/// Rows decoded at a time: few enough for a processor's cache, many enough to make the work between batches negligible.
const BATCH_ROWS: usize = 8_192;

/// Holds the counts of a file.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) rows: Rows,
    pub(super) without_time: u64,
}

/// Counts the rows of a window in `tasks` tasks at the same time. Columns that the file lacks are missing.
pub(super) async fn count(
    store: &Store,
    file: &Arc<LogFile>,
    window: Option<TimeWindow>,
    counter: &Arc<RowCounter>,
    tasks: usize,
) -> Result<Counted, NotCounted> {
    let each = file.groups.len().div_ceil(tasks.max(1)).max(1);
    let parts: Vec<&[usize]> = file.groups.chunks(each).collect();
    let window = window.filter(|_| !file.whole);
    // If a file has fewer row groups than there are threads, columns keep the other threads busy.
    let fewest = tasks.div_ceil(parts.len().max(1));
    let bytes = footer::bytes(&file.footer, &file.groups);
    let of_column = |name: &str| bytes.get(file.footer.schema().index_of(name).ok()?).copied();
    let slices = Slices::new(counter, fewest, window.is_some(), |name| {
        of_column(name).unwrap_or_default()
    });
    let of_part = |groups: &&[usize]| {
        let of_slice = |counter: &Arc<RowCounter>| PartOfFile {
            file: file.clone(),
            groups: groups.to_vec(),
            window,
            counter: counter.clone(),
        };
        slices.counters().map(of_slice).collect::<Vec<_>>()
    };
    let of_parts: Vec<PartOfFile> = parts.iter().flat_map(of_part).collect();
    let read = stream::iter(of_parts).map(|part| {
        let store = store.clone();
        async move {
            // Runs in its own task: a decoder that panics then affects only its file.
            let counted = tokio::spawn(async move { part.count(&store).await });
            counted.await.unwrap_or_else(|error| Err(broken(&error)))
        }
    });
    let mut read = read.buffered(tasks.max(1));
    let mut counted = Counted {
        rows: counter.start(),
        without_time: 0,
    };
    let mut failed = None;
    let mut of_slices = Vec::with_capacity(slices.counters().len());
    while let Some(part) = read.next().await {
        match part {
            Ok(part) => of_slices.push(part),
            Err(not_counted) => {
                failed = Some(not_counted);
                break;
            }
        }
        if of_slices.len() == slices.counters().len() {
            counted.without_time += of_slices[0].without_time;
            let rows = of_slices.drain(..).map(|slice| slice.rows).collect();
            counted.rows.merge(slices.side_by_side(rows));
        }
    }
    match failed {
        None => Ok(counted),
        Some(NotCounted::Fault(fault)) => Err(NotCounted::Fault(Fault {
            rows: Some(file.rows),
            ..fault
        })),
        Some(other) => Err(other),
    }
}

/// Holds row groups of a file that are read one after the other.
struct PartOfFile {
    file: Arc<LogFile>,
    groups: Vec<usize>,
    /// The window, if the rows' times need a check.
    window: Option<TimeWindow>,
    counter: Arc<RowCounter>,
}

fn broken(error: &tokio::task::JoinError) -> NotCounted {
    NotCounted::fault(Reason::Broken, format!("makes its reader fail: {error}"))
}

impl PartOfFile {
    async fn count(self, store: &Store) -> Result<Counted, NotCounted> {
        match store.path_of(&self.file.object.location) {
            Some(path) => {
                let counted = tokio::task::spawn_blocking(move || self.count_by_page(&path)).await;
                counted.unwrap_or_else(|error| Err(broken(&error)))
            }
            None => self.count_by_group(store).await,
        }
    }

    /// On this machine, holds one page of each column at a time instead of a whole row group.
    fn count_by_page(self, path: &Path) -> Result<Counted, NotCounted> {
        let opened = File::open(path).map_err(|error| match error.kind() {
            ErrorKind::NotFound => NotCounted::Gone,
            _ => NotCounted::fault(Reason::Unreadable, format!("cannot be read: {error}")),
        })?;
        let batches = ParquetRecordBatchReaderBuilder::new_with_metadata(opened, self.file.footer.clone())
            .with_projection(self.mask())
            .with_row_groups(self.groups.clone())
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(breaks)?;
        let mut counted = self.start();
        for batch in batches {
            self.take(&batch.map_err(|error| breaks(error.into()))?, &mut counted)?;
        }
        Ok(counted)
    }

    /// From a bucket, fetches a row group's columns in one request.
    async fn count_by_group(self, store: &Store) -> Result<Counted, NotCounted> {
        let reader = reader(store, &self.file.object);
        let mut batches = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, self.file.footer.clone())
            .with_projection(self.mask())
            .with_row_groups(self.groups.clone())
            .with_batch_size(BATCH_ROWS)
            .build()
            .map_err(breaks)?;
        let mut counted = self.start();
        while let Some(batch) = batches.try_next().await.map_err(breaks)? {
            self.take(&batch, &mut counted)?;
        }
        Ok(counted)
    }

    /// Returns the columns to count.
    fn mask(&self) -> ProjectionMask {
        let wanted: Vec<&str> = self.counter.names().chain(self.window.map(|_| TIME)).collect();
        let footer = &self.file.footer;
        let fields = footer.schema().fields().iter().enumerate();
        let roots = fields.filter(|(_, field)| wanted.contains(&field.name().as_str()));
        ProjectionMask::roots(footer.parquet_schema(), roots.map(|(place, _)| place))
    }

    fn start(&self) -> Counted {
        Counted {
            rows: self.counter.start(),
            without_time: 0,
        }
    }

    fn take(&self, batch: &RecordBatch, counted: &mut Counted) -> Result<(), NotCounted> {
        let odd = |error: ArrowError| NotCounted::fault(Reason::Broken, format!("breaks while it is counted: {error}"));
        let Some(window) = self.window else {
            return self.counter.count(batch, &mut counted.rows).map_err(odd);
        };
        let (mask, without_time) =
            in_window(batch, window).map_err(|problem| NotCounted::fault(Reason::Broken, problem))?;
        counted.without_time += without_time;
        match keep(batch, &mask).map_err(odd)? {
            Some(batch) => self.counter.count(&batch, &mut counted.rows).map_err(odd),
            None => Ok(()),
        }
    }
}

fn breaks(error: ParquetError) -> NotCounted {
    NotCounted::of(&error, "breaks while it is read")
}
