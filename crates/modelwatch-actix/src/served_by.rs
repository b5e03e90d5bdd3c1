use modelwatch::Model;

/// The model version that served a request, told by whoever answers it.
///
/// A handler that decides late which version answers, such as a canary, puts this among the extensions of its request
/// or of its response. The request then counts for that version, on the same route, with its whole latency.
///
/// ```
/// use actix_web::{HttpMessage, HttpRequest};
/// use modelwatch::Model;
/// use modelwatch_actix::ServedBy;
///
/// async fn predict(request: HttpRequest, canary: actix_web::web::Data<Model>) -> &'static str {
///     request.extensions_mut().insert(ServedBy((**canary).clone()));
///     "0.82"
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ServedBy(pub Model);
