//! One file of the log, counted.

use std::sync::Arc;

use futures::TryStreamExt as _;
use modelwatch_log_format::columns::TIME;
use parquet::arrow::ProjectionMask;
use parquet::arrow::async_reader::ParquetRecordBatchStreamBuilder;

use super::footer::{Fault, LogFile, NotCounted, reader};
use crate::counting::{RowCounter, Rows, in_window, keep};
use crate::engine::Reason;
use crate::store::Store;
use crate::time_window::TimeWindow;

/// Rows decoded at a time: few enough for a processor's cache, many enough for the work between batches not to count.
const BATCH_ROWS: usize = 8_192;

/// What a file holds.
#[derive(Debug)]
pub(super) struct Counted {
    pub(super) rows: Rows,
    pub(super) without_time: u64,
}

/// Counts the rows of a window in so many tasks at the same time. Columns that the file lacks are missing.
pub(super) async fn count(
    store: &Store,
    file: &Arc<LogFile>,
    window: Option<TimeWindow>,
    counter: &Arc<RowCounter>,
    tasks: usize,
) -> Result<Counted, NotCounted> {
    let groups = file.footer.metadata().num_row_groups();
    let each = groups.div_ceil(tasks.max(1)).max(1);
    let parts = (0..groups).step_by(each).map(|first| {
        let part: Vec<usize> = (first..groups.min(first + each)).collect();
        let (store, file, counter) = (store.clone(), file.clone(), counter.clone());
        tokio::spawn(async move { count_groups(&store, &file, part, window, &counter).await })
    });
    // All begin before the first is waited for.
    let parts: Vec<_> = parts.collect();
    let mut counted = Counted {
        rows: counter.start(),
        without_time: 0,
    };
    let mut failed = None;
    for part in parts {
        let part = part.await.unwrap_or_else(|error| {
            let problem = format!("makes its reader fail: {error}");
            Err(NotCounted::fault(Reason::Broken, problem))
        });
        match part {
            Ok(part) => {
                counted.rows.merge(part.rows);
                counted.without_time += part.without_time;
            }
            Err(not_counted) => failed = failed.or(Some(not_counted)),
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

async fn count_groups(
    store: &Store,
    file: &LogFile,
    groups: Vec<usize>,
    window: Option<TimeWindow>,
    counter: &RowCounter,
) -> Result<Counted, NotCounted> {
    let window = window.filter(|_| !file.whole);
    let wanted: Vec<&str> = counter.names().chain(window.map(|_| TIME)).collect();
    let fields = file.footer.schema().fields().iter().enumerate();
    let roots = fields.filter(|(_, field)| wanted.contains(&field.name().as_str()));
    let mask = ProjectionMask::roots(file.footer.parquet_schema(), roots.map(|(place, _)| place));
    let breaks = |error| NotCounted::of(&error, "breaks while it is read");
    let stream = ParquetRecordBatchStreamBuilder::new_with_metadata(reader(store, &file.object), file.footer.clone());
    let stream = stream
        .with_projection(mask)
        .with_row_groups(groups)
        .with_batch_size(BATCH_ROWS)
        .build();
    let mut batches = stream.map_err(breaks)?;
    let mut counted = Counted {
        rows: counter.start(),
        without_time: 0,
    };
    let odd = |error: arrow::error::ArrowError| {
        NotCounted::fault(Reason::Broken, format!("breaks while it is counted: {error}"))
    };
    while let Some(batch) = batches.try_next().await.map_err(breaks)? {
        let batch = match window {
            None => Some(batch),
            Some(window) => {
                let (mask, without_time) =
                    in_window(&batch, window).map_err(|problem| NotCounted::fault(Reason::Broken, problem))?;
                counted.without_time += without_time;
                keep(&batch, &mask).map_err(odd)?
            }
        };
        if let Some(batch) = batch {
            counter.count(&batch, &mut counted.rows).map_err(odd)?;
        }
    }
    Ok(counted)
}
