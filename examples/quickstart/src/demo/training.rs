//! What the training flights lack, so that only what is missing more than that is marked.

use flights::data::{FEATURES, Flight, missing_ratios};

/// Which features each training flight lacks, in the order of the flights.
#[derive(Debug)]
pub(crate) struct Training {
    ratios: [f64; FEATURES.len()],
    missing: [Vec<bool>; FEATURES.len()],
}

impl Training {
    pub(crate) fn new(flights: &[Flight]) -> Self {
        let missing = |position: usize| {
            flights
                .iter()
                .map(|flight| flight.features[position].is_none())
                .collect()
        };
        Self {
            ratios: missing_ratios(flights),
            missing: std::array::from_fn(missing),
        }
    }

    /// The share of the flights that a feature is missing in; 0 for a stranger.
    pub(crate) fn missing_ratio(&self, feature: &str) -> f64 {
        position(feature).map_or(0.0, |position| self.ratios[position])
    }

    /// The largest share that a feature is missing in among so many flights that follow each other. The weather comes from stations, which
    /// lack some of it for hours.
    pub(crate) fn most_missing(&self, feature: &str, run: usize) -> f64 {
        let missing = position(feature).map_or(&[][..], |position| &self.missing[position]);
        let run = run.clamp(1, missing.len().max(1));
        let mut inside = missing.iter().take(run).filter(|missing| **missing).count();
        let mut most = inside;
        for (leaves, enters) in missing.iter().zip(missing.iter().skip(run)) {
            inside = inside + usize::from(*enters) - usize::from(*leaves);
            most = most.max(inside);
        }
        most as f64 / run as f64
    }
}

fn position(feature: &str) -> Option<usize> {
    FEATURES.iter().position(|name| *name == feature)
}

#[cfg(test)]
pub(crate) mod tests {
    use std::time::SystemTime;

    use super::*;

    /// Flights that lack the pressure where it says so, and nothing else.
    pub(crate) fn without_pressure(lacks: impl IntoIterator<Item = bool>) -> Training {
        let flights = lacks.into_iter().map(|lacks| {
            let has = |name: &str| (name != "pressure" || !lacks).then_some(1.0);
            Flight {
                scheduled: SystemTime::UNIX_EPOCH,
                features: FEATURES.map(has),
                late: None,
            }
        });
        Training::new(&flights.collect::<Vec<_>>())
    }

    #[test]
    fn the_worst_run_is_found_wherever_it_is() {
        let training = without_pressure([false, true, true, false, true, false, false, false]);
        assert_eq!(training.missing_ratio("pressure"), 0.375);
        let most = [1, 2, 3, 4, 8, 100].map(|run| training.most_missing("pressure", run));
        assert_eq!(most, [1.0, 1.0, 2.0 / 3.0, 0.75, 0.375, 0.375]);
        assert_eq!(training.most_missing("temp", 2), 0.0);
        assert_eq!(training.most_missing("nobody", 2), 0.0);
        assert_eq!(without_pressure([]).most_missing("pressure", 2), 0.0);
    }
}
