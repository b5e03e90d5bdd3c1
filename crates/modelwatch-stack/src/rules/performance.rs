//! Model performance compared with the labelled reference: the figures of the performance job on one scale, without what chance
//! explains.
//!
//! Measures of which more is better become losses (1 minus the measure), so that every loss grows when a model gets worse. Each
//! is expressed as a share of the reference's. A loss counts only if the reference is on the better side and twice as far away as
//! the interval reaches. An interval that covers 95 of 100 windows, evaluated for several measures and versions each day, would
//! exclude the reference by chance too often, and the reference itself varies by chance.

use modelwatch::contract::{self, SourceMetric};
use modelwatch_config::Config;

use super::labels::{MODEL, VERSION};
use super::rule::Rule;
use super::shares::share_of;
use crate::error::GenerateError;
use crate::promql::{Expr, Op, Selector, max_by, metric, number};
use crate::recorded;

/// The `model_version` of all predictions together.
pub(crate) const ALL_VERSIONS: &str = "__all__";
/// Measures of which more is better. None exceeds 1.
pub(crate) const HIGHER: [&str; 6] = ["accuracy", "precision", "recall", "f1", "roc_auc", "r2"];
/// Losses. How far probabilities or numbers are off to one side is recorded separately.
pub(crate) const LOWER: [&str; 4] = ["log_loss", "brier_score", "mae", "rmse"];
pub(crate) const CALIBRATION_ERROR: &str = "calibration_error";
pub(crate) const BIAS: &str = "bias";
pub(crate) const ABSOLUTE_ERROR: &str = "mae";

const MEASURE: &[&str] = &["model_name", "measure"];
pub(crate) const VERSION_MEASURE: &[&str] = &["model_name", "model_version", "measure"];
/// A value must be this many times as far from the reference as its interval reaches.
const CLEAR: f64 = 2.0;
/// The least loss of a reference by a measure of which more is better. Relative to a perfect reference, any loss would be
/// infinite.
const LEAST_LOSS: f64 = 0.001;
/// The largest growth that is recorded.
const MOST: f64 = 1000.0;

/// A figure and the bounds of its interval.
struct Told {
    value: &'static SourceMetric,
    low: &'static SourceMetric,
    high: &'static SourceMetric,
}

const REALISED: Told = Told {
    value: &contract::PERFORMANCE,
    low: &contract::PERFORMANCE_LOW,
    high: &contract::PERFORMANCE_HIGH,
};
const ESTIMATED: Told = Told {
    value: &contract::PERFORMANCE_ESTIMATE,
    low: &contract::PERFORMANCE_ESTIMATE_LOW,
    high: &contract::PERFORMANCE_ESTIMATE_HIGH,
};

/// One series per version and measure, even if several targets export it.
fn told(metric_: &'static SourceMetric, measures: &[&str]) -> Expr {
    max_by(VERSION_MEASURE, of(metric(metric_), measures))
}

fn of(selector: Selector, measures: &[&str]) -> Selector {
    selector.one_of("measure", measures.iter().copied())
}

fn reference(measures: &[&str]) -> Expr {
    max_by(MEASURE, of(metric(&contract::PERFORMANCE_REFERENCE), measures))
}

impl Told {
    /// How far values are above the reference. Absent where chance explains it.
    fn above(&self, measures: &[&str]) -> Expr {
        let value = told(self.value, measures);
        let reach = value.with(Op::Minus, VERSION_MEASURE, told(self.low, measures));
        value.with_one(Op::Minus, MEASURE, &[], reference(measures)).with(
            Op::Above,
            VERSION_MEASURE,
            reach.times(CLEAR),
        )
    }

    /// How far values are below the reference. Absent where chance explains it.
    fn below(&self, measures: &[&str]) -> Expr {
        let value = told(self.value, measures);
        let reach = told(self.high, measures).with(Op::Minus, VERSION_MEASURE, value.clone());
        reference(measures)
            .with_many(Op::Minus, MEASURE, value)
            .with(Op::Above, VERSION_MEASURE, reach.times(CLEAR))
    }

    /// The excess of the losses, as a share of the reference's.
    fn growth(&self) -> Expr {
        let least = number(1.0).minus(reference(&HIGHER)).clamp_min(LEAST_LOSS);
        let lost = self.below(&HIGHER).with_one(Op::DividedBy, MEASURE, &[], least);
        let more = self
            .above(&LOWER)
            .with_one(Op::DividedBy, MEASURE, &[], reference(&LOWER));
        lost.or(VERSION_MEASURE, more).clamp(0.0, MOST)
    }
}

pub(super) fn rules(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let labels = max_by(VERSION, metric(&contract::PERFORMANCE_LABELS));
    let predictions = max_by(VERSION, metric(&contract::PERFORMANCE_PREDICTIONS));
    let off = max_by(VERSION, REALISED.above(&[CALIBRATION_ERROR]));
    let aside = REALISED.above(&[BIAS]).or(VERSION_MEASURE, REALISED.below(&[BIAS]));
    let moved = max_by(VERSION, aside).with_one(
        Op::DividedBy,
        MODEL,
        &[],
        max_by(MODEL, of(metric(&contract::PERFORMANCE_REFERENCE), &[ABSOLUTE_ERROR])),
    );
    Ok(vec![
        Rule::record(config, &recorded::PERFORMANCE_GROWTH, &REALISED.growth())?,
        Rule::record(config, &recorded::ESTIMATE_GROWTH, &ESTIMATED.growth())?,
        Rule::record(config, &recorded::CALIBRATION_EXCESS, &off)?,
        Rule::record(config, &recorded::BIAS_EXCESS, &moved.clamp(0.0, MOST))?,
        Rule::record(
            config,
            &recorded::LABELS_SHARE,
            &share_of(VERSION, &labels, &predictions),
        )?,
    ])
}
