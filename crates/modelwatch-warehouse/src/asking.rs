//! A thread that queries a database within a time limit.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::stop::Stop;

/// How long to wait for a stopped thread, so that the cancellation is sent even if the program ends right then.
const STOPPING: Duration = Duration::from_secs(2);

/// Why there is no answer.
pub(crate) enum Unasked {
    /// No thread could be started.
    NoThread(std::io::Error),
    /// The thread failed.
    Failed,
    /// The limit passed.
    TooLong,
}

impl Unasked {
    /// Describes the problem, with advice for a timeout.
    pub(crate) fn problem(self, limit: Duration, advice: &str) -> String {
        match self {
            Self::NoThread(error) => format!("no thread could be started to ask it: {error}"),
            Self::Failed => "the driver made its thread fail".into(),
            Self::TooLong => format!("did not answer within {limit:?} and was cancelled; {advice}"),
        }
    }
}

/// Runs a query on a thread and returns its result within the limit.
pub(crate) async fn asked<T: Send + 'static>(
    limit: Duration,
    ask: impl FnOnce(&Stop) -> T + Send + 'static,
) -> Result<T, Unasked> {
    let stop = Arc::new(Stop::default());
    // On drop, it cancels the query: when the limit passes, or when the caller no longer waits.
    let guard = stop.guard();
    let (send, mut answer) = oneshot::channel();
    // A separate thread can be abandoned: a driver may block in a call that never returns.
    let thread = std::thread::Builder::new().name("modelwatch-warehouse".into());
    let started = thread.spawn(move || {
        // The receiver may be gone.
        let _ = send.send(ask(&stop));
    });
    started.map_err(Unasked::NoThread)?;
    match timeout(limit, &mut answer).await {
        Ok(Ok(answer)) => {
            guard.finished();
            Ok(answer)
        }
        Ok(Err(_)) => Err(Unasked::Failed),
        Err(_) => {
            drop(guard);
            // Its answer now is only that it was cancelled.
            let _ = timeout(STOPPING, answer).await;
            Err(Unasked::TooLong)
        }
    }
}
