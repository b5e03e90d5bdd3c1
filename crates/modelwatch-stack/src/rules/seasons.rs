//! promtool tests of traffic that comes and goes: usual patterns never page, and a value that hovers around a threshold is one
//! alert.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Model};

use super::alert::Severity;
use super::case::{Test, firing};
use super::story::Series;
use crate::error::GenerateError;
use crate::known;
use crate::promql::Selector;

/// The interval between samples: a window of 90 seconds has three of them.
const STEP: Duration = Duration::from_secs(30);
/// The interval between evaluations, in a story of days.
pub(crate) const ROUND: Duration = Duration::from_secs(600);
const MINUTE: Duration = Duration::from_secs(60);
/// Steps of an hour, and of a day.
const HOUR: usize = 120;
const DAY: usize = 24 * HOUR;

fn counted(model: &Model, status: &str, phases: &[(f64, usize)]) -> Series {
    let labels = [
        ("model_name", model.name.as_str()),
        ("model_version", "v1"),
        ("route", "/predict"),
        ("status", status),
    ];
    Series::counter(contract::INFERENCE_REQUESTS.name, &labels, phases)
}

/// The model's firing pages.
fn pages(config: &Config, model: &Model) -> Selector {
    firing([
        ("severity", Severity::Page.label(config)),
        ("model_name", model.name.as_str()),
    ])
}

/// Stories of days in which nothing pages.
pub(crate) fn quiet(config: &Config, model: &Model) -> Result<Vec<Test>, GenerateError> {
    let busy = model.thresholds.minimum_requests as f64 * 10.0;
    let office = [(0.0, 9 * HOUR), (busy, 8 * HOUR), (0.0, 7 * HOUR)];
    let weekend = [(0.0, 2 * DAY)];
    let days = [&office[..], &office, &office, &weekend, &office].concat();
    // A burst every half hour, long enough for one evaluation to see it. Now and then, one is half an hour late.
    let batch: Vec<_> = (0..72)
        .flat_map(|burst| {
            [
                (busy * 20.0, HOUR / 6),
                (0.0, if burst % 9 == 0 { HOUR * 5 / 6 } else { HOUR / 3 }),
            ]
        })
        .collect();
    let smoke = [(0.0, HOUR), (busy, 18), (0.0, DAY)];
    let mut tests = Vec::new();
    for (name, phases) in [
        (
            "three days of office hours, a weekend and a Monday page nobody",
            &days[..],
        ),
        ("a client of batches, some of them late, pages nobody", &batch),
        ("a smoke test of nine minutes pages nobody when it is over", &smoke),
    ] {
        let steps: usize = phases.iter().map(|(_, steps)| steps).sum();
        let mut test = Test::new(config, name, STEP, &[counted(model, "success", phases)]);
        let end = STEP * u32::try_from(steps).unwrap_or(u32::MAX);
        test.never(end, &pages(config, model), end)?;
        tests.push(test);
    }
    Ok(tests)
}

/// For six hours, the share of errors swings around its threshold: one alert fires, and never stops.
pub(crate) fn hovering(config: &Config, model: &Model) -> Result<Test, GenerateError> {
    let all = model.thresholds.minimum_requests.max(model.thresholds.minimum_errors) as f64 * 100.0;
    let limit = model.thresholds.error_ratio;
    // After a healthy half hour, above it for twenty minutes and below it for ten, again and again.
    let (above, below) = ((1.0 + limit) / 2.0, limit * 0.5);
    let swing: Vec<_> = (0..15).flat_map(|_| [(above, 20), (below, 10)]).collect();
    let shares = [&[(0.0, 30)], &swing[..]].concat();
    let of =
        |share: fn(f64) -> f64| -> Vec<_> { shares.iter().map(|(bad, steps)| (share(*bad) * all, *steps)).collect() };
    let series = [
        counted(model, "error", &of(|bad| bad)),
        counted(model, "success", &of(|bad| 1.0 - bad)),
    ];
    let name = "six hours about the threshold are one alert that never stops";
    let mut test = Test::new(config, name, MINUTE, &series);
    let alert = firing([("alertname", known::HIGH_ERROR_RATE.name), ("model_name", &model.name)]);
    for minute in (50..=410).step_by(15) {
        test.counts(MINUTE * minute, &alert, 1)?;
    }
    Ok(test)
}
