//! Measures how well a window equals training once a change is undone.

use crate::baseline::{NumericCounts, NumericProfile};
use crate::sketch::{Found, Grid, quantile};

/// Holds training's distribution at the edges of its bins.
#[derive(Debug)]
pub(super) struct Training<'a> {
    pub(super) profile: &'a NumericProfile,
    edges: &'a [f64],
    /// The share of training below each edge.
    below: Vec<f64>,
    rows: f64,
}

/// Measures how far a sample is from training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    /// The Kolmogorov–Smirnov statistic at training's edges.
    pub(super) distance: f64,
    /// The share of values within training's range.
    pub(super) inside: f64,
}

/// How far a season may take values beyond training's range, as a multiple of that range.
const SEASON_ROOM: f64 = 0.6;

impl<'a> Training<'a> {
    pub(super) fn new(profile: &'a NumericProfile) -> Self {
        let counts = profile.counts();
        let rows = counts.present().max(1) as f64;
        let shares = counts.in_order().into_iter().map(|count| count as f64 / rows);
        let below = shares.scan(0.0, |sum, share| {
            *sum += share;
            Some(*sum)
        });
        let edges = profile.bins().edges();
        Self {
            profile,
            edges,
            below: below.take(edges.len()).collect(),
            rows,
        }
    }

    /// Returns the same distribution without zeros if many rows are zero (rainfall, amounts of money): a factor leaves
    /// zeros as they are.
    pub(super) fn without_zeros(&self) -> Option<(Self, f64)> {
        let bin = self.edges.partition_point(|edge| *edge <= 0.0);
        let zeros = self.around(0.0).within;
        if !(0.3..0.99).contains(&zeros) {
            return None;
        }
        let below = self.below.iter().enumerate();
        let below = below.map(|(edge, below)| (below - if edge >= bin { zeros } else { 0.0 }) / (1.0 - zeros));
        let others = Self {
            profile: self.profile,
            edges: self.edges,
            below: below.collect(),
            rows: self.rows * (1.0 - zeros),
        };
        Some((others, zeros))
    }

    /// Returns the value with about this share of the values at or below it.
    pub(super) fn quantile(&self, level: f64) -> f64 {
        let (least, largest) = (self.profile.least(), self.profile.largest());
        let place = self.below.partition_point(|below| *below < level);
        if place == 0 || place == self.edges.len() {
            return if place == 0 { least } else { largest };
        }
        let (from, to) = (self.below[place - 1], self.below[place]);
        let part = if to > from { (level - from) / (to - from) } else { 1.0 };
        (self.edges[place - 1] + (self.edges[place] - self.edges[place - 1]) * part).clamp(least, largest)
    }

    /// Returns whether values from `low` to `high` are as near to training's range as a season may take them.
    pub(super) fn is_near(&self, low: f64, high: f64) -> bool {
        let room = SEASON_ROOM * (self.profile.largest() - self.profile.least());
        low >= self.profile.least() - room && high <= self.profile.largest() + room
    }

    /// Returns the share of values below a number, interpolated within a bin.
    pub(super) fn share_below(&self, number: f64) -> f64 {
        let place = self.edges.partition_point(|edge| *edge <= number);
        if place == 0 || place == self.edges.len() {
            return if place == 0 { 0.0 } else { 1.0 };
        }
        let (from, to) = (self.edges[place - 1], self.edges[place]);
        let part = (number - from) / (to - from);
        self.below[place - 1] + (self.below[place] - self.below[place - 1]) * part
    }

    pub(super) fn rows(&self) -> f64 {
        self.rows
    }

    /// Returns each edge with the share of training below it.
    pub(super) fn below(&self) -> impl Iterator<Item = (f64, f64)> {
        self.edges.iter().copied().zip(self.below.iter().copied())
    }

    /// Returns the value that a large part of training has, and its share: the fullest bin, if it stands out.
    pub(super) fn mostly(&self) -> Option<(f64, f64)> {
        let shares = self.below.windows(2).map(|pair| pair[1] - pair[0]).enumerate();
        let (bin, share) = shares.max_by(|one, other| one.1.total_cmp(&other.1))?;
        let middle = f64::midpoint(self.edges[bin], self.edges[bin + 1]);
        (share >= 0.2).then_some((middle, share))
    }

    /// Returns the shares of training in the bin of a value, below that bin and above it.
    pub(super) fn around(&self, value: f64) -> Around {
        let place = self.edges.partition_point(|edge| *edge <= value);
        let before = place.checked_sub(1).map_or(0.0, |place| self.below[place]);
        let after = self.below.get(place).copied().unwrap_or(1.0);
        Around {
            below: before,
            within: if place == 0 || place == self.edges.len() {
                0.0
            } else {
                after - before
            },
            above: if place == 0 { 1.0 } else { 1.0 - after },
        }
    }

    /// Fits values in ascending order, each replaced by the result of `undo`, which is an increasing function.
    pub(super) fn fit(&self, sorted: &[f64], undo: impl Fn(f64) -> f64) -> Fit {
        self.fit_shares(|edge| share(sorted.partition_point(|value| undo(*value) < edge), sorted.len()))
    }

    /// Same, for a decreasing function `undo`.
    pub(super) fn fit_reversed(&self, sorted: &[f64], undo: impl Fn(f64) -> f64) -> Fit {
        self.fit_shares(|edge| {
            let not_below = sorted.partition_point(|value| undo(*value) >= edge);
            share(sorted.len() - not_below, sorted.len())
        })
    }

    /// Fits a distribution by its share below each edge.
    fn fit_shares(&self, share_below: impl Fn(f64) -> f64) -> Fit {
        let mut distance = 0.0_f64;
        let (mut first, mut last) = (None, 0.0);
        for (edge, below) in self.below() {
            last = share_below(edge);
            first.get_or_insert(last);
            distance = distance.max((last - below).abs());
        }
        Fit {
            distance,
            inside: last - first.unwrap_or_default(),
        }
    }

    /// Returns the largest distance between two distributions over the edges that `counts` accepts. Both are given as
    /// the share below an edge.
    pub(super) fn distance_where(
        &self,
        takes: impl Fn(f64) -> bool,
        training: impl Fn(f64, f64) -> f64,
        window: impl Fn(f64) -> f64,
    ) -> f64 {
        self.below()
            .filter(|(edge, _)| takes(*edge))
            .map(|(edge, below)| (training(edge, below) - window(edge)).abs())
            .fold(0.0, f64::max)
    }
}

/// Holds the shares of training around a value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    pub(super) below: f64,
    pub(super) within: f64,
    pub(super) above: f64,
}

/// Holds a window's values.
#[derive(Debug)]
pub(super) struct Window {
    pub(super) sorted: Vec<f64>,
    /// The most frequent values with their shares, at most three, most frequent first.
    pub(super) frequent: Vec<(f64, f64)>,
    /// The number of distinct values.
    pub(super) distinct: usize,
    /// The grid that the values lie on.
    pub(super) grid: Option<Found>,
}

impl Window {
    /// The minimum number of values; fewer say too little about their distribution.
    const FEWEST: usize = 100;

    pub(super) fn new(counts: &NumericCounts) -> Option<Self> {
        Self::of_sorted(counts.sample.sorted())
    }

    /// Returns the values other than zero, and the share of zeros.
    pub(super) fn without_zeros(&self) -> Option<(Self, f64)> {
        let others: Vec<f64> = self.sorted.iter().copied().filter(|value| *value != 0.0).collect();
        let zeros = 1.0 - share(others.len(), self.sorted.len());
        Some((Self::of_sorted(others)?, zeros))
    }

    fn of_sorted(sorted: Vec<f64>) -> Option<Self> {
        if sorted.len() < Self::FEWEST {
            return None;
        }
        let mut frequent: Vec<(f64, f64)> = sorted
            .chunk_by(|one, other| one == other)
            .map(|run| (run[0], share(run.len(), sorted.len())))
            .collect();
        let distinct = frequent.len();
        frequent.sort_by(|one, other| other.1.total_cmp(&one.1));
        frequent.truncate(3);
        Some(Self {
            grid: Grid::of_window(&sorted),
            sorted,
            frequent,
            distinct,
        })
    }

    pub(super) fn quantile(&self, level: f64) -> f64 {
        quantile(&self.sorted, level).unwrap_or_default()
    }

    /// Returns the range in which nearly all values lie.
    pub(super) fn ends(&self) -> (f64, f64) {
        (self.quantile(0.02), self.quantile(0.98))
    }

    /// Returns the share of values below a number.
    pub(super) fn below(&self, number: f64) -> f64 {
        share(self.sorted.partition_point(|value| *value < number), self.sorted.len())
    }

    /// Returns the share of values in the bin that training has around a value.
    pub(super) fn share_around(&self, value: f64, training: &Training<'_>) -> f64 {
        let place = training.edges.partition_point(|edge| *edge <= value);
        let end = |place: usize| training.edges.get(place).map_or(1.0, |edge| self.below(*edge));
        end(place) - place.checked_sub(1).map_or(0.0, end)
    }

    /// Returns the distance that chance alone exceeds once in fifty samples of this size, given training's rows.
    pub(super) fn noise(&self, training: &Training<'_>) -> f64 {
        1.52 * (1.0 / self.sorted.len() as f64 + 1.0 / training.rows()).sqrt()
    }
}

pub(super) fn share(part: usize, of: usize) -> f64 {
    part as f64 / of.max(1) as f64
}
