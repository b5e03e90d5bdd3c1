//! An adapter for a framework that has none: hyper alone, written against the core.
//!
//! It is all an adapter has to do. A request begins with [`Route::start`](modelwatch::Route::start), is carried by [`Watched`] from the call to the
//! end of the body, and ends where the answer does: with the head where no body follows, with the last frame, with an error, or by being
//! dropped. `tests/endings` runs every ending there is against it.

use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Buf;
use http::header::CONTENT_LENGTH;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use hyper::service::Service;
use modelwatch::{Bodiless, Model, Status, Watched};
use pin_project::pin_project;

/// Watches a service of hyper.
#[derive(Clone, Debug)]
pub struct Watch<S> {
    inner: S,
    model: Model,
    /// What the service answers. A path that is none of these is a client's invention, and no label.
    routes: &'static [&'static str],
}

impl<S> Watch<S> {
    /// Counts the requests of a service for a version, by the paths it has.
    pub fn new(inner: S, model: &Model, routes: &'static [&'static str]) -> Self {
        Self {
            inner,
            model: model.clone(),
            routes,
        }
    }
}

impl<S, I, B> Service<Request<I>> for Watch<S>
where
    S: Service<Request<I>, Response = Response<B>>,
    B: Body,
{
    type Response = Response<WatchedBody<B>>;
    type Error = S::Error;
    type Future = WatchedFuture<S::Future>;

    fn call(&self, request: Request<I>) -> Self::Future {
        let path = request.uri().path();
        let route = self
            .routes
            .iter()
            .find(|route| **route == path)
            .unwrap_or(&"__unmatched__");
        let mut watched = Watched::new(self.model.route(route).start());
        let bodiless = Bodiless::of(request.method().as_str());
        // The call itself may run the handler, and panic.
        let inner = watched.poll(|| self.inner.call(request));
        WatchedFuture {
            inner,
            watched,
            bodiless,
        }
    }
}

/// An answer on its way. Dropped before it is there, the request counts as cancelled.
#[pin_project]
#[derive(Debug)]
pub struct WatchedFuture<F> {
    #[pin]
    inner: F,
    watched: Watched,
    bodiless: Bodiless,
}

impl<F, B, E> Future for WatchedFuture<F>
where
    F: Future<Output = Result<Response<B>, E>>,
    B: Body,
{
    type Output = Result<Response<WatchedBody<B>>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let inner = this.inner;
        // In here `Serving::current()` is this request, and a panic ends it as an error.
        match std::task::ready!(this.watched.poll(|| inner.poll(context))) {
            Err(error) => {
                this.watched.finish(Status::Error);
                Poll::Ready(Err(error))
            }
            Ok(response) => {
                let code = response.status().as_u16();
                let status = Status::from_http(code);
                let mut watched = this.watched.take();
                if let Some(model) = response.extensions().get::<Model>() {
                    watched.served_by(model); // chosen with the answer
                }
                watched.answered(status);
                if this.bodiless.ends_with_head(code) || response.body().is_end_stream() {
                    watched.finish(status);
                }
                let announced = response.headers().get(CONTENT_LENGTH);
                let announced = announced.and_then(|length| length.to_str().ok()?.parse().ok());
                let rest = announced.or(response.body().size_hint().exact());
                Poll::Ready(Ok(response.map(|inner| WatchedBody {
                    inner,
                    awaits_first: rest.is_none(),
                    watched,
                    status,
                    rest,
                })))
            }
        }
    }
}

/// The body of an answer, whose end is the end of the request.
#[pin_project]
#[derive(Debug)]
pub struct WatchedBody<B> {
    #[pin]
    inner: B,
    watched: Watched,
    /// How the request counts when the body is whole.
    status: Status,
    /// Bytes still to come, where that is known: hyper does not ask for more when it has sent them.
    rest: Option<u64>,
    awaits_first: bool,
}

impl<B: Body> Body for WatchedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let inner = this.inner;
        let frame = std::task::ready!(this.watched.poll_body(|| inner.poll_frame(context)));
        match &frame {
            // The client was told of more.
            None if this.rest.is_some_and(|rest| rest > 0) => this.watched.finish(Status::Error),
            None => this.watched.finish(*this.status),
            Some(Err(_)) => this.watched.finish(Status::Error),
            Some(Ok(frame)) => {
                if std::mem::take(this.awaits_first) {
                    this.watched.first_chunk();
                }
                if let (Some(rest), Some(data)) = (this.rest, frame.data_ref()) {
                    match rest.checked_sub(data.remaining() as u64) {
                        Some(0) => this.watched.finish(*this.status),
                        Some(left) => *rest = left,
                        None => this.watched.finish(Status::Error),
                    }
                }
            }
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}
