//! Is the error budget burning? Multi-window, multi-burn-rate alerts per model (Google, The Site Reliability Workbook, chapter
//! 5): the long window shows that it matters, the short one that it continues.

use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::{Config, Model, Rollout, prometheus_duration};

use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::recorded;
use crate::recorded::{self, Recorded};
use crate::rules::alert::{
    Alert, MINUTE, Settings, Severity, Tested, labelled, percent, place, serving_team, settings,
};
use crate::rules::case::Case;
use crate::rules::labels::MODEL;
use crate::rules::labels::own;
use crate::rules::models::share;
use crate::rules::story::Series;
use crate::rules::text::PERCENT;
use crate::rules::text::tidy;

const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);

/// A pair of windows, and the burn rate that both must show.
struct Burn {
    factor: f64,
    long: (&'static Recorded, Duration),
    /// The short window's factor, relative to the long one's.
    goes_on: f64,
    short: (&'static Recorded, Duration),
    for_: Duration,
    severity: Severity,
}

/// One objective: the events that count against it, and its windows.
pub(super) struct Objective {
    fast: &'static KnownAlert,
    slow: &'static KnownAlert,
    bad: &'static Recorded,
    fails: &'static str,
    burns: [Burn; 5],
}

const fn burns(series: [&'static Recorded; 7]) -> [Burn; 5] {
    let [five, thirty, hour, two, six, day, three_days] = series;
    [
        Burn {
            factor: 14.4,
            long: (hour, HOUR),
            goes_on: 1.0,
            short: (five, FIVE_MINUTES),
            // With many requests, the alerts by evidence about a route fire first, and say more.
            for_: Duration::from_secs(180),
            severity: Severity::Page,
        },
        Burn {
            factor: 6.0,
            long: (six, Duration::from_secs(6 * 3600)),
            goes_on: 1.0,
            short: (thirty, Duration::from_secs(1800)),
            for_: Duration::from_secs(900),
            severity: Severity::Page,
        },
        // Ten times the objective pages only after hours, and shows in the day's share only after half a day.
        Burn {
            factor: 3.0,
            long: (hour, HOUR),
            // Five minutes vary more than an hour.
            goes_on: 0.5,
            short: (five, FIVE_MINUTES),
            for_: Duration::from_secs(900),
            severity: Severity::Ticket,
        },
        Burn {
            factor: 3.0,
            long: (day, DAY),
            goes_on: 1.0,
            short: (two, Duration::from_secs(2 * 3600)),
            for_: HOUR,
            severity: Severity::Ticket,
        },
        Burn {
            factor: 1.0,
            long: (three_days, Duration::from_secs(3 * 86_400)),
            goes_on: 1.0,
            short: (six, Duration::from_secs(6 * 3600)),
            for_: Duration::from_secs(3 * 3600),
            severity: Severity::Ticket,
        },
    ]
}

pub(super) const AVAILABILITY: Objective = Objective {
    fast: &known::AVAILABILITY_BURN_FAST,
    slow: &known::AVAILABILITY_BURN_SLOW,
    bad: &recorded::MODEL_ERRORS,
    fails: "fail",
    burns: burns([
        &recorded::AVAILABILITY_5M,
        &recorded::AVAILABILITY_30M,
        &recorded::AVAILABILITY_1H,
        &recorded::AVAILABILITY_2H,
        &recorded::AVAILABILITY_6H,
        &recorded::AVAILABILITY_1D,
        &recorded::AVAILABILITY_3D,
    ]),
};
pub(super) const LATENCY: Objective = Objective {
    fast: &known::LATENCY_BURN_FAST,
    slow: &known::LATENCY_BURN_SLOW,
    bad: &recorded::MODEL_SLOW,
    fails: "are slower than the objective",
    burns: burns([
        &recorded::SLOW_5M,
        &recorded::SLOW_30M,
        &recorded::SLOW_1H,
        &recorded::SLOW_2H,
        &recorded::SLOW_6H,
        &recorded::SLOW_1D,
        &recorded::SLOW_3D,
    ]),
};

const FIVE_MINUTES: Duration = Duration::from_secs(300);
/// With this many events expected, zero or one is not chance.
const TELLING: f64 = 10.0;
/// Alerts about a route or a version keep firing longer than this. So the burn that they silence ends before they do, and does
/// not page when the trouble is over.
const KEPT: Duration = Duration::from_secs(10 * 60);

/// The largest share of bad requests that an alert may require. A share above 1 is impossible, so its alert would never fire.
/// With this cap, every alert fires when every request fails.
const REACHABLE: f64 = 0.9;

impl Objective {
    /// The minimum of events, and the share that must be good.
    pub(super) fn setting<'a>(&self, model: &'a Model) -> Settings<'a, (u64, f64)> {
        let (minimum, team, job) = settings(|thresholds| thresholds.minimum_errors, serving_team)(model);
        let target = if std::ptr::eq(self.bad, &recorded::MODEL_ERRORS) {
            model.availability_objective
        } else {
            model.latency_objective
        };
        ((minimum, target), team, job)
    }
}

/// Burns that show within hours.
pub(super) fn fast(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    rules(config, |burn| burn.long.1 < DAY)
}

/// Burns that take longer to show, so Prometheus rarely has to read days of samples.
pub(super) fn slow(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    rules(config, |burn| burn.long.1 >= DAY)
}

fn rules(config: &Config, burns: impl Fn(&Burn) -> bool) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    if config.rollout < Rollout::ReleaseAware {
        return Ok(rules);
    }
    for objective in [&AVAILABILITY, &LATENCY] {
        for shared in share(config, |model| objective.setting(model)) {
            let ((minimum, target), team, job) = shared.setting;
            for burn in objective.burns.iter().filter(|burn| burns(burn)) {
                let limit = tidy((burn.factor * (1.0 - target)).min(REACHABLE));
                let goes_on = tidy(limit * burn.goes_on);
                let (long, long_window) = burn.long;
                let (short, short_window) = burn.short;
                let of = |series| shared.scope.of(recorded(series));
                let bad = of(objective.bad)
                    .over("avg_over_time", long_window)
                    .times(long_window.as_secs_f64())
                    .at_least(minimum as f64);
                let mut expr = of(long)
                    .expr()
                    .above(limit)
                    .and(MODEL, of(short).expr().above(goes_on))
                    .and(MODEL, bad);
                if burn.severity == Severity::Page && short_window > FIVE_MINUTES {
                    // When five minutes have enough requests to show that the trouble has passed, what half an hour still shows
                    // adds nothing.
                    let passed = of(objective.burns[0].short.0).expr().below(tidy(1.0 - target));
                    let requests = of(&recorded::MODEL_REQUESTS).expr();
                    let expected = requests.times(tidy(FIVE_MINUTES.as_secs_f64() * limit));
                    expr = expr.unless(MODEL, passed.and(MODEL, expected.at_least(TELLING)));
                }
                let window = prometheus_duration(long_window);
                let alert = Alert {
                    known: match burn.severity {
                        Severity::Page => objective.fast,
                        Severity::Ticket | Severity::None => objective.slow,
                    },
                    severity: burn.severity,
                    team,
                    job: Some(job),
                    extra: &[("window", window.clone())],
                    expr,
                    for_: burn.for_.max(MINUTE),
                    keep: KEPT,
                    labels: MODEL,
                    summary: "The error budget burns too fast",
                    description: place(config, MODEL)
                        + ": "
                        + PERCENT
                        + " of the requests of the last "
                        + window.clone()
                        + " "
                        + objective.fails
                        + ", and as many of the last "
                        + prometheus_duration(short_window)
                        + "; the objective allows "
                        + percent(1.0 - target)
                        + ", this is more than "
                        + burn.factor.to_string()
                        + " times that.",
                    query: own(recorded(short), MODEL).expr(),
                    case: case(objective, burn, shared.models.first().copied(), limit, minimum),
                };
                rules.push(alert.rule(config)?);
            }
        }
    }
    Ok(rules)
}

/// A near miss for longer than the short window, then a flood of bad requests, then none. Both windows exceed any limit a few
/// minutes after the flood begins, because the flood outweighs everything before.
fn case(objective: &Objective, burn: &Burn, model: Option<&Model>, limit: f64, minimum: u64) -> Case {
    let minutes = |duration: Duration| usize::try_from(duration.as_secs() / 60).unwrap_or(usize::MAX);
    // With windows of days, evaluations are ten minutes apart: as exact, and quick.
    let every = if burn.long.1 >= DAY { 10 } else { 1 };
    let (short, for_) = (minutes(burn.short.1), minutes(burn.for_));
    let slack = usize::try_from(10 * every).unwrap_or(usize::MAX);
    let near = short + 2 * slack;
    let flood = for_ + 2 * slack;
    let after = short + 3 * slack;
    let all = 10.0 * minimum as f64;
    let bad = [(0.9 * limit * all, near), (100.0 * all, flood), (0.0, after)];
    let good = [((1.0 - 0.9 * limit) * all, near), (0.0, flood), (100.0 * all, after)];
    let total = [(all, near), (100.0 * all, flood), (100.0 * all, after)];
    let name = model.map_or("", |model| &model.name);
    let series = |metric: &str, extra: (&str, &str), phases: &[(f64, usize)]| {
        let labels = [
            ("model_name", name),
            ("model_version", "v1"),
            ("route", "/predict"),
            extra,
        ];
        Series::counter(metric, &labels, phases)
    };
    let requests = contract::INFERENCE_REQUESTS.name;
    let series = if std::ptr::eq(objective.bad, &recorded::MODEL_ERRORS) {
        vec![
            series(requests, ("status", "error"), &bad),
            series(requests, ("status", "success"), &good),
        ]
    } else {
        let edge = model.map_or(0.0, |model| model.latency_p95.as_secs_f64()).to_string();
        let labels = [("model_name", name), ("model_version", "v1"), ("route", "/predict")];
        vec![
            series(requests, ("status", "success"), &total),
            series("ml_inference_latency_seconds_bucket", ("le", &edge), &good),
            Series::counter("ml_inference_latency_seconds_count", &labels, &total),
        ]
    };
    Case {
        step: MINUTE,
        evaluate: every,
        series,
        fires: labelled(&[("model_name", name)]),
        quiet: vec![near, near + for_],
        fires_at: near + for_ + slack,
        resolved_at: Some(near + flood + short + 2 * slack),
    }
}
