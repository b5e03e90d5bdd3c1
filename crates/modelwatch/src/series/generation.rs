//! What a generative model does besides answering: tokens in, tokens out, how fast they come, and why they end.
//!
//! Three names, the `gen_ai_token_type` label and most buckets are those of OpenTelemetry's semantic conventions for
//! generative AI (`gen_ai.client.token.usage`, `gen_ai.server.time_to_first_token`,
//! `gen_ai.server.time_per_output_token`), as Prometheus spells them. The rest has no convention yet.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use crate::cells::created::Created;
use crate::cells::histogram::Histogram;
use crate::cells::layout::Layout;
use crate::cells::stripes::{Lanes, Stripes};
use crate::contract::buckets::{
    INTER_TOKEN_BUCKETS, TIME_PER_OUTPUT_TOKEN_BUCKETS, TIME_TO_FIRST_TOKEN_BUCKETS, TOKEN_BUCKETS,
};
use crate::contract::finish_reason::FinishReason;
use crate::contract::tokens::{TOKEN_TYPES, Tokens};
use crate::labels::label_set::Labels;

const REASONS: usize = FinishReason::ALL.len();
const TYPES: usize = TOKEN_TYPES.len();

/// The series of one version. Each histogram is made at its first observation.
pub(crate) struct GenerationSeries {
    layouts: Arc<GenerationLayouts>,
    lanes: Lanes,
    tokens: [OnceLock<Histogram>; TYPES],
    to_first: OnceLock<Histogram>,
    per_token: OnceLock<Histogram>,
    inter_token: OnceLock<Histogram>,
    /// Answers by reason, then tokens by reason and type.
    ended: Stripes,
    /// A bit for each reason and type of which a number was ever known.
    known: AtomicU32,
    sequences: OnceLock<[AtomicU64; 2]>,
    /// The bits of an `f64`.
    kv_cache_usage: OnceLock<AtomicU64>,
}

static TYPE_LABELS: LazyLock<[Labels; TYPES]> =
    LazyLock::new(|| TOKEN_TYPES.map(|kind| Labels::new([("gen_ai_token_type", &kind.into())])));
static REASON_LABELS: LazyLock<[Labels; REASONS]> =
    LazyLock::new(|| FinishReason::ALL.map(|reason| Labels::new([("finish_reason", &reason.as_str().into())])));

/// Where what generative models do is counted.
pub(crate) struct GenerationLayouts {
    tokens: Arc<Layout>,
    to_first: Arc<Layout>,
    per_token: Arc<Layout>,
    inter_token: Arc<Layout>,
}

impl GenerationLayouts {
    pub(crate) fn new(native: bool) -> Self {
        let durations = |bounds| Arc::new(Layout::durations(bounds, native));
        Self {
            tokens: Arc::new(Layout::tokens(TOKEN_BUCKETS, native)),
            to_first: durations(TIME_TO_FIRST_TOKEN_BUCKETS),
            per_token: durations(TIME_PER_OUTPUT_TOKEN_BUCKETS),
            inter_token: durations(INTER_TOKEN_BUCKETS),
        }
    }
}

impl GenerationSeries {
    /// Of a version whose series have these lanes.
    pub(crate) fn new(layouts: Arc<GenerationLayouts>, lanes: Lanes) -> Self {
        Self {
            layouts,
            lanes,
            tokens: Default::default(),
            to_first: OnceLock::new(),
            per_token: OnceLock::new(),
            inter_token: OnceLock::new(),
            ended: Stripes::new(REASONS * (1 + TYPES), lanes),
            known: AtomicU32::new(0),
            sequences: OnceLock::new(),
            kv_cache_usage: OnceLock::new(),
        }
    }
}

/// The place of a reason and type among the token counters.
fn place(reason: usize, kind: usize) -> usize {
    reason * TYPES + kind
}

impl GenerationSeries {
    /// Counts an answer that ended, and what is known of its tokens.
    pub(crate) fn record(&self, reason: FinishReason, tokens: Tokens) {
        let reason = reason as usize;
        let lane = self.ended.lane();
        lane.add(reason, 1);
        let counts = tokens.by_type().into_iter().enumerate();
        for (kind, count) in counts.filter_map(|(kind, count)| Some((kind, count?))) {
            self.tokens[kind]
                .get_or_init(|| Histogram::new(self.layouts.tokens.clone(), self.lanes))
                .observe(count as f64);
            let place = place(reason, kind);
            lane.add(REASONS + place, count);
            // A store that all threads would share, but for the first.
            if self.known.load(Ordering::Relaxed) & (1 << place) == 0 {
                self.known.fetch_or(1 << place, Ordering::Relaxed);
            }
        }
    }

    /// Tokens with the label of their type.
    pub(crate) fn tokens(&self) -> impl Iterator<Item = (&'static Labels, &Histogram)> {
        let pairs = TYPE_LABELS.iter().zip(&self.tokens);
        pairs.filter_map(|(labels, histogram)| Some((labels, histogram.get()?)))
    }

    /// Answers by reason; nothing until one has ended.
    pub(crate) fn ended(&self) -> Vec<(&'static Labels, u64)> {
        let ended: [u64; REASONS] = std::array::from_fn(|reason| self.ended.sum(reason));
        if ended == [0; REASONS] {
            return Vec::new();
        }
        REASON_LABELS.iter().zip(ended).collect()
    }

    /// Tokens by reason and type, where a number was ever known.
    pub(crate) fn ended_tokens(&self) -> impl Iterator<Item = ([&'static Labels; 2], u64)> {
        let known = self.known.load(Ordering::Relaxed);
        let places = (0..REASONS).flat_map(|reason| (0..TYPES).map(move |kind| (reason, kind)));
        let known = places.filter(move |(reason, kind)| known & (1 << place(*reason, *kind)) != 0);
        known.map(|(reason, kind)| {
            let count = self.ended.sum(REASONS + place(reason, kind));
            ([&REASON_LABELS[reason], &TYPE_LABELS[kind]], count)
        })
    }

    /// When the version had its first answer, which is since when all of these count.
    pub(crate) fn created(&self) -> Created {
        self.ended.created()
    }

    /// Nanoseconds from the start to the first token.
    pub(crate) fn observe_to_first(&self, nanoseconds: f64) {
        self.to_first
            .get_or_init(|| Histogram::new(self.layouts.to_first.clone(), self.lanes))
            .observe(nanoseconds);
    }

    /// Nanoseconds each token after the first took, on average.
    pub(crate) fn observe_per_token(&self, nanoseconds: f64) {
        self.per_token
            .get_or_init(|| Histogram::new(self.layouts.per_token.clone(), self.lanes))
            .observe(nanoseconds);
    }

    /// Nanoseconds between two tokens.
    pub(crate) fn observe_inter_token(&self, nanoseconds: f64) {
        self.inter_token
            .get_or_init(|| Histogram::new(self.layouts.inter_token.clone(), self.lanes))
            .observe(nanoseconds);
    }

    pub(crate) fn to_first(&self) -> Option<&Histogram> {
        self.to_first.get()
    }

    pub(crate) fn per_token(&self) -> Option<&Histogram> {
        self.per_token.get()
    }

    pub(crate) fn inter_token(&self) -> Option<&Histogram> {
        self.inter_token.get()
    }

    pub(crate) fn set_sequences(&self, running: u64, waiting: u64) {
        let sequences = self.sequences.get_or_init(Default::default);
        sequences[0].store(running, Ordering::Relaxed);
        sequences[1].store(waiting, Ordering::Relaxed);
    }

    /// Running and waiting, once an engine has said.
    pub(crate) fn sequences(&self) -> Option<[u64; 2]> {
        let sequences = self.sequences.get()?;
        Some(sequences.each_ref().map(|sequences| sequences.load(Ordering::Relaxed)))
    }

    pub(crate) fn set_kv_cache_usage(&self, share: f64) {
        if share.is_finite() {
            self.kv_cache_usage
                .get_or_init(AtomicU64::default)
                .store(share.to_bits(), Ordering::Relaxed);
        }
    }

    pub(crate) fn kv_cache_usage(&self) -> Option<f64> {
        let bits = self.kv_cache_usage.get()?.load(Ordering::Relaxed);
        Some(f64::from_bits(bits))
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        let times = [&self.to_first, &self.per_token, &self.inter_token];
        let histograms = self.tokens.iter().chain(times).filter_map(OnceLock::get);
        histograms
            .map(Histogram::mark)
            .fold(self.ended.mark(), u64::wrapping_add)
    }
}
