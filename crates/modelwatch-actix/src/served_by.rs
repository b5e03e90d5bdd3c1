use modelwatch::Model;

/// Names the model version that served a request, on its answer.
///
/// Use it if you know the version only when the response is ready: put it into the extensions of the response, or of the request. A
/// handler that chooses before the work uses [`Serving`](crate::Serving), because a request without a response names no version.
///
/// ```
/// use actix_web::HttpResponse;
/// use modelwatch::Model;
/// use modelwatch_actix::ServedBy;
///
/// async fn predict(canary: actix_web::web::Data<Model>) -> HttpResponse {
///     let mut answer = HttpResponse::Ok().body("0.82");
///     answer.extensions_mut().insert(ServedBy((**canary).clone()));
///     answer
/// }
/// # let monitor = modelwatch::Monitor::new();
/// # let canary = actix_web::web::Data::new(monitor.model("claims-risk", "2026-05-01").register().unwrap());
/// # let answer = actix_web::rt::System::new().block_on(predict(canary));
/// # assert!(answer.extensions().get::<ServedBy>().is_some());
/// ```
#[derive(Clone, Debug)]
pub struct ServedBy(pub Model);
