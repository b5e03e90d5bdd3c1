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
