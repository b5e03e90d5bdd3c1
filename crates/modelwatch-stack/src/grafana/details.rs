//! The details of one model, in rows that are collapsed at first.

use std::time::Duration;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Model, Rollout};

use super::layout::Section;
use super::model::{
    Color, Field, Override, Panel, Property, Query, Stat, Thresholds, TimeSeries, TimeSeriesField, Unit, Written, plain,
};
use super::scope::Scope;
use crate::known;
use crate::promql::{Expr, Window, metric, number, sum, sum_by};
use crate::recorded::{self, Recorded};

const HOUR: Duration = Duration::from_secs(3600);
/// The period of an error budget.
const MONTH: Duration = Duration::from_secs(30 * 86_400);

/// The remaining error budgets of the model's objectives.
pub(crate) fn objectives(scope: &Scope<'_>, model: &Model) -> Section {
    let burn = |title, description, objective: f64, short, long, runbooks: [&'static known::KnownAlert; 2]| {
        let rate =
            |series: &'static Recorded| scope.write(scope.select(series).expr().divided_by(plain(1.0 - objective)));
        let panel = Panel::chart(
            title,
            description,
            vec![
                Query::range(rate(short), "over an hour"),
                Query::range(rate(long), "over six hours"),
            ],
            (
                TimeSeries::new(),
                Field::new(Unit::Number, "No traffic", TimeSeriesField::with_limit())
                    .min(0.0)
                    .thresholds(Thresholds::of(
                        Color::Transparent,
                        &[(6.0, Color::Orange), (14.4, Color::Red)],
                    )),
            ),
        );
        let [fast, slow] = runbooks;
        panel
            .link(scope.runbook_link("budget burns fast", fast))
            .link(scope.runbook_link("budget burns slowly", slow))
    };
    // For rates recorded at the same interval, sums over time have the same ratio as the counts.
    let month = |series: &'static Recorded| scope.select(series).over("sum_over_time", MONTH);
    let left = |spent: &'static Recorded, objective: f64| {
        let share = month(spent).divided_by(month(&recorded::MODEL_REQUESTS));
        scope.write(number(1.0).minus(share.divided_by(plain(1.0 - objective))))
    };
    let budget = Panel::chart(
        "Error budget left",
        "What the last 30 days, or as many as Prometheus keeps, left of the share of failed, and of slow, requests that the objectives allow.",
        vec![
            Query::instant(
                left(&recorded::MODEL_ERRORS, model.availability_objective),
                "availability",
            ),
            Query::instant(left(&recorded::MODEL_SLOW, model.latency_objective), "latency"),
        ],
        (
            Stat::light(),
            Field::new(Unit::Ratio, "No traffic", Default::default())
                .coloured_by(Thresholds::of(
                    Color::Red,
                    &[(0.0, Color::Orange), (0.25, Color::Green)],
                ))
                .decimals(1),
        ),
    );
    Section {
        title: "Are the objectives kept?",
        collapsed: true,
        panels: vec![
            (Rollout::ReleaseAware, budget, 8, 8),
            (
                Rollout::ReleaseAware,
                burn(
                    "Availability: burn rate",
                    "How many times faster than allowed errors use up the budget. At 1 it lasts exactly; at 14.4 an hour takes 2 % of a month's.",
                    model.availability_objective,
                    &recorded::AVAILABILITY_1H,
                    &recorded::AVAILABILITY_6H,
                    [&known::AVAILABILITY_BURN_FAST, &known::AVAILABILITY_BURN_SLOW],
                ),
                8,
                8,
            ),
            (
                Rollout::ReleaseAware,
                burn(
                    "Latency: burn rate",
                    "The same of requests slower than the objective, counted at the bucket's edge and so exact.",
                    model.latency_objective,
                    &recorded::SLOW_1H,
                    &recorded::SLOW_6H,
                    [&known::LATENCY_BURN_FAST, &known::LATENCY_BURN_SLOW],
                ),
                8,
                8,
            ),
        ],
    }
}

/// Where a request's time goes, and how much capacity the serving processes have left.
pub(crate) fn serving(scope: &Scope<'_>) -> Section {
    Section {
        title: "Inside: time, load and processes",
        collapsed: true,
        panels: vec![
            (Rollout::ServiceHealth, stages(scope), 8, 8),
            (Rollout::ServiceHealth, in_flight(scope), 8, 8),
            (Rollout::ServiceHealth, batches(scope), 8, 8),
            (Rollout::ServiceHealth, restarts(scope), 8, 8),
            (Rollout::ServiceHealth, cpu(scope), 8, 8),
            (Rollout::ServiceHealth, memory(scope), 8, 8),
        ],
    }
}

/// The model's predictions, and the outcomes that follow.
pub(crate) fn predictions(scope: &Scope<'_>) -> Section {
    Section {
        title: "Inside: predictions, features and the records of them",
        collapsed: true,
        panels: vec![
            (
                Rollout::ModelAware,
                shares(
                    scope,
                    "Classes",
                    "Each predicted class's share. A shift with unchanged inputs is the model's; with changed inputs, the data's.",
                    "No classes recorded",
                    &recorded::CLASS_RATIO,
                    "class",
                )
                .link(scope.runbook_link("class balance", &known::CLASS_SHIFT)),
                8,
                8,
            ),
            (
                Rollout::ModelAware,
                shares(
                    scope,
                    "Outcomes",
                    "What predictions led to, as shares: the business's view of the model.",
                    "No outcomes recorded",
                    &recorded::OUTCOME_RATIO,
                    "outcome",
                )
                .link(scope.runbook_link("outcome shift", &known::OUTCOME_SHIFT)),
                8,
                8,
            ),
            (
                Rollout::ModelAware,
                feature_ratio(
                    scope,
                    "Out of range by feature",
                    "Share of observations outside the range or the categories that the service declares.",
                    &recorded::OUT_OF_RANGE_RATIO,
                    scope.limits.out_of_range_ratio,
                )
                .link(scope.runbook_link("features out of range", &known::OUT_OF_RANGE_HIGH)),
                8,
                8,
            ),
            (
                Rollout::ModelAware,
                feature_ratio(
                    scope,
                    "Defaulted by feature",
                    "Share of observations in which the service put a default in place of the feature.",
                    &recorded::DEFAULTED_RATIO,
                    scope.limits.missing_ratio,
                ),
                8,
                8,
            ),
            (Rollout::ModelAware, worse_in_one_version(scope), 8, 8),
            (Rollout::Drift, drift_job(scope), 8, 8),
            (Rollout::Drift, losses(scope), 8, 8),
        ],
    }
}

/// Responses that arrive in parts: streams, and the output of generative models.
pub(crate) fn streams(scope: &Scope<'_>) -> Section {
    let p95 = |title, description, of: &'static Metric, no_value| {
        let expr = scope.quantile(of, 0.95, &["model_version"]);
        lines(
            title,
            description,
            vec![Query::range(expr, "{{model_version}}")],
            Unit::Seconds,
            no_value,
        )
    };
    let chunk = p95(
        "p95 to the first chunk",
        "From the call to the first piece of a streamed answer: what the caller waits for before anything moves.",
        &contract::INFERENCE_FIRST_CHUNK,
        "No streamed answers",
    );
    let first_token = p95(
        "p95 to the first token",
        "Queue and prompt: grows with the load and with the length of what is asked.",
        &contract::GEN_AI_TIME_TO_FIRST_TOKEN,
        "No generative model",
    );
    let next_token = p95(
        "p95 for each further token",
        "The model's own pace, which long answers feel most.",
        &contract::GEN_AI_TIME_PER_OUTPUT_TOKEN,
        "No generative model",
    );
    let tokens = lines(
        "Tokens",
        "Tokens read and written per second: what is paid for.",
        vec![Query::range(
            scope.total(&contract::GEN_AI_TOKEN_USAGE, &["gen_ai_token_type"]),
            "{{gen_ai_token_type}}",
        )],
        Unit::Number,
        "No generative model",
    );
    Section {
        title: "Inside: streamed and generated answers",
        collapsed: true,
        panels: [chunk, first_token, next_token, tokens]
            .map(|panel| (Rollout::ModelAware, panel, 12, 8))
            .into(),
    }
}

fn lines(title: &str, description: &str, queries: Vec<Query>, unit: Unit, no_value: &str) -> Panel {
    Panel::chart(
        title,
        description,
        queries,
        (
            TimeSeries::new(),
            Field::new(unit, no_value, TimeSeriesField::lines()).min(0.0),
        ),
    )
}

fn stages(scope: &Scope<'_>) -> Panel {
    lines(
        "p95 by stage",
        "Which part of answering takes the time: the queue, fetching features, the model itself.",
        vec![Query::range(
            scope.quantile(&contract::INFERENCE_STAGE, 0.95, &["stage"]),
            "{{stage}}",
        )],
        Unit::Seconds,
        "No stages recorded",
    )
}

fn in_flight(scope: &Scope<'_>) -> Panel {
    lines(
        "In flight and queued",
        "Requests begun and not ended, by version, and requests that wait for the model. Both grow when replicas are too few.",
        vec![
            Query::range(
                scope.write(sum_by(&["model_version"], scope.select(&contract::INFERENCE_IN_FLIGHT))),
                "in flight {{model_version}}",
            ),
            Query::range(
                scope.write(sum(scope.select(&contract::INFERENCE_QUEUE_DEPTH))),
                "queued",
            ),
        ],
        Unit::Number,
        "No traffic",
    )
    .link(scope.runbook_link("saturated", &known::IN_FLIGHT_HIGH))
    .link(scope.runbook_link("requests wait", &known::QUEUE_DEEP))
    .link(scope.runbook_link("late runtime", &known::RUNTIME_LATE))
}

fn batches(scope: &Scope<'_>) -> Panel {
    lines(
        "Mean batch size",
        "Rows per call of the model.",
        vec![Query::range(
            scope.mean(&contract::INFERENCE_BATCH_SIZE, &["model_version"]),
            "{{model_version}}",
        )],
        Unit::Number,
        "No batches recorded",
    )
}

/// A process metric of the processes that serve this model.
fn of_process(scope: &Scope<'_>, expr: &Expr) -> Written {
    scope.write(expr.and(&["job", "instance"], scope.select(&contract::MODEL_INFO)))
}

fn restarts(scope: &Scope<'_>) -> Panel {
    lines(
        "Restarts in the last hour",
        "How often each replica began anew.",
        vec![Query::range(
            of_process(scope, &metric(&contract::PROCESS_START_TIME).over("changes", HOUR)),
            "{{instance}}",
        )],
        Unit::Number,
        "No process metrics",
    )
    .link(scope.runbook_link("restarts", &known::RESTARTING))
}

fn cpu(scope: &Scope<'_>) -> Panel {
    lines(
        "Processor time",
        "Processors in use by each replica.",
        vec![Query::range(
            of_process(scope, &metric(&contract::PROCESS_CPU_SECONDS).rate(Window::Panel)),
            "{{instance}}",
        )],
        Unit::Number,
        "No process metrics",
    )
}

fn memory(scope: &Scope<'_>) -> Panel {
    lines(
        "Resident memory",
        "Memory of each replica.",
        vec![Query::range(
            of_process(scope, &metric(&contract::PROCESS_RESIDENT_MEMORY).expr()),
            "{{instance}}",
        )],
        Unit::Bytes,
        "No process metrics",
    )
}

fn shares(
    scope: &Scope<'_>,
    title: &str,
    description: &str,
    no_value: &str,
    series: &'static Recorded,
    label: &str,
) -> Panel {
    Panel::chart(
        title,
        description,
        vec![Query::range(
            scope.write(scope.select(series)),
            &format!("{{{{model_version}}}} {{{{{label}}}}}"),
        )],
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, no_value, TimeSeriesField::lines()).min(0.0),
        ),
    )
}

fn feature_ratio(scope: &Scope<'_>, title: &str, description: &str, series: &'static Recorded, limit: f64) -> Panel {
    Panel::chart(
        title,
        description,
        vec![Query::range(scope.write(scope.select(series)), "{{feature_name}}")],
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, "No features recorded", TimeSeriesField::with_limit())
                .min(0.0)
                .thresholds(Thresholds::of(Color::Transparent, &[(limit, Color::Red)])),
        ),
    )
}

fn worse_in_one_version(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Features worse in one version",
        "How far the share of missing, defaulted or out-of-range observations of a version exceeds that of the others: the          release's doing, and not the source's. Empty where versions are alike.",
        vec![Query::range(
            scope.write(scope.select(&recorded::VERSION_FAULT_EXCESS)),
            "{{model_version}} {{feature_name}} {{fault}}",
        )],
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, "Versions are alike", TimeSeriesField::with_limit())
                .min(0.0)
                .thresholds(Thresholds::of(
                    Color::Transparent,
                    &[(scope.limits.missing_ratio, Color::Red)],
                )),
        ),
    )
    .link(scope.runbook_link("one version's features", &known::VERSION_FAULTY))
}

fn drift_job(scope: &Scope<'_>) -> Panel {
    lines(
        "Drift of predictions, and the drift job",
        "Distance of the scores from the baseline; what a run takes, and how many failed within the hour.",
        vec![
            Query::range(
                scope.write(scope.select(&contract::PREDICTION_DRIFT_SCORE).expr().largest()),
                "drift score of predictions",
            ),
            Query::range(
                scope.write(scope.select(&contract::DRIFT_RUN_DURATION).expr().largest()),
                "seconds a run takes",
            ),
            Query::range(
                scope.write(sum_by(&["result"], scope.select(&contract::DRIFT_RUNS).increase(HOUR))),
                "runs an hour: {{result}}",
            ),
        ],
        Unit::Number,
        "No drift job",
    )
}

fn losses(scope: &Scope<'_>) -> Panel {
    Panel::chart(
        "Lost or unusable records",
        "Share of records that the prediction log dropped, and of scores that are no number. Both should be nothing at all.",
        vec![
            Query::range(
                scope.write(scope.select(&recorded::LOG_DROP_RATIO)),
                "dropped by the log",
            ),
            Query::range(
                scope.write(scope.select(&recorded::NON_FINITE_RATIO)),
                "NaN or infinite, {{model_version}}",
            ),
        ],
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, "No prediction log", TimeSeriesField::lines())
                .min(0.0)
                .exception(Override::of("dropped by the log", [Property::Fixed(Color::Red)])),
        ),
    )
    .link(scope.runbook_link("log drops records", &known::LOG_DROPPING))
    .link(scope.runbook_link("scores are no numbers", &known::NON_FINITE))
}
