//! Is the input whole? Features that are missing or outside their range, by the serving path's own counts.

use modelwatch_config::{Config, Rollout, Thresholds};

use super::kind::{self, Kind};
use super::{Alert, MINUTE, PERCENT, Severity, data_team, own, percent, place, settings};
use crate::error::GenerateError;
use crate::promql::recorded;
use crate::recorded::{self, Recorded};
use crate::rules::Rule;
use crate::rules::recording::FEATURE;
use crate::rules::scope::share;

pub(super) fn rules(config: &Config) -> Result<Vec<Rule>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::ModelAware {
        return Ok(rules);
    }
    for ratio in [&MISSING, &OUT_OF_RANGE] {
        rules.extend(ratios(config, ratio)?);
    }
    Ok(rules)
}

struct Ratio {
    kind: &'static Kind,
    limit: fn(&Thresholds) -> f64,
    ratio: &'static Recorded,
    summary: &'static str,
    what: &'static str,
}

const MISSING: Ratio = Ratio {
    kind: &kind::MISSING_RATIO_HIGH,
    limit: |thresholds| thresholds.missing_ratio,
    ratio: &recorded::MISSING_RATIO,
    summary: "A feature is missing too often",
    what: "missing",
};
const OUT_OF_RANGE: Ratio = Ratio {
    kind: &kind::OUT_OF_RANGE_HIGH,
    limit: |thresholds| thresholds.out_of_range_ratio,
    ratio: &recorded::OUT_OF_RANGE_RATIO,
    summary: "A feature is out of its range too often",
    what: "out of range",
};

fn ratios(config: &Config, ratio: &Ratio) -> Result<Vec<Rule>, GenerateError> {
    let setting = settings(
        |thresholds| ((ratio.limit)(thresholds), thresholds.minimum_requests),
        data_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series)).expr();
        let too_few = of(&recorded::FEATURE_OBSERVATIONS).times(900.0).below(minimum as f64);
        Alert {
            kind: ratio.kind,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: of(ratio.ratio).above(limit).unless(FEATURE, too_few),
            for_: 15 * MINUTE,
            labels: FEATURE,
            summary: ratio.summary,
            description: format!(
                "{} is {} in {PERCENT} of its observations; the threshold is {}. Measured over 15 minutes, for at least 15 \
                 minutes.",
                place(FEATURE),
                ratio.what,
                percent(limit)
            ),
            query: own(recorded(ratio.ratio), FEATURE).expr(),
        }
        .rule(config)
    });
    rules.collect()
}
