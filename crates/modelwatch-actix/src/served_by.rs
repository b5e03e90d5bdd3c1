use modelwatch::Model;

/// Names the model version that served a request, on its answer.
///
/// For whoever knows the version only when the answer is there: it goes among the extensions of the response, or of the request. A handler that
/// chooses before the work uses [`Serving`](crate::Serving), since an answer that never comes names nobody.
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
