//! The first round: the model's counts over the past hours.

use std::collections::{BTreeMap, BTreeSet};

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Model};

use super::subject::Subject;
use crate::source::{Grid, Question, Row, Source, SourceError, ask_all};

/// Steps in the first round.
const STEPS: usize = 180;
/// The shortest usual step, in seconds.
const SHORTEST_STEP: i64 = 60;

/// The topics of the first round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    Requests,
    Fast,
    Timed,
    NonFinite,
    Scores,
    Classes,
    Outcomes,
    Observations,
    Missing,
    Defaulted,
    OutOfRange,
    FeatureDrift,
    FeatureDriftScore,
    VersionDrift,
    VersionPredictionDrift,
    PredictionDrift,
    PredictionDriftScore,
    Changes,
    Performance,
    PerformanceLow,
    PerformanceHigh,
    PerformanceReference,
    PerformanceLabels,
    Explained,
    SegmentGrowth,
    SegmentPerformance,
    SegmentReference,
    SegmentLabels,
    Versions,
    Registered,
    Pipelines,
    Baselines,
    Builds,
    Up,
    Starts,
}

/// The answers of the first round.
pub(super) struct Asked {
    pub(super) grid: Grid,
    pub(super) edge: f64,
    answers: BTreeMap<Topic, (String, Result<Vec<Row>, SourceError>)>,
}

impl Asked {
    /// Returns the rows of a topic. Empty when it could not be asked.
    pub(super) fn rows(&self, topic: Topic) -> &[Row] {
        match self.answers.get(&topic) {
            Some((_, Ok(rows))) => rows,
            _ => &[],
        }
    }

    /// Returns whether a topic could be asked, even if the answer is empty.
    pub(super) fn answered(&self, topic: Topic) -> bool {
        self.answers.get(&topic).is_some_and(|(_, answer)| answer.is_ok())
    }

    /// Returns the versions that had traffic in the last twelfth of the time.
    pub(super) fn serving(&self) -> Vec<String> {
        let recent = self.grid.steps - self.grid.steps / 12;
        let has_traffic = |row: &&Row| row.values.iter().skip(recent).flatten().any(|&requests| requests > 0.0);
        let rows = self.rows(Topic::Requests).iter().filter(has_traffic);
        let versions: BTreeSet<_> = rows.map(|row| row.label("model_version").to_owned()).collect();
        versions.into_iter().collect()
    }

    /// Returns why you can't conclude that there is no trouble. `None` when everything could be asked and some of it has series.
    pub(super) fn blind(&self) -> Option<String> {
        let something = [
            Topic::Requests,
            Topic::Versions,
            Topic::Observations,
            Topic::FeatureDrift,
            Topic::PredictionDrift,
            Topic::Performance,
        ];
        if self.answers.values().any(|(_, answer)| answer.is_err()) {
            Some("some of what it takes could not be asked".to_owned())
        } else if something.iter().all(|&topic| self.rows(topic).is_empty()) {
            Some("there are no series of this model".to_owned())
        } else {
            None
        }
    }

    /// Returns a sentence for each topic that could not be asked.
    pub(super) fn unknown(&self) -> Vec<String> {
        self.answers
            .values()
            .filter_map(|(metric, answer)| Some(format!("{metric}: {}", answer.as_ref().err()?)))
            .collect()
    }
}

/// Returns the model's part of the configuration.
pub(super) fn model<'c>(config: &'c Config, subject: &Subject) -> Option<&'c Model> {
    config.model(&subject.model)
}

/// Limits a question to the model.
pub(super) fn of_model(question: Question, subject: &Subject) -> Question {
    with_identity(question.only("model_name", &subject.model), subject)
}

pub(super) fn with_identity(question: Question, subject: &Subject) -> Question {
    subject
        .only
        .iter()
        .fold(question, |question, (label, value)| question.only(label, value))
}

/// The ways to write a bucket bound as a label.
pub(super) fn edge_labels(edge: f64) -> Vec<String> {
    let plain = edge.to_string();
    let with_point = (!plain.contains('.') && edge.is_finite()).then(|| format!("{plain}.0"));
    [plain].into_iter().chain(with_point).collect()
}

/// The model's latency objective, in seconds.
pub(super) fn latency_edge(config: &Config, subject: &Subject) -> f64 {
    model(config, subject).map_or(0.35, |model| model.latency_p95.as_secs_f64())
}

/// The scrape interval, in seconds.
fn scrape(config: &Config) -> i64 {
    i64::try_from(config.prometheus.scrape_interval.as_secs())
        .unwrap_or(SHORTEST_STEP)
        .max(1)
}

/// The usual length of a step, in seconds: long enough to know a counter's growth.
fn shortest(config: &Config) -> i64 {
    (4 * scrape(config)).max(SHORTEST_STEP)
}

/// The steps to ask about: 180 that end at the subject's time, of a minute each, or of four scrapes if that is longer. When the
/// service has been watched for less time and is scraped often, the steps are shorter and cover that time. On a new installation,
/// two minutes are all you have.
fn grid(source: &dyn Source, config: &Config, subject: &Subject) -> Grid {
    let of = |step: i64| Grid {
        start: subject.at - step * i64::try_from(STEPS).unwrap_or(i64::MAX / step),
        step,
        steps: STEPS,
    };
    let usual = of(shortest(config));
    let least = 4 * scrape(config);
    if least >= usual.step {
        return usual;
    }
    // Without an answer, the other questions are still asked, and they report the failure.
    let rows = source.ask(&of_job("up", usual, config, subject)).unwrap_or_default();
    let known = |step: usize| rows.iter().any(|row| row.values.get(step).copied().flatten().is_some());
    match (0..STEPS).find(|&step| known(step)) {
        None => usual,
        Some(first) => {
            // Counts the first step too, although its beginning may be unknown.
            let watched = subject.at - usual.begins(first);
            let step = watched.div_euclid(i64::try_from(STEPS).unwrap_or(i64::MAX)) + 1;
            of(step.clamp(least, usual.step))
        }
    }
}

/// A gauge's question for the targets of the model's job, or of all jobs when that is unknown.
fn of_job(metric: &str, grid: Grid, config: &Config, subject: &Subject) -> Question {
    let question = Question::highest(metric, grid);
    let question = match model(config, subject) {
        Some(model) if !model.job.is_empty() => question.only("job", &model.job),
        _ => question,
    };
    with_identity(question, subject)
}

/// Asks about every topic, over 180 steps.
pub(super) fn first(source: &dyn Source, config: &Config, subject: &Subject) -> Result<Asked, SourceError> {
    let grid = grid(source, config, subject);
    let edge = latency_edge(config, subject);
    let part = |metric: &Metric, part: &str| format!("{}{part}", metric.name);
    let counter = |metric: String, by: &[&str]| of_model(Question::increase(metric, grid), subject).by(by);
    let gauge = |metric: &str, by: &[&str]| of_model(Question::highest(metric, grid), subject).by(by);
    let of_job = |metric: &str, by: &[&str]| of_job(metric, grid, config, subject).by(by);
    const VERSION: &str = "model_version";
    const FEATURE: &str = "feature_name";
    const MEASURE: &str = "measure";
    const SEGMENT: [&str; 2] = ["segment", "segment_value"];
    let of_segment = |metric: &Metric, label: &'static str| gauge(metric.name, &[SEGMENT[0], SEGMENT[1], label]);
    let questions = [
        (
            Topic::Requests,
            counter(part(&contract::INFERENCE_REQUESTS, ""), &[VERSION, "status"]),
        ),
        (
            Topic::Fast,
            counter(part(&contract::INFERENCE_LATENCY, "_bucket"), &[VERSION]).one_of("le", edge_labels(edge)),
        ),
        (
            Topic::Timed,
            counter(part(&contract::INFERENCE_LATENCY, "_count"), &[VERSION]),
        ),
        (
            Topic::NonFinite,
            counter(part(&contract::PREDICTION_NON_FINITE, ""), &[VERSION]),
        ),
        (
            Topic::Scores,
            counter(part(&contract::PREDICTION_SCORE, "_bucket"), &[VERSION, "le"]),
        ),
        (
            Topic::Classes,
            counter(part(&contract::PREDICTION_CLASS, ""), &[VERSION, "class"]),
        ),
        (
            Topic::Outcomes,
            counter(part(&contract::BUSINESS_OUTCOME, ""), &[VERSION, "outcome"]),
        ),
        (
            Topic::Observations,
            counter(part(&contract::FEATURE_OBSERVATIONS, ""), &[VERSION, FEATURE]),
        ),
        (
            Topic::Missing,
            counter(part(&contract::FEATURE_MISSING, ""), &[VERSION, FEATURE]),
        ),
        (
            Topic::Defaulted,
            counter(part(&contract::FEATURE_DEFAULTED, ""), &[VERSION, FEATURE]),
        ),
        (
            Topic::OutOfRange,
            counter(part(&contract::FEATURE_OUT_OF_RANGE, ""), &[VERSION, FEATURE]),
        ),
        (
            Topic::FeatureDrift,
            gauge(contract::DATA_DRIFT_DETECTED.name, &[FEATURE]),
        ),
        (
            Topic::FeatureDriftScore,
            gauge(contract::DATA_DRIFT_SCORE.name, &[FEATURE]),
        ),
        (
            Topic::VersionDrift,
            gauge(contract::VERSION_DATA_DRIFT_DETECTED.name, &[VERSION, FEATURE]),
        ),
        (
            Topic::VersionPredictionDrift,
            gauge(contract::VERSION_PREDICTION_DRIFT_DETECTED.name, &[VERSION]),
        ),
        (
            Topic::PredictionDrift,
            gauge(contract::PREDICTION_DRIFT_DETECTED.name, &[]),
        ),
        (
            Topic::PredictionDriftScore,
            gauge(contract::PREDICTION_DRIFT_SCORE.name, &[]),
        ),
        (Topic::Changes, gauge(contract::DRIFT_CHANGE.name, &[FEATURE, "change"])),
        (
            Topic::Performance,
            gauge(contract::PERFORMANCE.name, &[VERSION, MEASURE]),
        ),
        (
            Topic::PerformanceLow,
            gauge(contract::PERFORMANCE_LOW.name, &[VERSION, MEASURE]),
        ),
        (
            Topic::PerformanceHigh,
            gauge(contract::PERFORMANCE_HIGH.name, &[VERSION, MEASURE]),
        ),
        (
            Topic::PerformanceReference,
            gauge(contract::PERFORMANCE_REFERENCE.name, &[MEASURE]),
        ),
        (
            Topic::PerformanceLabels,
            gauge(contract::PERFORMANCE_LABELS.name, &[VERSION]),
        ),
        (Topic::Explained, of_segment(&contract::PERFORMANCE_EXPLAINED, VERSION)),
        (
            Topic::SegmentGrowth,
            of_segment(&contract::SEGMENT_PERFORMANCE_GROWTH, MEASURE),
        ),
        (
            Topic::SegmentPerformance,
            of_segment(&contract::SEGMENT_PERFORMANCE, MEASURE),
        ),
        (
            Topic::SegmentReference,
            of_segment(&contract::SEGMENT_PERFORMANCE_REFERENCE, MEASURE),
        ),
        (
            Topic::SegmentLabels,
            gauge(contract::SEGMENT_PERFORMANCE_LABELS.name, &SEGMENT),
        ),
        (Topic::Versions, gauge(contract::MODEL_INFO.name, &[VERSION])),
        (
            Topic::Registered,
            gauge(contract::MODEL_REGISTERED_TIMESTAMP.name, &[VERSION]),
        ),
        (
            Topic::Pipelines,
            gauge(contract::FEATURE_PIPELINE_INFO.name, &["pipeline_version"]),
        ),
        (
            Topic::Baselines,
            gauge(contract::DRIFT_BASELINE_INFO.name, &["baseline_version"]),
        ),
        (
            Topic::Builds,
            of_job(contract::SERVICE_INFO.name, &["service_version", "revision"]),
        ),
        (Topic::Up, of_job("up", &["instance"])),
        (Topic::Starts, of_job(contract::PROCESS_START_TIME.name, &["instance"])),
    ];
    let (topics, questions): (Vec<_>, Vec<_>) = questions.into_iter().unzip();
    let answers = ask_all(source, &questions);
    if let (true, Some(Err(error))) = (answers.iter().all(Result::is_err), answers.first()) {
        return Err(error.clone());
    }
    let metrics = questions.into_iter().map(|question| question.metric);
    Ok(Asked {
        grid,
        edge,
        answers: topics.into_iter().zip(metrics.zip(answers)).collect(),
    })
}
