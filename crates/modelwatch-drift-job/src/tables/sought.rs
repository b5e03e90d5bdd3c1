//! Which rows are looked for.

use crate::time_window::TimeWindow;

/// Which rows are looked for: files that are known to have none of them need not be found.
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
