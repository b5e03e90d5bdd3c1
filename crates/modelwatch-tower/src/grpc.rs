//! Routes of gRPC requests: their method, once it has proved to be one.
//!
//! A path such as `/flights.Delays/Predict` names a method, but a client may ask for any path, and the server knows its
//! own methods only by answering the others with UNIMPLEMENTED. So a path takes no place among the routes until it has been answered
//! otherwise once. Until then its requests count under the name given to the layer, or [`UNMATCHED`](crate::UNMATCHED).

use http::{HeaderMap, Request, Response, header};
use modelwatch::{InFlight, Model};

/// A request for a path that is no route yet.
#[derive(Debug)]
pub(crate) struct Unproved {
    model: Model,
    path: Box<str>,
}

/// The path of a gRPC request.
#[inline]
pub(crate) fn path<B>(request: &Request<B>) -> Option<&str> {
    is_grpc(request.headers()).then(|| request.uri().path())
}

#[inline]
fn is_grpc(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE);
    content_type.is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
}

impl Unproved {
    #[cold]
    pub(crate) fn new(model: &Model, path: &str) -> Box<Self> {
        Box::new(Self {
            model: model.clone(),
            path: path.into(),
        })
    }

    /// The answer tells whether the path is a method: its request and those to come then count under it.
    #[cold]
    pub(crate) fn settle<B>(self, in_flight: &mut InFlight, response: &Response<B>) {
        let unimplemented = response.headers().get("grpc-status").is_some_and(|code| code == "12");
        if is_grpc(response.headers()) && response.status().is_success() && !unimplemented {
            in_flight.move_to(&self.model.route(&self.path));
        }
    }
}
