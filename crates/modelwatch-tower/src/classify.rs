//! How an answer that arrived is counted.

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use modelwatch::{Status, StripedArc};

/// Decides the status of an answer by its head.
pub(crate) type Classifier = StripedArc<Box<dyn Fn(&ResponseHead<'_>) -> Status + Send + Sync>>;

/// What a classifier sees of an answer.
///
/// # Example: a status by a header
///
/// ```
/// use http::{Response, header::RETRY_AFTER};
/// use modelwatch::Status;
/// use modelwatch_tower::ResponseHead;
///
/// fn classify(head: &ResponseHead<'_>) -> Status {
///     match head.headers.contains_key(RETRY_AFTER) {
///         true => Status::ClientError, // the client sends too much
///         false => Status::from_http(head.status.as_u16()),
///     }
/// }
///
/// let busy = Response::builder().status(503).header(RETRY_AFTER, "1").body(())?;
/// assert_eq!(classify(&ResponseHead::from(&busy)), Status::ClientError);
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
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

/// The first value of a header, as `HeaderMap::get` has it: most answers have so few that reading through them takes less than the hash
/// of one name.
#[inline]
pub(crate) fn first<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a HeaderValue> {
    const FEW: usize = 4;
    match headers.keys_len() {
        0 => None,
        1..=FEW => headers
            .iter()
            .find_map(|(other, value)| (other == name).then_some(value)),
        _ => headers.get(name),
    }
}

/// Whether an answer is one of gRPC, and in which of its two forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Http,
    Grpc,
    /// Trailers come as the last message of the body.
    GrpcWeb {
        /// In base64.
        text: bool,
    },
}

impl Protocol {
    #[inline]
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        match first(headers, &header::CONTENT_TYPE).and_then(|value| value.as_bytes().strip_prefix(b"application/grpc"))
        {
            None => Self::Http,
            Some(rest) => match rest.strip_prefix(b"-web") {
                None => Self::Grpc,
                Some(rest) => Self::GrpcWeb {
                    text: rest.starts_with(b"-text"),
                },
            },
        }
    }
}
