//! Is the input whole? Features that are missing or outside their range, by the serving path's own counts.

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Rollout, Thresholds};

use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::recorded;
use crate::recorded::{self, Recorded};
use crate::rules::alert::{
    Alert, HOVERS, MINUTE, Severity, Tested, data_team, hero, labelled, over_and_back, own, percent, place, settings,
};
use crate::rules::case::Case;
use crate::rules::labels::FEATURE;
use crate::rules::models::share;
use crate::rules::story::Series;
use crate::rules::text::PERCENT;

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::ModelAware {
        return Ok(rules);
    }
    for ratio in [&MISSING, &DEFAULTED, &OUT_OF_RANGE] {
        rules.extend(ratios(config, ratio)?);
    }
    Ok(rules)
}

struct Ratio {
    known: &'static KnownAlert,
    limit: fn(&Thresholds) -> f64,
    ratio: &'static Recorded,
    summary: &'static str,
    what: &'static str,
    counter: &'static Metric,
}

const MISSING: Ratio = Ratio {
    known: &known::MISSING_RATIO_HIGH,
    limit: |thresholds| thresholds.missing_ratio,
    ratio: &recorded::MISSING_RATIO,
    summary: "A feature is missing too often",
    what: "missing",
    counter: &contract::FEATURE_MISSING,
};
const DEFAULTED: Ratio = Ratio {
    known: &known::DEFAULTED_RATIO_HIGH,
    limit: |thresholds| thresholds.defaulted_ratio,
    ratio: &recorded::DEFAULTED_RATIO,
    summary: "A default stands in for a feature too often",
    what: "replaced by a default",
    counter: &contract::FEATURE_DEFAULTED,
};
const OUT_OF_RANGE: Ratio = Ratio {
    known: &known::OUT_OF_RANGE_HIGH,
    limit: |thresholds| thresholds.out_of_range_ratio,
    ratio: &recorded::OUT_OF_RANGE_RATIO,
    summary: "A feature is out of its range too often",
    what: "out of range",
    counter: &contract::FEATURE_OUT_OF_RANGE,
};

fn ratios(config: &Config, ratio: &Ratio) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| ((ratio.limit)(thresholds), thresholds.minimum_requests),
        data_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series)).expr();
        let too_few = of(&recorded::FEATURE_OBSERVATIONS).times(900.0).below(minimum as f64);
        Alert {
            known: ratio.known,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: of(ratio.ratio).above(limit).unless(FEATURE, too_few),
            for_: 15 * MINUTE,
            keep: HOVERS,
            labels: FEATURE,
            summary: ratio.summary,
            description: place(config, FEATURE)
                + " is "
                + ratio.what
                + " in "
                + PERCENT
                + " of its observations; the threshold is "
                + percent(limit)
                + ". Measured over 15 minutes, for at least 15 minutes.",
            query: own(recorded(ratio.ratio), FEATURE).expr(),
            case: case(ratio.counter, hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// A feature that goes over the threshold, by what two versions count together; another always over it that hardly
/// anybody asks for.
fn case(counter: &Metric, model: &str, limit: f64, minimum: u64) -> Case {
    let (bad, good) = over_and_back(limit, minimum as f64, 40);
    let all: Vec<_> = bad
        .iter()
        .zip(good)
        .map(|(bad, good)| (bad.0 + good.0, bad.1))
        .collect();
    let few = [(0.05 * minimum as f64, 190)];
    let series = |counter: &Metric, feature, phases: &[(f64, usize)]| {
        ["2026-04-01", "2026-05-01"].map(|version| {
            let halves: Vec<_> = phases.iter().map(|(rate, minutes)| (rate / 2.0, *minutes)).collect();
            let labels = [
                ("model_name", model),
                ("model_version", version),
                ("feature_name", feature),
            ];
            Series::counter(counter.name, &labels, &halves)
        })
    };
    let observations = &contract::FEATURE_OBSERVATIONS;
    Case {
        step: MINUTE,
        evaluate: 1,
        series: [
            series(counter, "income", &bad),
            series(observations, "income", &all),
            series(counter, "rarely asked", &few),
            series(observations, "rarely asked", &few),
        ]
        .concat(),
        fires: labelled(&[("model_name", model), ("feature_name", "income")]),
        quiet: vec![30, 45],
        fires_at: 46,
        resolved_at: 87,
    }
}
