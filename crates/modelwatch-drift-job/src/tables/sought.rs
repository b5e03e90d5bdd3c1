//! Says which rows are sought.

use crate::time_window::TimeWindow;

/// Says which rows are sought. Files that are known to have none of them can be skipped.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    /// The column of times, by its name in the table.
    #[cfg_attr(
        not(feature = "delta"),
        expect(dead_code, reason = "only a table's log knows what is in its files")
    )]
    pub(crate) time: String,
    #[cfg_attr(
        not(feature = "delta"),
        expect(dead_code, reason = "only a table's log knows what is in its files")
    )]
    pub(crate) window: TimeWindow,
}
