//! What a generative model does besides answering: tokens in, tokens out, and how fast they come.
//!
//! The names, the `gen_ai_token_type` label and the buckets are those of OpenTelemetry's semantic conventions for
//! generative AI (`gen_ai.client.token.usage`, `gen_ai.server.time_to_first_token`,
//! `gen_ai.server.time_per_output_token`), as Prometheus spells them.

use std::fmt;
use std::sync::{Arc, LazyLock, OnceLock};

use crate::clock::Instant;
use crate::contract;
use crate::histogram::Histogram;
use crate::label::Labels;
use crate::layout::Layout;
use crate::model::Model;

/// Tokens of one request, as they are billed. What is not known is not recorded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// Tokens of the prompt.
    pub input: Option<u64>,
    /// Tokens of the answer.
    pub output: Option<u64>,
}

/// The histograms of one version, each made at its first observation.
#[derive(Default)]
pub(crate) struct Generations {
    tokens: [OnceLock<Histogram>; 2],
    to_first: OnceLock<Histogram>,
    per_token: OnceLock<Histogram>,
}

static TOKENS: LazyLock<Arc<Layout>> = LazyLock::new(|| Arc::new(Layout::tokens(contract::TOKEN_BUCKETS)));
static TO_FIRST: LazyLock<Arc<Layout>> = LazyLock::new(|| durations(&contract::GEN_AI_TIME_TO_FIRST_TOKEN));
static PER_TOKEN: LazyLock<Arc<Layout>> = LazyLock::new(|| durations(&contract::GEN_AI_TIME_PER_OUTPUT_TOKEN));
/// In the order of `Generations::tokens`.
static TOKEN_TYPES: LazyLock<[Labels; 2]> =
    LazyLock::new(|| ["input", "output"].map(|kind| Labels::new([("gen_ai_token_type", &kind.into())])));

fn durations(metric: &contract::Metric) -> Arc<Layout> {
    Arc::new(Layout::durations(metric.buckets))
}

impl Generations {
    pub(crate) fn record(&self, tokens: Tokens) {
        for (histogram, count) in self.tokens.iter().zip([tokens.input, tokens.output]) {
            if let Some(count) = count {
                histogram
                    .get_or_init(|| Histogram::new(TOKENS.clone()))
                    .observe(count as f64);
            }
        }
    }

    /// Tokens with the labels that tell input from output.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&'static Labels, &Histogram)> {
        let pairs = TOKEN_TYPES.iter().zip(&self.tokens);
        pairs.filter_map(|(labels, histogram)| Some((labels, histogram.get()?)))
    }

    pub(crate) fn to_first(&self) -> Option<&Histogram> {
        self.to_first.get()
    }

    pub(crate) fn per_token(&self) -> Option<&Histogram> {
        self.per_token.get()
    }

    /// See [`Stripes::mark`](crate::stripes::Stripes::mark).
    pub(crate) fn mark(&self) -> u64 {
        let all = self.tokens.iter().chain([&self.to_first, &self.per_token]);
        all.filter_map(OnceLock::get)
            .map(Histogram::mark)
            .fold(0, u64::wrapping_add)
    }
}

/// One answer of a generative model under way, from [`Model::start_generation`].
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
    model: Model,
    started: Instant,
    first: Option<Instant>,
}

impl Generation {
    pub(crate) fn new(model: Model) -> Self {
        Self {
            model,
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
        let generations = self.model.generations();
        generations.record(tokens);
        let Some(first) = self.first else { return };
        let to_first = first.duration_since(self.started).as_nanos() as f64;
        generations
            .to_first
            .get_or_init(|| Histogram::new(TO_FIRST.clone()))
            .observe(to_first);
        if let Some(others) = tokens.output.and_then(|output| output.checked_sub(1))
            && others > 0
        {
            generations
                .per_token
                .get_or_init(|| Histogram::new(PER_TOKEN.clone()))
                .observe(first.elapsed().as_nanos() as f64 / others as f64);
        }
    }
}

impl fmt::Debug for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Generation")
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}
