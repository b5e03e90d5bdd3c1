use modelwatch::Model;

/// Names the model version that served a request, on its answer.
///
/// Use it if you know the version only when the response is ready. A handler that chooses before the work uses [`Serving`](crate::Serving), since
/// an answer that never comes names nobody: a handler that fails through `?`, panics or is cut off has counted for the layer's version
/// by then.
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
