//! An answer of a generative model under way.

use std::fmt;

use crate::cells::clock::Instant;
use crate::cells::striped_arc::StripedArc;
use crate::contract::tokens::Tokens;
use crate::series::version::VersionSeries;

/// One answer of a generative model under way, from [`Model::start_generation`](crate::Model::start_generation).
///
/// Say when a token comes, and at the end how many there were. One that is dropped before its end was not answered: of it
/// nothing is recorded, as the conventions have it.
///
/// ```
/// use modelwatch::Tokens;
///
/// # let monitor = modelwatch::Monitor::new();
/// let model = monitor.model("assistant", "2026-04-01").register()?;
/// let mut generation = model.start_generation();
/// for _token in ["The", " flight", " is", " late"] {
///     generation.token(); // the first call counts, the others cost next to nothing
/// }
/// generation.finish(Tokens { input: Some(812), output: Some(4) });
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[must_use = "a generation that is dropped is not recorded"]
pub struct Generation {
    version: StripedArc<VersionSeries>,
    started: Instant,
    first: Option<Instant>,
}

impl Generation {
    pub(crate) fn new(version: StripedArc<VersionSeries>) -> Self {
        Self {
            version,
            started: Instant::now(),
            first: None,
        }
    }

    /// A token is there. The first call ends the time to the first token.
    #[inline]
    pub fn token(&mut self) {
        if self.first.is_none() {
            self.first = Some(Instant::now());
        }
    }

    /// The answer is whole. Observes its tokens, the time to the first of them, and the time each of the others took on
    /// average, where there were others and their number is known.
    pub fn finish(self, tokens: Tokens) {
        let generations = self.version.generations();
        generations.record(tokens);
        let Some(first) = self.first else { return };
        let to_first = first.duration_since(self.started).as_nanos() as f64;
        generations.observe_to_first(to_first);
        if let Some(others) = tokens.output.and_then(|output| output.checked_sub(1))
            && others > 0
        {
            generations.observe_per_token(first.elapsed().as_nanos() as f64 / others as f64);
        }
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("version", &self.version.labels.text())
            .finish_non_exhaustive()
    }
}
