use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use modelwatch::{Status, Watched};
use pin_project::pin_project;

use crate::select::Spare;

/// A response body whose end is the end of its request.
///
/// # Example: the body's end is the request's end
///
/// ```
/// use actix_web::{App, test, web};
/// use modelwatch_actix::InferenceMiddleware;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # actix_web::rt::System::new().block_on(async {
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let watched = web::resource("/predict").wrap(InferenceMiddleware::new(&model));
/// let app = test::init_service(App::new().service(watched.to(async || "0.82"))).await;
/// let answer = test::call_service(&app, test::TestRequest::get().uri("/predict").to_request()).await;
/// assert_eq!(test::read_body(answer).await, "0.82");
/// assert_eq!(monitor.value("ml_inference_requests_total", &[("status", "success")])?, 1.0);
/// # Ok(()) })
/// # }
/// ```
#[pin_project]
pub struct InferenceBody<B> {
    #[pin]
    inner: B,
    watched: Watched,
    /// How the request is counted if the body is whole.
    status: Status,
    /// Bytes still to come, where the head told how many. A server that has sent them all need not ask for more.
    rest: u64,
    /// The head told how many. Apart from them, because an answer is moved again and again, and each byte of it with it.
    is_told: bool,
    /// Nothing of a body of unknown length has come yet.
    awaits_first: bool,
    /// For the handle of the route, when the request is over.
    spare: Option<Spare>,
}

impl<B> InferenceBody<B> {
    #[inline(always)]
    pub(crate) fn new(inner: B, watched: Watched, status: Status, rest: Option<u64>, spare: Option<Spare>) -> Self {
        Self {
            inner,
            watched,
            status,
            rest: rest.unwrap_or(0),
            is_told: rest.is_some(),
            awaits_first: rest.is_none(),
            spare,
        }
    }
}

impl<B: MessageBody> MessageBody for InferenceBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    #[inline(always)]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        if this.watched.is_over() {
            return this.inner.poll_next(context);
        }
        let inner = this.inner;
        let chunk = this.watched.poll_body(|| inner.poll_next(context));
        let ended = match &chunk {
            Poll::Pending => None,
            // The client was told of more.
            Poll::Ready(None) if *this.rest > 0 => Some(Status::Error),
            Poll::Ready(None) => Some(*this.status),
            Poll::Ready(Some(Err(_))) => Some(Status::Error),
            Poll::Ready(Some(Ok(bytes))) => {
                if *this.awaits_first {
                    *this.awaits_first = false;
                    this.watched.first_chunk();
                }
                if *this.is_told {
                    let left = this.rest.checked_sub(bytes.len() as u64);
                    *this.rest = left.unwrap_or(0);
                    match left {
                        Some(0) => Some(*this.status),
                        Some(_) => None,
                        // The client gets what was announced and no more: not this answer.
                        None => Some(Status::Error),
                    }
                } else {
                    None
                }
            }
        };
        if let Some(status) = ended {
            end(this.watched, status, this.spare);
        }
        chunk
    }

    /// Taken whole, the body is at its end.
    fn try_into_bytes(mut self) -> Result<Bytes, Self> {
        match self.inner.try_into_bytes() {
            Ok(bytes) => {
                end(&mut self.watched, self.status, &self.spare);
                Ok(bytes)
            }
            Err(inner) => {
                self.inner = inner;
                Err(self)
            }
        }
    }
}

/// The next request may have the handle of the route.
#[inline(always)]
fn end(watched: &mut Watched, status: Status, spare: &Option<Spare>) {
    if let (Some(route), Some(spare)) = (watched.finish_on_route(status), spare) {
        spare.set(Some(route));
    }
}

impl<B> fmt::Debug for InferenceBody<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InferenceBody")
            .field("watched", &self.watched)
            .finish_non_exhaustive()
    }
}
