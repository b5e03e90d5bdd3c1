//! Bodies that come in pieces.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use tokio::time::{Sleep, sleep};
use tokio_stream::Stream;

/// Chunks of five bytes with a pause before each, and then what is [last](Last).
pub struct Chunks {
    left: u32,
    pause: Duration,
    waits: Pin<Box<Sleep>>,
    last: Last,
}

/// What comes after the last chunk.
#[derive(Clone, Copy, Debug)]
pub enum Last {
    /// The end of the body.
    End,
    /// An error of the body.
    Error,
    /// A panic in the body's poll.
    Panic,
}

impl Chunks {
    /// Makes so many chunks. It begins the first pause, so it is to be called in a runtime.
    pub fn new(left: u32, pause: Duration, last: Last) -> Self {
        let waits = Box::pin(sleep(pause));
        Self {
            left,
            pause,
            waits,
            last,
        }
    }
}

impl Stream for Chunks {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.left == 0 {
            return Poll::Ready(match self.last {
                Last::End => None,
                Last::Error => Some(Err(io::Error::other("broken"))),
                Last::Panic => panic!("in the body"),
            });
        }
        ready!(self.waits.as_mut().poll(context));
        self.waits = Box::pin(sleep(self.pause));
        self.left -= 1;
        Poll::Ready(Some(Ok(Bytes::from_static(b"chunk"))))
    }
}
