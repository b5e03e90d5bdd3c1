//! An answer of a generative model under way.

use std::fmt;

use crate::cells::clock::Instant;
use crate::cells::striped_arc::StripedArc;
use crate::contract::finish_reason::FinishReason;
use crate::contract::tokens::Tokens;
use crate::series::version::VersionSeries;

/// One answer of a generative model under way, from [`Model::start_generation`](crate::Model::start_generation).
///
/// Report each token, and at the end why it ended and how many tokens there were. If you drop it before that, it counts as cancelled, or
/// as an error while the thread panics, with what you reported so far.
///
/// ```
/// use modelwatch::{FinishReason, Tokens};
///
/// # let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("assistant", "2026-04-01").register()?;
/// let mut generation = model.start_generation();
/// generation.know(Tokens::new().input(812)); // counts, however the answer ends
/// for _token in ["The", " flight", " is", " late"] {
///     generation.token();
/// }
/// generation.finish(FinishReason::Stop, Tokens::new().output(4));
/// assert_eq!(monitor.value("ml_generation_inter_token_seconds_count", &[]), Ok(3.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[must_use = "a generation that is dropped counts as cancelled"]
pub struct Generation {
    version: StripedArc<VersionSeries>,
    started: Instant,
    /// When the first token came, and the last so far.
    came: Option<(Instant, Instant)>,
    tokens: Tokens,
    finished: bool,
}

impl Generation {
    pub(crate) fn new(version: StripedArc<VersionSeries>) -> Self {
        Self {
            version,
            started: Instant::now(),
            came: None,
            tokens: Tokens::new(),
            finished: false,
        }
    }

    /// Counts a token that has just come. The first ends the time to the first token, each of the others the time since the one before.
    #[inline]
    pub fn token(&mut self) {
        self.tokens(1);
    }

    /// Counts tokens that have just come, all at once. None is nothing that came: engines send empty pieces, too.
    pub fn tokens(&mut self, count: u64) {
        if count == 0 {
            return;
        }
        let now = Instant::now();
        let generations = self.version.generations();
        let since = |before: Instant| now.nanoseconds_since(before) as f64;
        self.came = Some(match self.came {
            Some((first, last)) => {
                generations.observe_inter_token(since(last));
                (first, now)
            }
            None => {
                generations.observe_to_first(since(self.started));
                (now, now)
            }
        });
        self.tokens.output = Some(self.tokens.output.unwrap_or_default().saturating_add(count));
    }

    /// Sets what is known about the tokens so far, replacing earlier values. It counts however the response ends.
    pub fn know(&mut self, tokens: Tokens) {
        self.tokens = self.tokens.updated(tokens);
    }

    /// Ends the answer. Counts it and its tokens: those given here and, where there are none, those said before.
    ///
    /// A whole answer's time for each output token after the first is observed as well, where there were others and their
    /// number is known.
    pub fn finish(mut self, reason: FinishReason, tokens: Tokens) {
        self.know(tokens);
        self.end(reason);
    }

    fn end(&mut self, reason: FinishReason) {
        if std::mem::replace(&mut self.finished, true) {
            return;
        }
        let generations = self.version.generations();
        generations.record(reason, self.tokens);
        let others = self.tokens.output.and_then(|output| output.checked_sub(1));
        if let (Some((first, _)), Some(others @ 1..), true) = (self.came, others, reason.is_whole()) {
            generations.observe_per_token(first.nanoseconds() as f64 / others as f64);
        }
    }
}

impl Drop for Generation {
    fn drop(&mut self) {
        self.end(if std::thread::panicking() {
            FinishReason::Error
        } else {
            FinishReason::Cancelled
        });
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("version", &self.version.labels.text())
            .finish_non_exhaustive()
    }
}
