//! One route of one version, resolved once.

use std::fmt;
use std::time::Duration;

use crate::cells::striped_arc::StripedArc;
use crate::contract::status::Status;
use crate::series::route::RouteSeries;

/// Records requests of one model version on one route.
///
/// Resolve it once with [`Model::route`](crate::Model::route) and keep it: recording through it takes no lock,
/// allocates nothing and hashes nothing. Cloning is one atomic addition to a count that this thread alone writes.
///
/// ```
/// use std::time::Duration;
/// use modelwatch::{Monitor, Status};
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let route = model.route("predict");
/// let request = route.start();
/// // … answer …
/// request.finish(Status::Success);
/// // or, with a stopwatch of your own:
/// route.record(Status::ClientError, Duration::from_millis(2));
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("route", "predict")]), Ok(2.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Route(pub(crate) StripedArc<RouteSeries>);

impl Route {
    /// The value of the `route` label.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// Counts a request that has ended, for a caller with a stopwatch of its own. It was never in flight.
    #[inline]
    pub fn record(&self, status: Status, latency: Duration) {
        self.0.record(status, latency);
    }

    /// A request in flight here goes on there, uncounted.
    #[inline]
    pub(crate) fn pass_to(&mut self, next: &StripedArc<RouteSeries>) {
        if !StripedArc::ptr_eq(&self.0, next) {
            let next = next.clone();
            next.enter();
            self.0.leave();
            self.0 = next;
        }
    }
}

/// Whether both record the same route of the same version.
impl PartialEq for Route {
    #[inline]
    fn eq(&self, other: &Self) -> bool {
        StripedArc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Route {}

impl fmt::Debug for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Route").field(&self.0.labels.text()).finish()
    }
}
