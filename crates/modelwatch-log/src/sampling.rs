//! Which of a model's predictions are kept, where not all are.

use std::sync::atomic::{AtomicU64, Ordering};

/// Keeps a share of what comes, without a pattern: a hash of a seed and a running number decides.
#[derive(Debug)]
pub(crate) struct Sampler {
    /// Hashes below it are kept.
    threshold: u64,
    next: AtomicU64,
}

impl Sampler {
    /// Nothing where everything is kept.
    pub(crate) fn new(share: f64, seed: u64) -> Option<Self> {
        (share < 1.0).then(|| Self {
            threshold: (share * 2f64.powi(64)) as u64,
            next: AtomicU64::new(seed),
        })
    }

    pub(crate) fn keeps_next(&self) -> bool {
        mix(self.next.fetch_add(1, Ordering::Relaxed)) < self.threshold
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood 2014) over the golden-ratio sequence: neighbours come out unlike.
fn mix(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
