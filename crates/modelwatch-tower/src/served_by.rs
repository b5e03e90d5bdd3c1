use modelwatch::Model;

/// Names the model version that served a request, on its answer.
///
/// Use it if you know the version only when the response is ready. A handler that chooses before the work uses [`Serving`](crate::Serving), because
/// a request without a response names no version: if the handler fails through `?`, panics or is cut off, the request counts for the
/// layer's version.
///
/// ```
/// use http::Response;
/// use modelwatch_tower::ServedBy;
///
/// # let monitor = modelwatch::Monitor::new();
/// let canary = monitor.model("claims-risk", "2026-05-01").register()?;
/// let mut response = Response::new("0.82");
/// response.extensions_mut().insert(ServedBy(canary));
/// assert!(response.extensions().get::<ServedBy>().is_some());
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ServedBy(pub Model);
