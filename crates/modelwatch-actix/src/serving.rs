use std::convert::Infallible;
use std::future::{Ready, ready};
use std::ops::Deref;

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpMessage, HttpRequest};

/// Extracts the request's [`Serving`](modelwatch::Serving): a handler says which version serves, before the work.
///
/// ```
/// use actix_web::{error, web::Data};
/// use modelwatch::Model;
/// use modelwatch_actix::Serving;
///
/// async fn predict(serving: Serving, canary: Data<Model>) -> actix_web::Result<String> {
///     serving.by(&canary);
///     let score = compute().await.map_err(error::ErrorBadGateway)?; // an error of the canary
///     Ok(score.to_string())
/// }
/// # async fn compute() -> std::io::Result<f64> { Ok(0.82) }
///
/// # use actix_web::{App, test, web};
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// # let monitor = modelwatch::Monitor::new();
/// # let stable = monitor.model("claims-risk", "2026-04-01").register()?;
/// # let canary = monitor.model("claims-risk", "2026-05-01").register()?;
/// # let watched = web::resource("/predict").wrap(modelwatch_actix::InferenceMiddleware::new(&stable));
/// # let app = App::new().app_data(Data::new(canary)).service(watched.to(predict));
/// # let app = test::init_service(app).await;
/// // … one request …
/// # test::call_and_read_body(&app, test::TestRequest::get().uri("/predict").to_request()).await;
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("model_version", "2026-05-01")])?, 1.0);
/// # Ok(()) })
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Serving(modelwatch::Serving);

impl FromRequest for Serving {
    type Error = Infallible;
    type Future = Ready<Result<Self, Infallible>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let handed_on = request.extensions().get::<modelwatch::Serving>().cloned();
        ready(Ok(Self(handed_on.unwrap_or_else(modelwatch::Serving::current))))
    }
}

impl Deref for Serving {
    type Target = modelwatch::Serving;

    fn deref(&self) -> &Self::Target {
        &self.0
    }
}
