//! Stops a thread that queries a database, when the caller no longer waits.

use std::sync::Arc;

use parking_lot::Mutex;

/// Tells a thread that queries a database to stop.
#[derive(Default)]
pub(crate) struct Stop(Mutex<State>);

#[derive(Default)]
struct State {
    stopped: bool,
    /// Cancels the running statement.
    running: Option<Box<dyn FnOnce() + Send>>,
}

/// On drop, stops the running statement unless it has finished.
pub(crate) struct Guard(Option<Arc<Stop>>);

impl Stop {
    pub(crate) fn guard(self: &Arc<Self>) -> Guard {
        Guard(Some(self.clone()))
    }

    /// Registers a statement that begins. Returns an error when the thread is to stop.
    pub(crate) fn begin(&self, cancel: impl FnOnce() + Send + 'static) -> Result<(), String> {
        let mut state = self.0.lock();
        if state.stopped {
            return Err("it was cancelled".into());
        }
        state.running = Some(Box::new(cancel));
        Ok(())
    }

    pub(crate) fn end(&self) {
        self.0.lock().running = None;
    }
}

impl Guard {
    pub(crate) fn finished(mut self) {
        self.0 = None;
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        let Some(stop) = self.0.take() else { return };
        let running = {
            let mut state = stop.0.lock();
            state.stopped = true;
            state.running.take()
        };
        if let Some(running) = running {
            // A separate thread, because PostgreSQL's driver opens another connection to cancel.
            let thread = std::thread::Builder::new().name("modelwatch-cancel".into());
            // Without a thread, or if a driver can't cancel, the database finishes the statement.
            let _ = thread.spawn(running);
        }
    }
}
