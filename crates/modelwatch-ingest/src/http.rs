//! Takes CloudEvents by POST into the log.
//!
//! The response to an event in structured or binary mode, or to a batch, is 202 once its rows are in the log and on storage. An
//! event that can't be a row gets a 400 that names the faulty field. It is not stored, because its sender knows. Requests wait
//! for each other for a moment, so that requests that arrive together share a file.
//!
//! A sender without a response sends again, and its event may be in the log already. You can find such rows by `prediction_id`,
//! which is the event's id.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender, TrySendError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header::{AUTHORIZATION, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use serde::Serialize;
use subtle::ConstantTimeEq as _;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use crate::cloud_event::{BATCH, STRUCTURED, media_type};
use crate::counts::Counts;
use crate::decoder::{Decoder, Format, Holds};
use crate::error::IngestError;
use crate::intake::{Intake, Limits};
use crate::rejection::Rejection;
use crate::row::Naming;

/// How long reading a body may take.
const BODY_WITHIN: Duration = Duration::from_secs(10);
/// The most requests that wait for a commit.
const MOST_WAITING: usize = 1_024;
/// The unit in which waiting bytes are counted.
const UNIT: usize = 1 << 10;
/// The pause before storage is tried again after a failure.
const STORAGE_PAUSE: Duration = Duration::from_secs(1);
/// The partition of all events.
const PARTITION: i32 = 0;

/// An HTTP endpoint for events.
/// # Example: a door on a router of yours
///
/// ```
/// use modelwatch::Monitor;
/// use modelwatch_ingest::http::{Door, OpenDoor};
/// use modelwatch_ingest::{Counts, Naming};
///
/// let root = tempfile::tempdir()?;
/// let door = Door::new(root.path(), Naming::default()).named("kserve");
/// assert_eq!(door.source(), "kserve");
/// let counts = Counts::new(door.source(), &Monitor::new());
/// let (router, open): (axum::Router, OpenDoor) = door.open("a-long-token", counts)?;
/// assert!(router.has_routes());
/// drop(open); // commits what it has
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Door {
    root: PathBuf,
    source: String,
    naming: Naming,
    limits: Limits,
    body_bytes: usize,
    waiting_bytes: usize,
}

impl Door {
    /// Makes a door into the log at a root. Rows that arrive within [`Limits::after`] of each other share a file. Here, it
    /// defaults to a second.
    pub fn new(root: impl Into<PathBuf>, naming: Naming) -> Self {
        let limits = Limits {
            after: Duration::from_secs(1),
            ..Limits::default()
        };
        Self {
            root: root.into(),
            source: "http".into(),
            naming,
            limits,
            body_bytes: 1 << 20,
            waiting_bytes: 64 << 20,
        }
    }

    /// Names the source in metrics and beside the log. Defaults to `http`.
    #[must_use]
    pub fn named(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Sets when a commit is due, and how long a KServe request waits for its response.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the largest body in bytes. Defaults to 1 MiB.
    #[must_use]
    pub fn body_bytes(mut self, bytes: usize) -> Self {
        self.body_bytes = bytes;
        self
    }

    /// Sets the most bytes of bodies that wait for a commit. Defaults to 64 MiB.
    #[must_use]
    pub fn waiting_bytes(mut self, bytes: usize) -> Self {
        self.waiting_bytes = bytes;
        self
    }

    /// Returns the source's name.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Opens the door. Returns a router with `POST /` for predictions and `POST /outcomes` for their labels, both protected by
    /// the token, and a handle that closes the door.
    ///
    /// # Errors
    ///
    /// Returns an error when storage fails, or when another process uses this source.
    pub fn open(self, token: &str, counts: Counts) -> Result<(Router, OpenDoor), IngestError> {
        let intake = self.intake(&counts)?;
        let (commands, received) = mpsc::sync_channel(MOST_WAITING);
        let body_bytes = self.body_bytes;
        let room = Arc::new(Semaphore::new(self.waiting_bytes.max(body_bytes).div_ceil(UNIT)));
        let root = self.root.clone();
        let taker = Taker {
            door: self,
            counts,
            intake: Some(intake),
            waiting: Vec::new(),
        };
        let thread = thread::Builder::new().name("modelwatch-take".into());
        let thread = thread.spawn(move || taker.run(&received));
        let thread = thread.map_err(IngestError::storage(&root, "written by a thread"))?;
        let entry = Entry {
            token: token.as_bytes().into(),
            commands: commands.clone(),
            room,
            body_bytes,
        };
        let router = Router::new()
            .route("/", post(enter_predictions))
            .route("/outcomes", post(enter_outcomes))
            .with_state(Arc::new(entry));
        let open = OpenDoor {
            commands: Some(commands),
            thread: Some(thread),
        };
        Ok((router, open))
    }

    fn intake(&self, counts: &Counts) -> Result<Intake, IngestError> {
        let decoder = Decoder::new(Format::CloudEvents, self.naming.clone());
        let mut intake = Intake::open(&self.root, &self.source, "all", decoder, self.limits, counts.clone())?;
        intake.own(PARTITION)?;
        Ok(intake)
    }
}

/// An open door. When you drop it, it commits what it has and closes.
/// The example of [`Door`] has one.
pub struct OpenDoor {
    commands: Option<SyncSender<Command>>,
    thread: Option<JoinHandle<()>>,
}

impl Drop for OpenDoor {
    fn drop(&mut self) {
        if let Some(commands) = self.commands.take() {
            // The thread may have ended.
            let _ = commands.send(Command::Close);
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for OpenDoor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenDoor").finish_non_exhaustive()
    }
}

struct Entry {
    token: Box<[u8]>,
    commands: SyncSender<Command>,
    room: Arc<Semaphore>,
    body_bytes: usize,
}

enum Command {
    Take(Post),
    Close,
}

/// A request that waits for a commit.
struct Post {
    headers: Vec<(String, Vec<u8>)>,
    batch: bool,
    holds: Holds,
    body: Bytes,
    answer: oneshot::Sender<Result<(), Refusal>>,
    _room: OwnedSemaphorePermit,
}

/// Why a request is refused.
#[derive(Debug)]
enum Refusal {
    Unauthorized,
    ContentType(String),
    TooLarge(usize),
    Slow,
    BrokenOff,
    Rejected { event: Option<usize>, rejection: Rejection },
    Full,
    Storage,
}

/// The body of a refusal.
#[derive(Serialize)]
struct Problem<'a> {
    error: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'a str>,
    /// The index in a batch, from 0.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<usize>,
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (mut field, mut event) = (None, None);
        let (status, error) = match &self {
            Self::Unauthorized => (
                StatusCode::UNAUTHORIZED,
                "send the header Authorization with Bearer and the door's token".to_owned(),
            ),
            Self::ContentType(sent) => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                format!(
                    "{sent} is not taken; send {STRUCTURED}, {BATCH}, or application/json with ce- headers, not compressed"
                ),
            ),
            Self::TooLarge(most) => (
                StatusCode::PAYLOAD_TOO_LARGE,
                format!("the body is longer than {most} bytes; send fewer events at a time"),
            ),
            Self::Slow => (
                StatusCode::REQUEST_TIMEOUT,
                format!("the body took longer than {} s", BODY_WITHIN.as_secs()),
            ),
            Self::BrokenOff => (StatusCode::BAD_REQUEST, "the body broke off".to_owned()),
            Self::Rejected { event: at, rejection } => {
                (field, event) = (rejection.field.as_deref(), *at);
                (StatusCode::BAD_REQUEST, rejection.to_string())
            }
            Self::Full => (
                StatusCode::SERVICE_UNAVAILABLE,
                "too many events wait for storage; send it again".to_owned(),
            ),
            Self::Storage => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the log can't be written now; send it again".to_owned(),
            ),
        };
        let problem = Problem { error, field, event };
        let mut response = (status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        match status {
            StatusCode::SERVICE_UNAVAILABLE => _ = headers.insert(RETRY_AFTER, HeaderValue::from_static("1")),
            StatusCode::UNAUTHORIZED => _ = headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            _ => {}
        }
        response
    }
}

async fn enter_predictions(State(entry): State<Arc<Entry>>, request: Request<Body>) -> Result<StatusCode, Refusal> {
    enter(&entry, request, Holds::Predictions).await
}

async fn enter_outcomes(State(entry): State<Arc<Entry>>, request: Request<Body>) -> Result<StatusCode, Refusal> {
    enter(&entry, request, Holds::Outcomes).await
}

async fn enter(entry: &Entry, request: Request<Body>, holds: Holds) -> Result<StatusCode, Refusal> {
    let (head, body) = request.into_parts();
    entry.is_known(&head.headers)?;
    let batch = is_batch(&head.headers)?;
    // Reserve the longest body until this one's length is known.
    let most = entry.body_bytes;
    let said = body.size_hint_upper().unwrap_or(most as u64);
    let units = usize::try_from(said).unwrap_or(usize::MAX);
    if units > most {
        return Err(Refusal::TooLarge(most));
    }
    let units = u32::try_from(units.div_ceil(UNIT).max(1)).unwrap_or(u32::MAX);
    let room = entry
        .room
        .clone()
        .try_acquire_many_owned(units)
        .map_err(|_| Refusal::Full)?;
    let collected = tokio::time::timeout(BODY_WITHIN, Limited::new(body, most).collect()).await;
    let body = match collected {
        Err(_) => return Err(Refusal::Slow),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(Refusal::TooLarge(most)),
        Ok(Err(_)) => return Err(Refusal::BrokenOff),
        Ok(Ok(collected)) => collected.to_bytes(),
    };
    let headers = head.headers.iter().filter(|(name, _)| is_of_event(name));
    let (answer, answered) = oneshot::channel();
    let post = Post {
        headers: headers
            .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_owned()))
            .collect(),
        batch,
        holds,
        body,
        answer,
        _room: room,
    };
    match entry.commands.try_send(Command::Take(post)) {
        Ok(()) => {}
        Err(TrySendError::Full(_)) => return Err(Refusal::Full),
        Err(TrySendError::Disconnected(_)) => return Err(Refusal::Storage),
    }
    answered.await.unwrap_or(Err(Refusal::Storage))?;
    Ok(StatusCode::ACCEPTED)
}

/// The declared length of a body.
trait SizeHint {
    fn size_hint_upper(&self) -> Option<u64>;
}

impl SizeHint for Body {
    fn size_hint_upper(&self) -> Option<u64> {
        axum::body::HttpBody::size_hint(self).upper()
    }
}

impl Entry {
    /// Compares in constant time, which does not reveal how much of the token is right.
    fn is_known(&self, headers: &HeaderMap) -> Result<(), Refusal> {
        let shown = headers
            .get(AUTHORIZATION)
            .map(HeaderValue::as_bytes)
            .unwrap_or_default();
        let (scheme, token) = shown.split_at_checked(b"Bearer ".len()).unwrap_or((b"", b""));
        match scheme.eq_ignore_ascii_case(b"Bearer ") && bool::from(token.ct_eq(&self.token)) {
            true => Ok(()),
            false => Err(Refusal::Unauthorized),
        }
    }
}

fn is_of_event(name: &HeaderName) -> bool {
    name == CONTENT_TYPE || name.as_str().starts_with("ce-") || name.as_str() == "traceparent"
}

/// Whether the body is a batch. An error for a content type that is not supported.
fn is_batch(headers: &HeaderMap) -> Result<bool, Refusal> {
    let encoding = headers.get(CONTENT_ENCODING);
    if encoding.is_some_and(|encoding| !encoding.as_bytes().eq_ignore_ascii_case(b"identity")) {
        return Err(Refusal::ContentType("a compressed body".into()));
    }
    let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let Some(content_type) = content_type else {
        return Err(Refusal::ContentType("a body without a content type".into()));
    };
    let media = media_type(content_type).to_ascii_lowercase();
    match media.as_str() {
        BATCH => Ok(true),
        STRUCTURED | "application/json" => Ok(false),
        other if other.ends_with("+json") => Ok(false),
        // It comes from the sender, and may be long.
        other => Err(Refusal::ContentType(other.chars().take(80).collect())),
    }
}

/// The thread that takes events and commits.
struct Taker {
    door: Door,
    counts: Counts,
    /// Absent after a storage error, until it is opened again.
    intake: Option<Intake>,
    /// The requests to answer at the next commit.
    waiting: Vec<oneshot::Sender<Result<(), Refusal>>>,
}

impl Taker {
    fn run(mut self, commands: &Receiver<Command>) {
        const LOOK: Duration = Duration::from_millis(10);
        let mut failed: Option<Instant> = None;
        loop {
            let heard = match commands.recv_timeout(LOOK) {
                Ok(Command::Take(post)) => self.take(post),
                Ok(Command::Close) | Err(RecvTimeoutError::Disconnected) => {
                    if let Err(error) = self.commit() {
                        tracing::error!("{error}");
                    }
                    return;
                }
                Err(RecvTimeoutError::Timeout) => Ok(()),
            };
            let done = heard.and_then(|()| match self.intake.as_ref().is_some_and(Intake::is_due) {
                true => self.commit(),
                false => Ok(()),
            });
            match done {
                Ok(()) => {
                    if self.intake.is_some() && failed.take().is_some() {
                        tracing::info!("the log can be written again");
                    }
                }
                Err(error) => {
                    if failed.is_none() {
                        tracing::error!("{error}; events are rejected until storage works again");
                    }
                    failed = Some(Instant::now());
                    // Uncommitted events got no response, so their senders send them again.
                    self.intake = None;
                    for answer in self.waiting.drain(..) {
                        let _ = answer.send(Err(Refusal::Storage));
                    }
                }
            }
            let again = failed.is_some_and(|failed| failed.elapsed() >= STORAGE_PAUSE);
            if self.intake.is_none() && again {
                match self.door.intake(&self.counts) {
                    Ok(intake) => self.intake = Some(intake),
                    Err(_) => failed = Some(Instant::now()),
                }
            }
        }
    }

    fn take(&mut self, post: Post) -> Result<(), IngestError> {
        let Some(intake) = &mut self.intake else {
            let _ = post.answer.send(Err(Refusal::Storage));
            return Ok(());
        };
        match intake.take_events(PARTITION, &post.headers, &post.body, post.batch, post.holds)? {
            // No rows to store.
            Ok(0) => _ = post.answer.send(Ok(())),
            Ok(_) => self.waiting.push(post.answer),
            Err((event, rejection)) => _ = post.answer.send(Err(Refusal::Rejected { event, rejection })),
        }
        Ok(())
    }

    fn commit(&mut self) -> Result<(), IngestError> {
        if let Some(intake) = &mut self.intake {
            intake.commit()?;
        }
        for answer in self.waiting.drain(..) {
            // The sender may be gone.
            let _ = answer.send(Ok(()));
        }
        Ok(())
    }
}
