//! The early choice: which version serves a request, said before the work.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::handles::aside::Aside;
use crate::handles::current;
use crate::handles::model::Model;
use crate::handles::request::Request;

/// Chooses the version that serves a request, before the work begins.
///
/// From then on everything counts for that version: the request in flight, its status and latency, a panic, a timeout, a disconnect,
/// the first chunk and the end of the stream. The route stays the same. A second choice moves the request again; after its end, a
/// choice does nothing.
///
/// Take it where you handle the request. You can keep it and send it to another task or thread. Adapters offer it as an extractor if
/// their framework has extractors.
///
/// # Example: choose a version before the work
///
/// ```
/// use modelwatch::{Monitor, Serving, Status, Watched};
///
/// let monitor = Monitor::new();
/// let stable = monitor.model("claims-risk", "2026-04-01").register()?;
/// let canary = monitor.model("claims-risk", "2026-05-01").register()?;
///
/// let mut request = Watched::new(stable.route("/predict").start()); // an adapter does this
/// request.poll(|| Serving::current().by(&canary)); // your handler does this
/// request.finish(Status::Error);
/// let of_canary = [("model_version", "2026-05-01"), ("status", "error")];
/// assert_eq!(monitor.value("ml_inference_requests_total", &of_canary), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Serving(Option<Arc<Aside>>);

impl Serving {
    /// Returns the request that the adapter polls on this thread. Call it in the handler, or in a middleware inside the adapter.
    ///
    /// Without an adapter around, or in a task of its own, it is attached to nothing; a warning says so once. Take it before the
    /// request moves, and pass it on.
    #[must_use]
    #[inline]
    pub fn current() -> Self {
        Self(share_current())
    }

    /// Counts the request for this version from here on.
    ///
    /// ```
    /// use modelwatch::{Model, Serving};
    ///
    /// async fn predict(serving: Serving, stable: Model, canary: Model, share: f64) -> Result<f64, std::io::Error> {
    ///     let model = if share < 0.1 { canary } else { stable };
    ///     serving.by(&model);
    ///     Err(std::io::Error::other("counts for the version that was chosen"))
    /// }
    /// ```
    #[inline]
    pub fn by(&self, model: &Model) {
        if let Some(aside) = &self.0 {
            choose(aside, model);
        }
    }
}

impl Drop for Serving {
    /// Nearly always the request is polled on this thread: it takes its place back.
    #[inline]
    fn drop(&mut self) {
        if let Some(aside) = self.0.take() {
            give_back(aside);
        }
    }
}

// None of these unwinds, and each says so: else a handler's own values, such as the request, would be copied once more, for the
// case that they have to be dropped there. Whoever hears a warning may panic: that ends here.

#[expect(improper_ctypes_definitions, reason = "no C calls it")]
extern "C" fn share_current() -> Option<Arc<Aside>> {
    catch_unwind(|| current::with(Request::share).or_else(warn_of_nothing)).unwrap_or_default()
}

extern "C" fn choose(aside: &Arc<Aside>, model: &Model) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        if !current::with(|request| request.chosen_here(aside, model)) {
            aside.served_by(model);
        }
    }));
}

#[expect(improper_ctypes_definitions, reason = "no C calls it")]
extern "C" fn give_back(aside: Arc<Aside>) {
    let _ = catch_unwind(AssertUnwindSafe(|| {
        drop(current::with(|request| request.take_back(aside)));
    }));
}

#[cold]
fn warn_of_nothing() -> Option<Arc<Aside>> {
    static WARNED: AtomicBool = AtomicBool::new(false);
    if !WARNED.swap(true, Ordering::Relaxed) {
        tracing::warn!(
            "a version was to be chosen where no watched request is handled, so the choice counts nowhere: put the modelwatch \
             layer around this handler, or take Serving::current() before the request goes to another task, and hand it on"
        );
    }
    None
}

impl fmt::Debug for Serving {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Serving").field("attached", &self.0.is_some()).finish()
    }
}
