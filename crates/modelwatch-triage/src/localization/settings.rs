//! How far a scan goes.

/// How to scan. The defaults were fixed on halves of 68 real incidents and hold for the rest: docs/triage.md.
///
/// [`localize`](super::localize) has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Labels in a combination, at most. Default: 3.
    pub depth: usize,
    /// Trials at the overall ratio that are added to each combination's past. Default: 50.
    pub pseudo_trials: f64,
    /// Tables drawn by chance for the p-value; with 99 no p-value is below 0.01. Default: 99. With 0 it is 1.
    pub replicates: usize,
    /// What the draws start from. Default: a constant.
    pub seed: u64,
    /// Candidates in the answer, at most. Default: 50.
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
