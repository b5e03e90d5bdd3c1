//! What the log asks of its writer.

use std::sync::mpsc::Sender;

use futures_channel::oneshot;

use crate::error::WriteError;

/// Tells the writer to do something, now.
pub(crate) enum Command {
    /// Put everything handed over so far into whole files.
    Flush(Sender<Result<(), WriteError>>),
    /// The same, for somebody who does not block while it is done.
    FlushAsync(oneshot::Sender<Result<(), WriteError>>),
    /// The same, and end.
    Close(Sender<Result<(), WriteError>>),
}
