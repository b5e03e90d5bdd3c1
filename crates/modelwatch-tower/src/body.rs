use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http::{HeaderMap, Response, header};
use http_body::{Body, Frame, SizeHint};
use modelwatch::{Status, Watched};
use pin_project::pin_project;

use crate::classify::{Protocol, first};
use crate::grpc_status::GrpcEnd;
use crate::grpc_web::WebTrailers;
use crate::methods::Unproved;

/// A response body whose end is the end of its request.
///
/// # Example: the body's end is the request's end
///
/// ```
/// use http::{Request, Response};
/// use http_body_util::BodyExt as _;
/// use modelwatch_tower::InferenceLayer;
/// use tower::{Layer, ServiceExt, service_fn};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let handler = service_fn(async |_: Request<()>| Ok::<_, std::io::Error>(Response::new(String::from("0.82"))));
/// let service = InferenceLayer::new(&model).layer(handler);
///
/// let response = service.oneshot(Request::new(())).await?;
/// assert_eq!(monitor.value("ml_inference_in_flight", &[])?, 1.0);
/// response.into_body().collect().await?;
/// assert_eq!(monitor.value("ml_inference_in_flight", &[])?, 0.0);
/// # Ok(())
/// # }
/// ```
#[pin_project]
pub struct InferenceBody<B> {
    #[pin]
    pub(crate) inner: B,
    pub(crate) watched: Watched,
    /// How the request is counted if the body is whole.
    pub(crate) status: Status,
    pub(crate) rest: Rest,
    pub(crate) call: Call,
    /// Nothing of a body whose length the head did not tell has come yet.
    pub(crate) awaits_first: bool,
}

/// What a gRPC call asked for.
#[derive(Debug, Default)]
pub(crate) struct Call {
    /// A method that the service is known to have.
    pub(crate) known: bool,
    pub(crate) unproved: Option<Box<Unproved>>,
}

impl Call {
    /// The answer is one of plain HTTP, so what the router matched is its route, whatever the client called its request.
    #[inline(always)]
    pub(crate) fn is_none_of_grpc(&mut self, watched: &mut Watched) {
        if let Some(unproved) = self.unproved.take() {
            if let Some(route) = unproved.of_http() {
                watched.poll(|| Watched::route_current(route));
            }
        }
    }

    /// How a call ends that has this in its head or trailers. An OK proves its method.
    #[inline(always)]
    pub(crate) fn end(&mut self, headers: &HeaderMap, watched: &mut Watched) -> Option<Status> {
        let end = GrpcEnd::of(headers, self.known)?;
        if end.ok {
            if let Some(unproved) = self.unproved.take() {
                unproved.prove();
                watched.prove();
            }
        }
        Some(end.status)
    }
}

/// What has to come before the body is whole. A server that has sent what it announced does not ask whether there is
/// more, so waiting for the end of the stream would take a whole answer for a broken one.
///
/// An enum that had its values in it would be copied as a block each time it moves, and a load of a block waits for each of the stores
/// that have written it.
#[derive(Debug)]
pub(crate) struct Rest {
    kind: Kind,
    /// Of [`Kind::Bytes`].
    bytes: u64,
    /// Of [`Kind::GrpcWebTrailers`].
    web_trailers: Option<Box<WebTrailers>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// The head was the end.
    Nothing,
    Bytes,
    /// The end of the stream.
    End,
    /// Trailers that say how the call went; a stream that ends without them did not go well.
    GrpcTrailers,
    /// The same as a message of the body.
    GrpcWebTrailers,
}

impl Rest {
    /// The head was the end.
    #[inline(always)]
    pub(crate) fn nothing() -> Self {
        Kind::Nothing.into()
    }

    #[inline(always)]
    pub(crate) fn of<B: Body>(response: &Response<B>, protocol: Protocol) -> Self {
        match protocol {
            Protocol::Http => {}
            _ if response.headers().contains_key("grpc-status") => return Self::nothing(),
            Protocol::Grpc => return Kind::GrpcTrailers.into(),
            Protocol::GrpcWeb { text } => {
                return Self {
                    web_trailers: Some(Box::new(WebTrailers::new(text))),
                    ..Kind::GrpcWebTrailers.into()
                };
            }
        }
        let body = response.body();
        match content_length(response.headers()).or_else(|| body.size_hint().exact()) {
            Some(0) => Self::nothing(),
            Some(bytes) => Self {
                bytes,
                ..Kind::Bytes.into()
            },
            None => Kind::End.into(),
        }
    }

    #[inline(always)]
    pub(crate) fn is_nothing(&self) -> bool {
        self.kind == Kind::Nothing
    }

    /// Whether the head leaves open how much will come.
    #[inline(always)]
    pub(crate) fn is_stream(&self) -> bool {
        !matches!(self.kind, Kind::Nothing | Kind::Bytes)
    }

    /// How a request is counted whose body ends here.
    #[inline(always)]
    pub(crate) fn ended(&self, status: Status) -> Status {
        match self.kind {
            Kind::Nothing | Kind::End => status,
            // The client was told of more.
            Kind::Bytes => Status::Error,
            Kind::GrpcTrailers | Kind::GrpcWebTrailers if status == Status::Success => Status::Error,
            Kind::GrpcTrailers | Kind::GrpcWebTrailers => status,
        }
    }
}

impl From<Kind> for Rest {
    #[inline(always)]
    fn from(kind: Kind) -> Self {
        Self {
            kind,
            bytes: 0,
            web_trailers: None,
        }
    }
}

#[inline]
fn content_length(headers: &HeaderMap) -> Option<u64> {
    first(headers, &header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl<B: Body> Body for InferenceBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    #[inline(always)]
    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Self::Data>, Self::Error>>> {
        let mut this = self.project();
        if this.watched.is_over() {
            return this.inner.poll_frame(context);
        }
        let frame = this.watched.poll_body(|| this.inner.as_mut().poll_frame(context));
        let ended = match &frame {
            Poll::Pending => None,
            Poll::Ready(None) => Some(this.rest.ended(*this.status)),
            Poll::Ready(Some(Err(_))) => Some(Status::Error),
            Poll::Ready(Some(Ok(frame))) => {
                if *this.awaits_first && frame.is_data() {
                    *this.awaits_first = false;
                    this.watched.first_chunk();
                }
                match seen(frame, this.rest, *this.status, this.call, this.watched) {
                    None if this.inner.is_end_stream() => Some(this.rest.ended(*this.status)),
                    status => status,
                }
            }
        };
        if let Some(status) = ended {
            this.watched.finish(status);
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Takes note of a frame, and says how the request is counted if that was the last frame that matters.
#[inline(always)]
fn seen<D: Buf>(
    frame: &Frame<D>,
    rest: &mut Rest,
    status: Status,
    call: &mut Call,
    watched: &mut Watched,
) -> Option<Status> {
    if let Some(data) = frame.data_ref() {
        return match (rest.kind, &mut rest.web_trailers) {
            (Kind::Bytes, _) => {
                let left = rest.bytes.checked_sub(data.remaining() as u64);
                rest.bytes = left.unwrap_or(0);
                match left {
                    Some(0) => Some(status),
                    Some(_) => None,
                    // The client gets what was announced and no more: not this answer.
                    None => Some(Status::Error),
                }
            }
            (_, Some(trailers)) => {
                let trailers = trailers.pass(data)?;
                Some(grpc_ended(&trailers, rest, status, call, watched))
            }
            (_, None) => None,
        };
    }
    let trailers = frame.trailers_ref()?;
    Some(grpc_ended(trailers, rest, status, call, watched))
}

#[inline]
fn grpc_ended(trailers: &HeaderMap, rest: &Rest, status: Status, call: &mut Call, watched: &mut Watched) -> Status {
    match call.end(trailers, watched) {
        Some(told) if status == Status::Success => told,
        Some(_) => status,
        None => rest.ended(status),
    }
}

impl<B: Default> Default for InferenceBody<B> {
    /// An empty body of nobody's request, for layers around this one that answer themselves.
    fn default() -> Self {
        Self {
            inner: B::default(),
            watched: Watched::nothing(),
            status: Status::Success,
            rest: Rest::nothing(),
            call: Call::default(),
            awaits_first: false,
        }
    }
}

impl<B: fmt::Debug> fmt::Debug for InferenceBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceBody")
            .field("inner", &self.inner)
            .finish_non_exhaustive()
    }
}
