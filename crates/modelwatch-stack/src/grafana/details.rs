//! What is inside one model: for the second look, folded away at the first.

use modelwatch::contract::{self, Metric};

use super::layout::Section;
use super::model::{
    Color, DashboardLink, Field, Override, Panel, Property, Query, Thresholds, TimeSeries, TimeSeriesField, Unit,
};
use super::scope::{Scope, Series};

/// Where a request's time goes, and what the processes that serve it have left.
pub(crate) fn serving(scope: &Scope<'_>) -> Section {
    Section {
        title: "Inside: time, load and processes",
        collapsed: true,
        panels: vec![
            (stages(scope), 8, 8),
            (in_flight(scope), 8, 8),
            (batches(scope), 8, 8),
            (restarts(scope), 8, 8),
            (cpu(scope), 8, 8),
            (memory(scope), 8, 8),
        ],
    }
}

/// What the model says and what is made of it.
pub(crate) fn predictions(scope: &Scope<'_>) -> Section {
    Section {
        title: "Inside: predictions, features and the records of them",
        collapsed: true,
        panels: vec![
            (
                shares(
                    scope,
                    "Classes",
                    "Each predicted class's share. A shift with unchanged inputs is the model's; with changed inputs, the data's.",
                    "No classes recorded",
                    &contract::PREDICTION_CLASS,
                    "class",
                )
                .link(DashboardLink::page(
                    "Runbook: class balance",
                    scope.runbook("MLPredictionClassBalanceShift"),
                )),
                8,
                8,
            ),
            (
                shares(
                    scope,
                    "Outcomes",
                    "What predictions led to, as shares: the business's view of the model.",
                    "No outcomes recorded",
                    &contract::BUSINESS_OUTCOME,
                    "outcome",
                ),
                8,
                8,
            ),
            (
                feature_ratio(
                    scope,
                    "Out of range by feature",
                    "Share of observations outside the range or the categories that the service declares.",
                    &contract::FEATURE_OUT_OF_RANGE,
                    scope.limits.out_of_range_ratio,
                ),
                8,
                8,
            ),
            (
                feature_ratio(
                    scope,
                    "Defaulted by feature",
                    "Share of observations in which the service put a default in place of the feature.",
                    &contract::FEATURE_DEFAULTED,
                    scope.limits.missing_ratio,
                ),
                8,
                8,
            ),
            (drift_job(scope), 8, 8),
            (losses(scope), 8, 8),
        ],
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
            format!(
                "histogram_quantile(0.95, sum by (le, stage) (rate({}[$__rate_interval])))",
                scope.select(Series::buckets(&contract::INFERENCE_STAGE))
            ),
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
                format!(
                    "sum by (model_version) ({})",
                    scope.select(&contract::INFERENCE_IN_FLIGHT)
                ),
                "in flight {{model_version}}",
            ),
            Query::range(
                format!("sum({})", scope.select(&contract::INFERENCE_QUEUE_DEPTH)),
                "queued",
            ),
        ],
        Unit::Number,
        "No traffic",
    )
}

fn batches(scope: &Scope<'_>) -> Panel {
    let rate = |part: &str| {
        let series = Series::named(
            &format!("{}_{part}", contract::INFERENCE_BATCH_SIZE.name),
            contract::INFERENCE_BATCH_SIZE.labels,
        );
        format!("sum by (model_version) (rate({}[$__rate_interval]))", scope.select(series))
    };
    lines(
        "Mean batch size",
        "Rows per call of the model.",
        vec![Query::range(
            format!("{} / ({} > 0)", rate("sum"), rate("count")),
            "{{model_version}}",
        )],
        Unit::Number,
        "No batches recorded",
    )
}

/// A process metric of the processes that serve this model.
fn of_process(scope: &Scope<'_>, expr: String) -> String {
    format!(
        "{expr} and on (job, instance) {}",
        scope.select(&contract::MODEL_INFO)
    )
}

fn restarts(scope: &Scope<'_>) -> Panel {
    lines(
        "Restarts in the last hour",
        "How often each replica began anew.",
        vec![Query::range(
            of_process(scope, format!("changes({}[1h])", contract::PROCESS_START_TIME.name)),
            "{{instance}}",
        )],
        Unit::Number,
        "No process metrics",
    )
    .link(DashboardLink::page(
        "Runbook: restarts",
        scope.runbook("MLReplicaRestarts"),
    ))
}

fn cpu(scope: &Scope<'_>) -> Panel {
    lines(
        "Processor time",
        "Processors in use by each replica.",
        vec![Query::range(
            of_process(
                scope,
                format!("rate({}[$__rate_interval])", contract::PROCESS_CPU_SECONDS.name),
            ),
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
            of_process(scope, contract::PROCESS_RESIDENT_MEMORY.name.to_owned()),
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
    metric: &'static Metric,
    label: &str,
) -> Panel {
    Panel::chart(
        title,
        description,
        vec![Query::range(
            format!("sum by ({label}) (rate({}[$__rate_interval]))", scope.select(metric)),
            &format!("{{{{{label}}}}}"),
        )],
        (
            TimeSeries::new(),
            Field::new(Unit::PerSecond, no_value, TimeSeriesField::shares()).min(0.0),
        ),
    )
}

fn feature_ratio(scope: &Scope<'_>, title: &str, description: &str, metric: &'static Metric, limit: f64) -> Panel {
    let rate =
        |metric: &'static Metric| format!("sum by (feature_name) (rate({}[$__rate_interval]))", scope.select(metric));
    Panel::chart(
        title,
        description,
        vec![Query::range(
            format!("{} / ({} > 0)", rate(metric), rate(&contract::FEATURE_OBSERVATIONS)),
            "{{feature_name}}",
        )],
        (
            TimeSeries::new(),
            Field::new(Unit::Ratio, "No features recorded", TimeSeriesField::with_limit())
                .min(0.0)
                .thresholds(Thresholds::of(Color::Transparent, &[(limit, Color::Red)])),
        ),
    )
}

fn drift_job(scope: &Scope<'_>) -> Panel {
    lines(
        "Drift of predictions, and the drift job",
        "Distance of the scores from the baseline; what a run takes, and how many failed within the hour.",
        vec![
            Query::range(
                format!("max({})", scope.select(&contract::PREDICTION_DRIFT_SCORE)),
                "drift score of predictions",
            ),
            Query::range(
                format!("max({})", scope.select(&contract::DRIFT_RUN_DURATION)),
                "seconds a run takes",
            ),
            Query::range(
                format!(
                    "sum by (result) (increase({}[1h]))",
                    scope.select(&contract::DRIFT_RUNS)
                ),
                "runs an hour: {{result}}",
            ),
        ],
        Unit::Number,
        "No drift job",
    )
}

fn losses(scope: &Scope<'_>) -> Panel {
    let rate = |series: String| format!("sum(rate({series}[$__rate_interval]))");
    Panel::chart(
        "Lost or unusable records",
        "Predictions that the log dropped and scores that are no number. Both should be nothing at all.",
        vec![
            Query::range(
                rate(scope.select_where(&contract::PREDICTION_LOG_RECORDS, &[("result", "dropped")])),
                "dropped by the log",
            ),
            Query::range(
                rate(scope.select(&contract::PREDICTION_NON_FINITE)),
                "scores NaN or infinite",
            ),
        ],
        (
            TimeSeries::new(),
            Field::new(Unit::PerSecond, "No prediction log", TimeSeriesField::lines())
                .min(0.0)
                .exception(Override::of("dropped by the log", [Property::Fixed(Color::Red)])),
        ),
    )
}
