use std::io;

use modelwatch::Monitor;
use tokio::runtime::Handle;
use tokio::time::sleep;

/// Starts a task that sleeps and records how late it wakes, in `ml_runtime_delay_seconds`. Call it once in each runtime that serves.
///
/// Requests wait for a worker as long as this task does, before any layer sees them. So where handlers block their threads, this metric tells of
/// it, while latencies and requests in flight do not. The task ends with the monitor or the runtime.
///
/// # Errors
///
/// When it is called outside of a tokio runtime.
///
/// # Example
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let monitor = modelwatch::Monitor::new();
/// modelwatch_tower::watch_runtime(&monitor)?;
/// # Ok(())
/// # }
/// ```
pub fn watch_runtime(monitor: &Monitor) -> io::Result<()> {
    let runtime = Handle::try_current().map_err(|_| {
        io::Error::other("no tokio runtime to watch: call watch_runtime in an async function, such as main")
    })?;
    // It runs until there is nobody to tell.
    drop(runtime.spawn(monitor.runtime_delay().watch(sleep)));
    Ok(())
}
