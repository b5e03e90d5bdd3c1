//! How a gRPC call is counted: by its code, and by who is to blame for it.

use http::{HeaderMap, HeaderName};
use modelwatch::Status;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// How messages begin by which tonic and prost refuse what a client sent before any handler has seen it. They come as INTERNAL, as the
/// specification wants, although the client is at fault.
const GARBAGE: [&[u8]; 5] = [
    b"failed to decode Protobuf message",
    b"protocol error: received message with ",
    b"Unexpected EOF decoding stream",
    b"Missing request message",
    b"Error decompressing: ",
];

/// What the `grpc-status` in headers or trailers says of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct GrpcEnd {
    pub(crate) status: Status,
    /// The code was OK.
    pub(crate) ok: bool,
}

impl GrpcEnd {
    /// Nothing, where there is no `grpc-status`. `known` says that the call asked for a method the service is known to have.
    ///
    /// The codes that blame the caller are those that gRPC's status code guide has clients not retry as they are; UNIMPLEMENTED does where
    /// nobody knows of the method.
    pub(crate) fn of(headers: &HeaderMap, known: bool) -> Option<Self> {
        let code = headers.get(GRPC_STATUS)?;
        let code = code.to_str().ok().and_then(|code| code.parse::<u8>().ok());
        let status = match code {
            Some(0) => Status::Success,
            Some(1) => Status::Cancelled,
            // INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE,
            // UNAUTHENTICATED
            Some(3 | 5 | 6 | 7 | 9 | 11 | 16) => Status::ClientError,
            Some(12) if !known => Status::ClientError,
            Some(13) if is_garbage(headers) => Status::ClientError,
            _ => Status::Error,
        };
        Some(Self {
            status,
            ok: code == Some(0),
        })
    }
}

/// Whether the message says that the request could not be read.
fn is_garbage(headers: &HeaderMap) -> bool {
    let message = headers.get(GRPC_MESSAGE).map_or(&[][..], |message| message.as_bytes());
    GARBAGE.iter().any(|beginning| {
        beginning
            .iter()
            .copied()
            .eq(percent_decoded(message).take(beginning.len()))
    })
}

fn percent_decoded(message: &[u8]) -> impl Iterator<Item = u8> {
    let mut rest = message;
    std::iter::from_fn(move || {
        let decoded = match rest {
            [b'%', high, low, ..] => {
                let digits = [*high, *low];
                let digits = std::str::from_utf8(&digits).ok();
                digits.and_then(|digits| u8::from_str_radix(digits, 16).ok())
            }
            _ => None,
        };
        let (byte, length) = decoded.map_or_else(|| Some((*rest.first()?, 1)), |byte| Some((byte, 3)))?;
        rest = &rest[length..];
        Some(byte)
    })
}
