//! How an answer that arrived is counted.

use http::{Extensions, HeaderMap, HeaderName, Response, StatusCode, header};
use modelwatch::Status;

/// What a classifier sees of an answer.
#[derive(Clone, Copy, Debug)]
pub struct ResponseHead<'a> {
    /// The status code.
    pub status: StatusCode,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// What the service attached to the answer.
    pub extensions: &'a Extensions,
}

impl<'a, B> From<&'a Response<B>> for ResponseHead<'a> {
    fn from(response: &'a Response<B>) -> Self {
        Self {
            status: response.status(),
            headers: response.headers(),
            extensions: response.extensions(),
        }
    }
}

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

impl ResponseHead<'_> {
    #[inline]
    pub(crate) fn is_grpc(&self) -> bool {
        !self.headers.is_empty()
            && self
                .headers
                .get(header::CONTENT_TYPE)
                .is_some_and(|value| value.as_bytes().starts_with(b"application/grpc"))
    }

    /// The status of a gRPC call as far as its headers tell.
    pub(crate) fn grpc_status(&self) -> Status {
        grpc_status(self.headers).unwrap_or_else(|| Status::from_http(self.status.as_u16()))
    }
}

/// What the `grpc-status` in headers or trailers says of a call; nothing where there is none.
///
/// The codes that blame the caller are those that gRPC's status code guide has clients not retry as they are.
pub(crate) fn grpc_status(headers: &HeaderMap) -> Option<Status> {
    let code = headers.get(GRPC_STATUS)?;
    Some(match code.to_str().ok().and_then(|code| code.parse::<u8>().ok()) {
        Some(0) => Status::Success,
        Some(1) => Status::Cancelled,
        // INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE,
        // UNAUTHENTICATED
        Some(3 | 5 | 6 | 7 | 9 | 11 | 16) => Status::ClientError,
        _ => Status::Error,
    })
}
