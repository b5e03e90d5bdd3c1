//! What a generative model does besides answering: tokens in, tokens out, and how fast they come.
//!
//! The names, the `gen_ai_token_type` label and the buckets are those of OpenTelemetry's semantic conventions for
//! generative AI (`gen_ai.client.token.usage`, `gen_ai.server.time_to_first_token`,
//! `gen_ai.server.time_per_output_token`), as Prometheus spells them.

use std::sync::{Arc, LazyLock, OnceLock};

use crate::cells::histogram::Histogram;
use crate::cells::layout::Layout;
use crate::cells::stripes::Lanes;
use crate::contract::buckets::TOKEN_BUCKETS;
use crate::contract::metrics::{GEN_AI_TIME_PER_OUTPUT_TOKEN, GEN_AI_TIME_TO_FIRST_TOKEN, Metric};
use crate::contract::tokens::Tokens;
use crate::labels::label_set::Labels;

/// The histograms of one version, each made at its first observation.
#[derive(Default)]
pub(crate) struct GenerationSeries {
    tokens: [OnceLock<Histogram>; 2],
    to_first: OnceLock<Histogram>,
    per_token: OnceLock<Histogram>,
}

static TOKENS: LazyLock<Arc<Layout>> = LazyLock::new(|| Arc::new(Layout::tokens(TOKEN_BUCKETS)));
static TO_FIRST: LazyLock<Arc<Layout>> = LazyLock::new(|| durations(&GEN_AI_TIME_TO_FIRST_TOKEN));
static PER_TOKEN: LazyLock<Arc<Layout>> = LazyLock::new(|| durations(&GEN_AI_TIME_PER_OUTPUT_TOKEN));
/// In the order of `GenerationSeries::tokens`.
static TOKEN_TYPES: LazyLock<[Labels; 2]> =
    LazyLock::new(|| ["input", "output"].map(|kind| Labels::new([("gen_ai_token_type", &kind.into())])));

fn durations(metric: &Metric) -> Arc<Layout> {
    Arc::new(Layout::durations(metric.buckets))
}

impl GenerationSeries {
    pub(crate) fn record(&self, tokens: Tokens) {
        for (histogram, count) in self.tokens.iter().zip([tokens.input, tokens.output]) {
            if let Some(count) = count {
                histogram
                    .get_or_init(|| Histogram::new(TOKENS.clone(), Lanes::PerThread))
                    .observe(count as f64);
            }
        }
    }

    /// Tokens with the labels that tell input from output.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&'static Labels, &Histogram)> {
        let pairs = TOKEN_TYPES.iter().zip(&self.tokens);
        pairs.filter_map(|(labels, histogram)| Some((labels, histogram.get()?)))
    }

    /// Nanoseconds from the start to the first token.
    pub(crate) fn observe_to_first(&self, nanoseconds: f64) {
        self.to_first
            .get_or_init(|| Histogram::new(TO_FIRST.clone(), Lanes::PerThread))
            .observe(nanoseconds);
    }

    /// Nanoseconds each token after the first took, on average.
    pub(crate) fn observe_per_token(&self, nanoseconds: f64) {
        self.per_token
            .get_or_init(|| Histogram::new(PER_TOKEN.clone(), Lanes::PerThread))
            .observe(nanoseconds);
    }

    pub(crate) fn to_first(&self) -> Option<&Histogram> {
        self.to_first.get()
    }

    pub(crate) fn per_token(&self) -> Option<&Histogram> {
        self.per_token.get()
    }

    /// See [`Stripes::mark`](crate::cells::stripes::Stripes::mark).
    pub(crate) fn mark(&self) -> u64 {
        let all = self.tokens.iter().chain([&self.to_first, &self.per_token]);
        all.filter_map(OnceLock::get)
            .map(Histogram::mark)
            .fold(0, u64::wrapping_add)
    }
}
