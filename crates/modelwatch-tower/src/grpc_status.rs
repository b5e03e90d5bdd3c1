//! How a gRPC call is counted: by its code, and by who is to blame for it.

use http::{HeaderMap, HeaderName};
use modelwatch::Status;

const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");
const GRPC_MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Codes and how messages begin by which tonic and prost refuse what a client sent before any handler has seen it. The codes are those
/// of the specification, and say that the service is at fault, although the client is.
const GARBAGE: [(u8, &[u8]); 8] = [
    (INTERNAL, b"failed to decode Protobuf message"),
    (INTERNAL, b"protocol error: received message with "),
    (INTERNAL, b"Unexpected EOF decoding stream"),
    (INTERNAL, b"Missing request message"),
    (INTERNAL, b"Error decompressing: "),
    (INTERNAL, b"tonic-web: "),
    // A small message that becomes a large one.
    (RESOURCE_EXHAUSTED, b"Error decompressing: size limit"),
    (UNIMPLEMENTED, b"Content is compressed with `"),
];

/// What tonic says of an answer that is larger than the service allows itself, with the code for a request that is too large.
const TOO_LARGE: &[u8] = b"Error, encoded message length too large";

const RESOURCE_EXHAUSTED: u8 = 8;
const OUT_OF_RANGE: u8 = 11;
const UNIMPLEMENTED: u8 = 12;
const INTERNAL: u8 = 13;

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
            Some(OUT_OF_RANGE) if begins(headers, TOO_LARGE) => Status::Error,
            // INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED, FAILED_PRECONDITION, OUT_OF_RANGE,
            // UNAUTHENTICATED
            Some(3 | 5 | 6 | 7 | 9 | 11 | 16) => Status::ClientError,
            Some(UNIMPLEMENTED) if !known => Status::ClientError,
            Some(code @ (RESOURCE_EXHAUSTED | UNIMPLEMENTED | INTERNAL)) if is_garbage(code, headers) => {
                Status::ClientError
            }
            _ => Status::Error,
        };
        Some(Self {
            status,
            ok: code == Some(0),
        })
    }
}

/// Whether the message says that the request could not be read.
fn is_garbage(code: u8, headers: &HeaderMap) -> bool {
    GARBAGE
        .iter()
        .any(|(of, beginning)| *of == code && begins(headers, beginning))
}

/// Whether the message begins like that.
fn begins(headers: &HeaderMap, beginning: &[u8]) -> bool {
    let message = headers.get(GRPC_MESSAGE).map_or(&[][..], |message| message.as_bytes());
    beginning
        .iter()
        .copied()
        .eq(percent_decoded(message).take(beginning.len()))
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
