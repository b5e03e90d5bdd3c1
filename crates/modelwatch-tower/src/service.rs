use std::fmt;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use http::{Request, Response};
use http_body::Body;
use modelwatch::{Bodiless, Status};
use tower_service::Service;

use crate::body::{Call, InferenceBody};
use crate::future::InferenceFuture;
use crate::select::{Begun, Fixed, Select};
use crate::settings::Settings;

/// A service whose requests are recorded. From [`InferenceLayer`](crate::InferenceLayer).
///
/// ```
/// use http::{Request, Response};
/// use modelwatch_tower::{InferenceLayer, InferenceService};
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let handler = service_fn(async |_: Request<()>| Err::<Response<String>, _>(std::io::Error::other("no model")));
/// let service: InferenceService<_> = InferenceLayer::new(&model).layer(handler);
/// assert!(service.oneshot(Request::new(())).await.is_err());
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("status", "error")])?, 1.0);
/// # Ok(())
/// # }
/// ```
pub struct InferenceService<S, M = Fixed> {
    pub(crate) inner: S,
    pub(crate) settings: Settings<M>,
}

impl<S, M, RequestBody, ResponseBody> Service<Request<RequestBody>> for InferenceService<S, M>
where
    S: Service<Request<RequestBody>, Response = Response<ResponseBody>>,
    ResponseBody: Body,
    M: Select<RequestBody>,
{
    type Response = Response<InferenceBody<ResponseBody>>;
    type Error = S::Error;
    type Future = InferenceFuture<S::Future>;

    /// A service that fails here never gets its request: that is counted as one error that took no time.
    #[inline(always)]
    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        let ready = ready!(self.inner.poll_ready(context));
        if ready.is_err() {
            if let Some(route) = self.settings.models.fallback() {
                route.record(Status::Error, Duration::ZERO);
            }
        }
        Poll::Ready(ready)
    }

    #[inline(always)]
    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        // Begun before the call, so that a service that panics in it is counted.
        let Begun {
            watched,
            known,
            unproved,
        } = self.settings.models.start(&request);
        let bodiless = Bodiless::of(request.method().as_str());
        let classify = self.settings.classify.clone();
        let polling = watched.enter();
        let inner = self.inner.call(request);
        InferenceFuture {
            inner,
            watched: polling.leave(),
            call: Call { known, unproved },
            bodiless,
            classify,
        }
    }
}

impl<S: Clone, M> Clone for InferenceService<S, M> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
            settings: self.settings.clone(),
        }
    }
}

impl<S: fmt::Debug, M: fmt::Debug> fmt::Debug for InferenceService<S, M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceService")
            .field("inner", &self.inner)
            .field("settings", &self.settings)
            .finish()
    }
}
