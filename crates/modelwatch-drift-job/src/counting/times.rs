//! Selects the rows of a window.

use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array as _, ArrayRef, BooleanArray, RecordBatch, cast::AsArray as _};
use arrow_cast::cast;
use arrow_schema::{DataType, TimeUnit};
use modelwatch_log_format::columns::TIME;

use crate::time_window::TimeWindow;

/// Returns which rows belong to the window by their times, and how many have no time. A batch without the column
/// belongs to the window.
pub(crate) fn in_window(batch: &RecordBatch, window: TimeWindow) -> Result<(BooleanArray, u64), String> {
    let Some(times) = batch.column_by_name(TIME) else {
        return Ok((BooleanArray::from(vec![true; batch.num_rows()]), 0));
    };
    let times = as_times(times)?;
    let times = times.as_primitive::<TimestampMicrosecondType>();
    let (from, to) = (window.start().timestamp_micros(), window.end().timestamp_micros());
    let mask = times
        .iter()
        .map(|time| Some(time.is_some_and(|time| from <= time && time < to)));
    Ok((mask.collect(), times.null_count() as u64))
}

/// Returns times in microseconds from a column of times, dates, or texts that are times. A text that is not a time
/// counts as no time.
pub(crate) fn as_times(array: &ArrayRef) -> Result<ArrayRef, String> {
    let is_time = |data_type: &DataType| match data_type {
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 | DataType::Null => true,
        DataType::Dictionary(_, values) => values.is_string(),
        other => other.is_string(),
    };
    let has = array.data_type();
    if !is_time(has) {
        return Err(format!(
            "has {has} where times belong; write times as timestamps or as texts such as 2026-04-01T10:00:00Z"
        ));
    }
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    cast(array, &instant).map_err(|error| format!("has no times where times belong: {error}"))
}
