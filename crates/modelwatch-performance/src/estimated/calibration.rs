//! Turns a score into the probability of being positive, learned from labelled scores by isotonic regression.

use crate::scores::Scores;

/// A curve that never falls: the pooled blocks of the pool-adjacent-violators algorithm (Ayer and others, 1955). Between
/// neighbouring blocks it is a straight line, and beyond the ends it is constant, as scikit-learn's `IsotonicRegression` clips.
#[derive(Clone, Debug)]
pub(super) struct Calibration {
    blocks: Vec<Block>,
}

/// Scores that share one probability.
#[derive(Clone, Copy, Debug)]
struct Block {
    low: f64,
    high: f64,
    positives: u64,
    rows: u64,
}

/// The position of a score among the blocks: on the line from one to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    block: usize,
    /// The fraction of the way to the next block, from 0 to 1.
    way: f64,
}

impl Calibration {
    /// Learns from the scores of negatives and positives. `None` when either is absent.
    pub(super) fn learn(scores: &Scores) -> Option<Self> {
        let [negatives, positives] = scores.totals();
        if negatives == 0 || positives == 0 {
            return None;
        }
        let mut blocks: Vec<Block> = Vec::new();
        for cell in scores.cells() {
            let mut block = Block {
                low: cell.score,
                high: cell.score,
                positives: cell.rows[1],
                rows: cell.all(),
            };
            while let Some(before) = blocks.pop_if(|before| before.is_at_least(&block)) {
                block.low = before.low;
                block.positives += before.positives;
                block.rows += before.rows;
            }
            blocks.push(block);
        }
        Some(Self { blocks })
    }

    pub(super) fn place(&self, score: f64) -> Place {
        let after = self.blocks.partition_point(|block| block.low <= score);
        let Some(block) = after.checked_sub(1) else {
            return Place { block: 0, way: 0.0 };
        };
        let high = self.blocks[block].high;
        match self.blocks.get(after) {
            Some(next) if score > high => Place {
                block,
                way: (score - high) / (next.low - high),
            },
            _ => Place { block, way: 0.0 },
        }
    }

    pub(super) fn probability(&self, place: Place) -> f64 {
        self.between(place, Block::share)
    }

    /// The variance of one label. Half a row of each kind keeps the share away from certainty.
    pub(super) fn label_variance(&self, place: Place) -> f64 {
        let share = self.between(place, Block::uncertain_share);
        share * (1.0 - share)
    }

    /// The variance of a weighted sum of probabilities, due to the limited rows of each block. `weights` has the weight of each
    /// place.
    pub(super) fn variance_of_sum(&self, weights: impl Iterator<Item = (Place, f64)>) -> f64 {
        let mut of_block = vec![0.0; self.blocks.len() + 1];
        for (place, weight) in weights {
            of_block[place.block] += weight * (1.0 - place.way);
            of_block[place.block + 1] += weight * place.way;
        }
        let variance = |(block, weight): (&Block, f64)| {
            let share = block.uncertain_share();
            weight * weight * share * (1.0 - share) / block.rows as f64
        };
        self.blocks.iter().zip(of_block).map(variance).sum()
    }

    /// Whether a score is outside of the range that was learned.
    pub(super) fn is_beyond(&self, score: f64) -> bool {
        let first = self.blocks.first().map_or(f64::NEG_INFINITY, |block| block.low);
        let last = self.blocks.last().map_or(f64::INFINITY, |block| block.high);
        score < first || score > last
    }

    fn between(&self, place: Place, of: fn(&Block) -> f64) -> f64 {
        let here = of(&self.blocks[place.block]);
        match self.blocks.get(place.block + 1) {
            Some(next) if place.way > 0.0 => here + place.way * (of(next) - here),
            _ => here,
        }
    }
}

impl Block {
    fn share(&self) -> f64 {
        self.positives as f64 / self.rows as f64
    }

    fn uncertain_share(&self) -> f64 {
        (self.positives as f64 + 0.5) / (self.rows as f64 + 1.0)
    }

    fn is_at_least(&self, other: &Self) -> bool {
        u128::from(self.positives) * u128::from(other.rows) >= u128::from(other.positives) * u128::from(self.rows)
    }
}
