//! The limits of a scan.

/// How to scan. The defaults were tuned on halves of 68 real incidents and hold for the other halves: docs/triage.md.
///
/// [`localize`](super::localize) has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// The most labels in a combination. Defaults to 3.
    pub depth: usize,
    /// Trials at the overall ratio that are added to each combination's past. Defaults to 50.
    pub pseudo_trials: f64,
    /// Replicates drawn for the p-value. With 99, no p-value is below 0.01; with 0, every p-value is 1. Defaults to 99.
    pub replicates: usize,
    /// The seed of the draws. Defaults to a constant.
    pub seed: u64,
    /// The most candidates in the answer. Defaults to 50.
    pub most: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            depth: 3,
            pseudo_trials: 50.0,
            replicates: 99,
            seed: 0x6d6f_6465_6c77_6174,
            most: 50,
        }
    }
}
