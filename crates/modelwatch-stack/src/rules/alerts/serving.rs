//! Is the serving path healthy? Latency, errors, saturation, traffic.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Model, Rollout, Thresholds, prometheus_duration};

use crate::error::GenerateError;
use crate::known::{self, KnownAlert};
use crate::promql::{Expr, Op, Selector, max_by, metric, recorded, sum_by, time};
use crate::recorded::{self, Recorded};
use crate::rules::alert::{
    Alert, HOVERS, MINUTE, Settings, Severity, Tested, hero, labelled, over_and_back, percent, place, serving_team,
    settings,
};
use crate::rules::case::{Case, firing};
use crate::rules::evidence::{self, Bad, ERRORS, SLOW, SLOW_LIMIT};
use crate::rules::labels::own;
use crate::rules::labels::{MODEL, ROUTE, VERSION};
use crate::rules::models::{Models, only, share};
use crate::rules::releases;
use crate::rules::story::Series;
use crate::rules::text::tidy;
use crate::rules::text::{PERCENT, VALUE};

pub(super) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    rules.extend(latency(config)?);
    rules.extend(errors(config)?);
    rules.extend(client_errors(config)?);
    rules.extend(saturation(config)?);
    rules.extend(traffic_gone(config)?);
    Ok(rules)
}

/// Series with at least this many requests in five minutes.
fn enough(scope: &Models, minimum: u64) -> Expr {
    let requests = scope.of(recorded(&recorded::REQUESTS)).expr();
    requests.times(300.0).at_least(minimum as f64)
}

/// Events per minute that are enough for a `minimum` in five minutes.
fn plenty(minimum: u64) -> f64 {
    minimum as f64
}

/// The minimum of requests, and the objective.
pub(super) fn latency_setting(model: &Model) -> Settings<'_, (u64, Duration)> {
    let (minimum, team, job) = settings(|thresholds| thresholds.minimum_requests, serving_team)(model);
    ((minimum, model.latency_p95), team, job)
}

fn latency(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let rules = share(config, latency_setting).into_iter().map(|shared| {
        let ((minimum, limit), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series));
        let slow_for_long = lasting(of(&recorded::LATENCY_P95), limit.as_secs_f64());
        let as_share = evidence::ratio(&SLOW, &of);
        let quick = Quick {
            bad: &SLOW,
            known: &known::HIGH_LATENCY,
            burns: &known::LATENCY_BURN_FAST,
            limit: SLOW_LIMIT,
            least: TOO_SLOW_AT_LEAST,
        };
        Alert {
            known: &known::HIGH_LATENCY,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: quick.expr(
                config,
                &of,
                &as_share
                    .and(ROUTE, slow_for_long)
                    .and(ROUTE, enough(&shared.scope, minimum)),
            ),
            for_: PENDING,
            keep: HOVERS,
            labels: ROUTE,
            summary: "p95 inference latency is above its objective",
            description: place(config, ROUTE)
                + ": "
                + PERCENT
                + " of requests take longer than the objective of "
                + prometheus_duration(limit)
                + "; 5% may. Half of them tell after a minute, fewer after four, or p95 after ten.",
            query: own(recorded(&recorded::LATENCY_P95), &["model_name"]).expr(),
            case: latency_case(config, hero(&shared.models), limit.as_secs_f64(), minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// An alert by evidence: fires at once for a large share, and after some minutes for a smaller one.
struct Quick {
    bad: &'static Bad,
    known: &'static KnownAlert,
    /// The page for the whole model's budget, which comes first when requests are few.
    burns: &'static KnownAlert,
    /// The share of requests that matters.
    limit: f64,
    /// The bad requests that this needs.
    least: f64,
}

/// A share of requests for which the alert fires at once.
const HUGE: f64 = 0.5;
/// With fewer slow requests, the share is not judged.
const TOO_SLOW_AT_LEAST: f64 = 20.0;
/// Evidence that counts if it lasts, and evidence that counts at once.
const STRONG: f64 = 4.0;
const OVERWHELMING: f64 = 5.0;
/// How long every alert is pending: two or three scrapes, and time to see whether it is one of many, or a replica's.
pub(super) const PENDING: Duration = MINUTE;
/// Together with that, four minutes: a burst of failures in a dependency is over by then.
const PASSES: f64 = 180.0;
/// How long a version counts as new to its traffic.
const NEW: f64 = 900.0;

/// Trouble that grew this large within this time differs from the trouble of an earlier page.
const LATELY: Duration = Duration::from_secs(5 * 60);
/// A page this old is about earlier trouble.
const OLD: Duration = Duration::from_secs(15 * 60);

impl Quick {
    /// Requests that are bad by evidence, or have `lasted`. One trouble pages once: routes and versions with fewer requests show
    /// it later, and do not begin while the model's page for it fires.
    fn expr(&self, config: &Config, of: &impl Fn(&'static Recorded) -> Selector, lasted: &Expr) -> Expr {
        let share = of(self.bad.share).expr();
        let evidence = |strength: f64| of(self.bad.evidence).expr().above(strength);
        let since = |seconds: f64| time().minus(of(self.bad.since)).at_least(seconds);
        let mut suspect = share.above(HUGE);
        if config.rollout >= Rollout::ReleaseAware {
            // A version that took over the traffic has no others to compare with. If the others are bad too, it is not to blame.
            let new = releases::began(config, &of(&recorded::TRAFFIC_SINCE).expr().above(time().minus(NEW)));
            let others = of(self.bad.others).expr().above(tidy(self.limit / 2.0));
            suspect = suspect.or(ROUTE, share.and(VERSION, new.unless(VERSION, others)));
        }
        let at_once = suspect.and(ROUTE, evidence(OVERWHELMING));
        let own = || firing([("alertname", self.known.name)]);
        let pages = || firing([]).one_of("alertname", [self.known.name, self.burns.name]);
        let paged = max_by(MODEL, pages());
        let grown = at_once
            .unless(ROUTE, of(self.bad.share).offset(LATELY).expr().above(HUGE))
            .and(MODEL, max_by(MODEL, pages().offset(OLD)));
        let steady = evidence(STRONG).and(ROUTE, since(PASSES));
        // Other parts of the model that are bad by then fire together with it, not later.
        let begins = evidence(STRONG)
            .and(MODEL, at_once.clone())
            .unless(MODEL, paged.clone())
            .or(ROUTE, grown)
            .or(
                ROUTE,
                evidence(STRONG).and(MODEL, steady).unless(MODEL, max_by(MODEL, own())),
            );
        let goes_on = || of_stack(own());
        share
            .above(self.limit)
            .and(ROUTE, of(self.bad.now).expr().at_least(self.least))
            .and(ROUTE, begins)
            .or(ROUTE, share.above(tidy(self.limit / 2.0)).and(ROUTE, goes_on()))
            .or(ROUTE, lasted.unless(MODEL, paged))
            .or(ROUTE, lasted.and(ROUTE, goes_on()))
    }
}

/// A firing alert, by its route.
fn of_stack(alert: Selector) -> Expr {
    max_by(ROUTE, alert)
}

/// A series above a limit for nine minutes, and present from their start. It fires after one more minute of pending.
fn lasting(series: Selector, limit: f64) -> Expr {
    let least = series.over("min_over_time", 9 * MINUTE).above(limit);
    least.and(ROUTE, series.offset(9 * MINUTE))
}

/// 96 of 100 requests meet the objective, then half of them. A version with few requests never meets it.
fn latency_case(config: &Config, model: &str, limit: f64, minimum: u64) -> Case {
    // A minute and a half must contain enough slow requests.
    let all = plenty(minimum).max(TOO_SLOW_AT_LEAST * 4.0);
    let within = [(0.96 * all, 30), (0.3 * all, 30), (all, 60)];
    let total = [(all, 120)];
    let few = [(0.1 * plenty(minimum).min(TOO_SLOW_AT_LEAST), 120)];
    let bucket = |version, le: &str, phases: &[(f64, usize)]| {
        let labels = [
            ("model_name", model),
            ("model_version", version),
            ("route", "/predict"),
            ("le", le),
        ];
        Series::counter("ml_inference_latency_seconds_bucket", &labels, phases)
    };
    let count = |version, phases: &[(f64, usize)]| {
        let labels = [("model_name", model), ("model_version", version), ("route", "/predict")];
        Series::counter("ml_inference_latency_seconds_count", &labels, phases)
    };
    let (edge, next) = (tidy(limit).to_string(), tidy(limit * 2.0).to_string());
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            bucket("v1", &edge, &within),
            bucket("v1", &next, &total),
            bucket("v1", "+Inf", &total),
            count("v1", &total),
            bucket("v-few", &edge, &[(0.0, 120)]),
            bucket("v-few", &next, &few),
            bucket("v-few", "+Inf", &few),
            count("v-few", &few),
            counted(model, "v1", "success", &total),
            counted(model, "v-few", "success", &few),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "v1"), ("route", "/predict")]),
        // It must be slow for one minute after it is first seen.
        quiet: vec![30, 31],
        fires_at: 33 + evidence::slower(config),
        resolved_at: Some(67 + evidence::slower(config)),
    }
}

fn counted(model: &str, version: &str, status: &str, phases: &[(f64, usize)]) -> Series {
    let labels = [
        ("model_name", model),
        ("model_version", version),
        ("route", "/predict"),
        ("status", status),
    ];
    Series::counter(contract::INFERENCE_REQUESTS.name, &labels, phases)
}

/// A version's errors exceed the threshold. Another version has few errors, although all of its requests fail.
fn error_case(model: &str, limit: f64, errors: u64, requests: u64) -> Case {
    // More than half is never a near miss: the budget pages for it, and one trouble pages once.
    let (bad, good) = over_and_back(limit.min(HUGE), plenty(requests.max(errors)), 30);
    let few = [(0.1 * plenty(errors), 180)];
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            counted(model, "v1", "error", &bad),
            counted(model, "v1", "success", &good),
            counted(model, "v-few", "error", &few),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "v1"), ("route", "/predict")]),
        // Nearly all requests fail, so the alert fires after a minute.
        quiet: vec![30, 31],
        fires_at: 33,
        resolved_at: Some(66),
    }
}

/// The threshold, and the minimum of errors and of requests.
pub(super) fn error_setting(model: &Model) -> Settings<'_, (f64, u64, u64)> {
    let setting = |thresholds: &Thresholds| {
        (
            thresholds.error_ratio,
            thresholds.minimum_errors,
            thresholds.minimum_requests,
        )
    };
    settings(setting, serving_team)(model)
}

fn errors(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let rules = share(config, error_setting).into_iter().map(|shared| {
        let ((limit, errors, requests), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series));
        let enough = of(&recorded::ERRORS).expr().times(300.0).at_least(errors as f64);
        let quick = Quick {
            bad: &ERRORS,
            known: &known::HIGH_ERROR_RATE,
            burns: &known::AVAILABILITY_BURN_FAST,
            limit,
            least: errors as f64,
        };
        Alert {
            known: &known::HIGH_ERROR_RATE,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: quick.expr(
                config,
                &of,
                &lasting(of(&recorded::ERROR_RATIO), limit).and(ROUTE, enough),
            ),
            for_: PENDING,
            keep: HOVERS,
            labels: ROUTE,
            summary: "The share of failing requests is too high",
            description: place(config, ROUTE)
                + ": "
                + PERCENT
                + " of requests fail; the threshold is "
                + percent(limit)
                + ". Half of them tell after a minute, fewer after four, where they are far above what is usual, or after ten.",
            query: own(recorded(&recorded::ERROR_RATIO), &["model_name"]).expr(),
            case: error_case(hero(&shared.models), limit, errors, requests),
        }
        .rule(config)
    });
    rules.collect()
}

/// Callers begin to make mistakes, as after a deploy that changed what a version accepts.
fn client_errors(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = settings(
        |thresholds| (thresholds.client_error_ratio, thresholds.minimum_errors),
        serving_team,
    );
    let rules = share(config, setting).into_iter().map(|shared| {
        let ((limit, minimum), team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series));
        let now = of(&recorded::CLIENT_ERROR_RATIO).expr();
        let before = of(&recorded::MODEL_CLIENT_ERROR_RATIO).offset(HOUR).expr();
        let mistakes = now.with(Op::Times, VERSION, sum_by(VERSION, of(&recorded::REQUESTS)));
        Alert {
            known: &known::CLIENT_ERRORS_HIGH,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: now
                .with_one(Op::Minus, MODEL, &[], before)
                .above(limit)
                .and(VERSION, mistakes.times(300.0).at_least(minimum as f64)),
            for_: 4 * MINUTE,
            keep: HOVERS,
            labels: VERSION,
            summary: "Callers make many more mistakes than before",
            description: place(config, VERSION)
                + ": the share of client errors is "
                + PERCENT
                + " above that of the model an hour ago; the threshold is "
                + percent(limit)
                + ". Measured over 5 minutes, for at least 4 minutes. A deploy that changed what the version accepts looks \
                   like this.",
            query: own(recorded(&recorded::CLIENT_ERROR_RATIO), MODEL).expr(),
            case: client_error_case(hero(&shared.models), limit, minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// More than an hour of few mistakes, then only mistakes, then none.
fn client_error_case(model: &str, limit: f64, minimum: u64) -> Case {
    let all = 100.0 * plenty(minimum);
    let near = 0.5 * limit * all;
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            counted(model, "v1", "client_error", &[(near, 90), (100.0 * all, 30), (0.0, 60)]),
            counted(model, "v1", "success", &[(all - near, 90), (0.0, 30), (all, 60)]),
        ],
        fires: labelled(&[("model_name", model), ("model_version", "v1")]),
        quiet: vec![89, 94],
        fires_at: 97,
        resolved_at: Some(127),
    }
}

fn saturation(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = Vec::new();
    let in_flight = settings(|thresholds| thresholds.in_flight, serving_team);
    for shared in share(config, in_flight) {
        let (limit, team, job) = shared.setting;
        let by_replica = sum_by(
            &["model_name", "instance"],
            shared.scope.of(metric(&contract::INFERENCE_IN_FLIGHT)),
        );
        let alert = Alert {
            known: &known::IN_FLIGHT_HIGH,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: max_by(MODEL, by_replica).above(limit),
            for_: 10 * MINUTE,
            keep: HOVERS,
            labels: MODEL,
            summary: "A replica has too many requests in flight",
            description: place(config, MODEL)
                + ": the busiest replica has "
                + VALUE
                + " requests in flight; the threshold is "
                + limit.to_string()
                + ". For at least 10 minutes.",
            query: sum_by(
                &["instance", "model_version"],
                own(metric(&contract::INFERENCE_IN_FLIGHT), MODEL),
            ),
            case: Case {
                step: MINUTE,
                evaluate: 1,
                // Two replicas are each below the threshold, and together above it.
                series: vec![
                    gauge(
                        &contract::INFERENCE_IN_FLIGHT,
                        hero(&shared.models),
                        "a",
                        &[(0.9 * limit, 30), (2.0 * limit, 20), (0.0, 30)],
                    ),
                    gauge(
                        &contract::INFERENCE_IN_FLIGHT,
                        hero(&shared.models),
                        "b",
                        &[(0.9 * limit, 80)],
                    ),
                ],
                fires: labelled(&[("model_name", hero(&shared.models))]),
                quiet: vec![29, 39],
                fires_at: 40,
                resolved_at: Some(50),
            },
        };
        rules.push(alert.rule(config)?);
    }
    let queue = settings(|thresholds| thresholds.queue_depth, serving_team);
    for shared in share(config, queue) {
        let (limit, team, job) = shared.setting;
        let depth = shared.scope.of(metric(&contract::INFERENCE_QUEUE_DEPTH));
        let alert = Alert {
            known: &known::QUEUE_DEEP,
            severity: Severity::Ticket,
            team,
            job: Some(job),
            extra: &[],
            expr: max_by(MODEL, depth).above(limit),
            for_: 3 * MINUTE,
            keep: HOVERS,
            labels: MODEL,
            summary: "Requests queue for the model",
            description: place(config, MODEL)
                + ": "
                + VALUE
                + " requests wait on one replica; the threshold is "
                + limit.to_string()
                + ". For at least 3 minutes.",
            query: max_by(&["instance"], own(metric(&contract::INFERENCE_QUEUE_DEPTH), MODEL)),
            case: Case {
                step: MINUTE,
                evaluate: 1,
                series: vec![gauge(
                    &contract::INFERENCE_QUEUE_DEPTH,
                    hero(&shared.models),
                    "a",
                    &[(0.9 * limit, 30), (2.0 * limit, 20), (0.0, 30)],
                )],
                fires: labelled(&[("model_name", hero(&shared.models))]),
                quiet: vec![29, 32],
                fires_at: 33,
                resolved_at: Some(50),
            },
        };
        rules.push(alert.rule(config)?);
    }
    Ok(rules)
}

fn gauge(metric: &Metric, model: &str, instance: &str, phases: &[(f64, usize)]) -> Series {
    Series::gauge(metric.name, &[("model_name", model), ("instance", instance)], phases)
}

/// The length of the reference windows, and how far back they are.
const REFERENCE: Duration = Duration::from_secs(30 * 60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(86_400);
/// A pause counts beyond this multiple of the past day's longest pause, plus the seconds below.
const TIMES_THE_LONGEST: f64 = 1.5;
const LONGER: f64 = 120.0;
/// The pause that counts when the model's series are gone too, or when only other days are evidence.
const LONG: f64 = 900.0;

/// A model without traffic for longer than ever in the past day. That is soon for a model that never pauses, and never for one
/// that serves batches. Or a model whose series are zero or gone at a time of day when it had traffic a week ago, and either
/// yesterday or two weeks ago. So evenings, weekends, batches and a short test raise nothing.
fn traffic_gone(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let setting = |model| {
        let setting = settings(|thresholds| thresholds.minimum_requests, serving_team)(model);
        model.expect_traffic.then_some(setting)
    };
    let rules = only(config, setting).into_iter().map(|shared| {
        let (minimum, team, job) = shared.setting;
        let of = |series| shared.scope.of(recorded(series));
        let requests = || of(&recorded::MODEL_REQUESTS);
        let idle = of(&recorded::IDLE).expr();
        // No pause in the window, and the series was there when it began.
        let around = |ago: Duration| {
            let ago = ago - REFERENCE / 2;
            let least = requests().offset(ago).over("min_over_time", REFERENCE);
            let began = requests().offset(ago + REFERENCE).expr();
            least.times(300.0).at_least(minimum as f64).and(MODEL, began)
        };
        let season = around(7 * DAY).and(MODEL, around(DAY).or(MODEL, around(14 * DAY)));
        let longest = of(&recorded::LONGEST_PAUSE).expr().times(TIMES_THE_LONGEST);
        let now = || evidence::requests_now(|series| shared.scope.of(series));
        // Requests that nobody scraped are not a pause, unless it is long.
        let seen = now().equals(0.0).or(MODEL, idle.above(longest.plus(LONG)));
        let busy = requests().offset(HOUR / 4).over("avg_over_time", HOUR);
        let paused = idle
            .above(longest.plus(LONGER))
            .and(MODEL, seen)
            .and(MODEL, of(&recorded::IDLE).offset(DAY))
            .and(MODEL, busy.times(300.0).at_least(minimum as f64));
        let firing = firing([("alertname", known::TRAFFIC_GONE.name)]);
        // The past traffic is forgotten within a day, but the alert is not.
        let since = max_by(MODEL, shared.scope.of(firing));
        Alert {
            known: &known::TRAFFIC_GONE,
            severity: Severity::Page,
            team,
            job: Some(job),
            extra: &[],
            expr: paused
                .or(MODEL, season.unless(MODEL, idle.below(LONG)))
                .or(MODEL, since)
                .unless(MODEL, now().above(0.0)),
            for_: Duration::ZERO,
            keep: Duration::ZERO,
            labels: MODEL,
            summary: "A model gets no requests",
            description: place(config, MODEL)
                + ": no requests, for half as long again as the longest pause of the day before and two minutes, or for 15 minutes \
                   though it had at least "
                + minimum.to_string()
                + " in every 5 minutes at this time a week ago and on another such day.",
            query: own(recorded(&recorded::MODEL_REQUESTS), MODEL).expr(),
            case: traffic_case(hero(&shared.models), minimum),
        }
        .rule(config)
    });
    rules.collect()
}

/// The end of little traffic is no fault, nor is that of much traffic for an hour. The end of a day of traffic is, until traffic
/// returns.
fn traffic_case(model: &str, minimum: u64) -> Case {
    let much = 20.0 * plenty(minimum);
    let steady = 26 * 60;
    let gone = 60 + 30 + 60 + 30 + steady;
    Case {
        step: MINUTE,
        evaluate: 2,
        series: vec![counted(
            model,
            "v1",
            "success",
            &[
                (0.1 * plenty(minimum), 60),
                (0.0, 30),
                (much, 60),
                (0.0, 30),
                (much, steady),
                (0.0, 60),
                (plenty(minimum), 30),
            ],
        )],
        fires: labelled(&[("model_name", model)]),
        quiet: vec![88, 178, gone, gone + 2],
        fires_at: gone + 6,
        resolved_at: Some(gone + 68),
    }
}
