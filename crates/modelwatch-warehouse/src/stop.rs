//! How a thread that asks a database is told that nobody waits any more.

use std::sync::Arc;

use parking_lot::Mutex;

/// Tells a thread that asks a database to stop.
#[derive(Default)]
pub(crate) struct Stop(Mutex<State>);

#[derive(Default)]
struct State {
    stopped: bool,
    /// What cancels the statement under way.
    running: Option<Box<dyn FnOnce() + Send>>,
}

/// Stops what is under way when it is dropped, unless that has finished.
pub(crate) struct Guard(Option<Arc<Stop>>);

impl Stop {
    pub(crate) fn guard(self: &Arc<Self>) -> Guard {
        Guard(Some(self.clone()))
    }

    /// Takes note of a statement that begins; refused where it is to stop.
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
            // A thread of its own: to cancel, PostgreSQL's driver connects once more.
            let thread = std::thread::Builder::new().name("modelwatch-cancel".into());
            // Without one, or where a driver can't cancel, the database finishes what nobody waits for.
            let _ = thread.spawn(running);
        }
    }
}
