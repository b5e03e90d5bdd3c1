use std::io;

use modelwatch::Monitor;
use tokio::runtime::Handle;
use tokio::time::sleep;

/// Starts a task that sleeps and records how late it wakes, in `ml_runtime_delay_seconds`. Call it in the closure that `HttpServer::new` takes,
/// which runs in each worker.
///
/// Requests wait for their worker as long as this task does, before any middleware sees them. So where handlers block, this metric tells of
/// it, while latencies and requests in flight do not. The task ends with the monitor or the worker.
///
/// # Errors
///
/// When it is called outside of a runtime.
///
/// # Example
///
/// ```
/// use actix_web::{App, HttpServer};
///
/// let monitor = modelwatch::Monitor::new();
/// let server = HttpServer::new(move || {
///     modelwatch_actix::watch_runtime(&monitor).expect("a worker is a runtime");
///     App::new()
/// });
/// ```
pub fn watch_runtime(monitor: &Monitor) -> io::Result<()> {
    let outside = "no worker's runtime to watch: call watch_runtime in the closure that HttpServer::new takes";
    let runtime = Handle::try_current().map_err(|_| io::Error::other(outside))?;
    // It runs until there is nobody to tell.
    drop(runtime.spawn(monitor.runtime_delay().watch(sleep)));
    Ok(())
}
