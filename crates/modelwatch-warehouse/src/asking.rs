//! A thread that asks a database, and how long somebody waits for it.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::stop::Stop;

/// How long a thread is waited for that was told to stop, so that a program which ends right then has cancelled before.
const STOPPING: Duration = Duration::from_secs(2);

/// Why nothing came back.
pub(crate) enum Unasked {
    /// No thread could be started.
    NoThread(std::io::Error),
    /// The thread failed.
    Failed,
    /// It took too long.
    TooLong,
}

impl Unasked {
    /// In words, with what to do about one that takes longer than it may.
    pub(crate) fn problem(self, limit: Duration, advice: &str) -> String {
        match self {
            Self::NoThread(error) => format!("no thread could be started to ask it: {error}"),
            Self::Failed => "the driver made its thread fail".into(),
            Self::TooLong => format!("did not answer within {limit:?} and was cancelled; {advice}"),
        }
    }
}

/// What a thread that asks comes back with, within the time it has.
pub(crate) async fn asked<T: Send + 'static>(
    limit: Duration,
    ask: impl FnOnce(&Stop) -> T + Send + 'static,
) -> Result<T, Unasked> {
    let stop = Arc::new(Stop::default());
    // Dropped, whether the time is over or nobody waits any more, it cancels what is under way.
    let guard = stop.guard();
    let (send, mut answer) = oneshot::channel();
    // A thread of its own, which nobody has to wait for: a driver may sit in a call that nothing ends.
    let thread = std::thread::Builder::new().name("modelwatch-warehouse".into());
    let started = thread.spawn(move || {
        // Nobody may be there any more.
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
            // What it says now is that it was cancelled.
            let _ = timeout(STOPPING, answer).await;
            Err(Unasked::TooLong)
        }
    }
}
