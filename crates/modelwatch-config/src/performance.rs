//! `[models.performance]`: where predictions and their labels are, so that the drift job's exporter can measure the
//! model's performance.
//!
//! The keys and defaults are those of the options of `modelwatch performance`.

use std::collections::BTreeMap;
use std::time::Duration;

use toml::de::DeValue;

use crate::duration::prometheus_duration;
use crate::error::Location;
use crate::place::PathOrUrl;
use crate::reader::{Field, Table, boolean, duration, name, number, text};
use crate::warehouse::DriftWarehouse;

const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;

/// `[models.performance]`: the data and columns that measure a model's performance.
/// # Example: labels in a table of a database
///
/// ```
/// use modelwatch_config::{Config, OutcomeRows, Performance};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [models.performance]
/// reference = "scored-2026q1.parquet"
/// predictions = "prediction-log/model=claims-risk"
/// label = "paid"
/// score = "score"
/// positive = "true"
/// outcome_time = "known_at"
/// time = "time"
/// [models.performance.outcomes]
/// dialect = "postgresql"
/// table = "claims.outcomes"
/// uri_from = "CLAIMS_DATABASE"
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let performance: &Performance = config.models[0].performance.as_ref().expect("the section is there");
/// assert!(matches!(&performance.outcomes, Some(OutcomeRows::Warehouse(rows)) if rows.table == ["claims", "outcomes"]));
/// assert_eq!(performance.horizon.as_secs(), 30 * 24 * 60 * 60);
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Performance {
    /// The labelled predictions to learn from.
    pub reference: PathOrUrl,
    /// The predictions to judge: files, or a model's folder of the prediction log.
    pub predictions: PathOrUrl,
    /// Where the labels are, joined by id. Optional; without it, labels are in the same rows as the predictions.
    pub outcomes: Option<OutcomeRows>,
    /// The column of labels.
    pub label: String,
    /// The column of scores.
    pub score: Option<String>,
    /// The column of predicted classes.
    pub class: Option<String>,
    /// The columns of class probabilities, by class.
    pub probabilities: BTreeMap<String, String>,
    /// The positive class of a binary model.
    pub positive: Option<String>,
    /// A row without a predicted class is positive from this score on. Defaults to 0.5.
    pub threshold: f64,
    /// Whether labels are numbers, even when there are only few different ones. Defaults to `false`.
    pub regression: bool,
    /// Columns from which the errors of predicted numbers are estimated. Optional.
    pub features: Vec<String>,
    /// The column of ids. Defaults to `id`.
    pub id: String,
    /// The column of ids in the files of labels. Defaults to the value of `id`.
    pub outcome_id: Option<String>,
    /// The column of labels in the files of labels. Defaults to the value of `label`.
    pub outcome_label: Option<String>,
    /// The column of the time at which a label became known. Optional; without it, every label is in time.
    pub outcome_time: Option<String>,
    /// The column of prediction times.
    pub time: Option<String>,
    /// The column of the model's version. Optional; without it, all versions count together.
    pub version: Option<String>,
    /// Columns whose values split performance into segments. Defaults to the segments of `[models.drift]`.
    pub segments: Vec<String>,
    /// More columns to search for the cause of a loss, beside the segments. Optional.
    pub explain: Vec<String>,
    /// How long after its prediction a label still counts. Defaults to 30 days.
    pub horizon: Duration,
    /// How far back to read predictions. Defaults to 30 days.
    pub period: Duration,
    /// The time between two runs. Defaults to one hour.
    pub interval: Duration,
    /// How long a run may take. Defaults to 15 minutes.
    pub timeout: Duration,
    /// Where the section is in the file.
    pub location: Location,
}

/// Where to find the labels that are joined with the predictions by id.
/// The example of [`Performance`](crate::Performance) has one.
#[derive(Clone, Debug, PartialEq)]
pub enum OutcomeRows {
    /// `outcomes`: files, or a model's folder of a prediction log's outcomes.
    Files(PathOrUrl),
    /// `[models.performance.outcomes]`: a table of a database.
    Warehouse(DriftWarehouse),
}

impl OutcomeRows {
    fn read(field: &Field<'_, '_>, file: &str) -> Option<Self> {
        match field.value.get_ref() {
            DeValue::Table(_) => DriftWarehouse::read(field.table()?).map(Self::Warehouse),
            _ => field.read(text).map(|text| Self::Files(PathOrUrl::new(&text, file))),
        }
    }
}

impl Performance {
    pub(crate) fn read(table: Table<'_, '_>, drift_segments: &[String], file: &str) -> Option<Self> {
        let location = table.location();
        let place = |text: String| PathOrUrl::new(&text, file);
        let reference = table.required("reference", "\"scored-q1.parquet\"", text).map(place);
        let predictions = table
            .required("predictions", "\"prediction-log/model=claims\"", text)
            .map(place);
        let label = table.required("label", "\"outcome\"", text);
        let list = |key| table.field(key).map(|field: Field<'_, '_>| field.list(name));
        let length = |key, default: u64| {
            table
                .read(key, duration)
                .unwrap_or_else(|| Duration::from_secs(default))
        };
        let probabilities = table.table("probabilities").map(|table| table.named());
        let read = Self {
            reference: reference.clone().unwrap_or_else(PathOrUrl::nowhere),
            predictions: predictions.clone().unwrap_or_else(PathOrUrl::nowhere),
            outcomes: table
                .field("outcomes")
                .and_then(|field| OutcomeRows::read(&field, file)),
            label: label.clone().unwrap_or_default(),
            score: table.read("score", text),
            class: table.read("class", text),
            probabilities: probabilities
                .into_iter()
                .flatten()
                .filter_map(|(class, field)| Some((class, field.read(text)?)))
                .collect(),
            positive: table.read("positive", text),
            threshold: table
                .read("threshold", |value| {
                    number(value).ok_or_else(|| "a number, such as 0.5".to_owned())
                })
                .unwrap_or(0.5),
            regression: table.read("regression", boolean).unwrap_or(false),
            features: list("features").unwrap_or_default(),
            id: table.read("id", text).unwrap_or_else(|| "id".to_owned()),
            outcome_id: table.read("outcome_id", text),
            outcome_label: table.read("outcome_label", text),
            outcome_time: table.read("outcome_time", text),
            time: table.read("time", text),
            version: table.read("version", text),
            segments: list("segments").unwrap_or_else(|| drift_segments.to_vec()),
            explain: list("explain").unwrap_or_default(),
            horizon: length("horizon", 30 * DAY),
            period: length("period", 30 * DAY),
            interval: length("interval", HOUR),
            timeout: length("timeout", 15 * 60),
            location,
        };
        let (second, week, years) = (
            Duration::from_secs(1),
            Duration::from_secs(7 * DAY),
            Duration::from_secs(3_660 * DAY),
        );
        for (key, duration, most, example) in [
            ("interval", read.interval, week, "a second and a week, such as \"1h\""),
            ("timeout", read.timeout, week, "a second and a week, such as \"15m\""),
            ("period", read.period, years, "a second and ten years, such as \"30d\""),
            (
                "horizon",
                read.horizon,
                years,
                "a second and ten years, such as \"14d\"",
            ),
        ] {
            if duration < second || duration > most {
                table.reader.report(
                    table.field(key).map_or(location, |field| field.location()),
                    format!("{}.{key} is {}", table.path, prometheus_duration(duration)),
                    format!("take between {example}"),
                );
            }
        }
        for (key, needs) in [
            ("period", "time"),
            ("outcome_time", "time"),
            ("outcome_id", "outcomes"),
            ("outcome_label", "outcomes"),
            ("outcome_time", "outcomes"),
        ] {
            if let (Some(field), None) = (table.field(key), table.field(needs)) {
                field.report(
                    format!("{} is there and {}.{needs} is not", field.path, table.path),
                    format!("add {needs} = \"…\", or remove {key}"),
                );
            }
        }
        table.finish();
        (reference.is_some() && predictions.is_some() && label.is_some()).then_some(read)
    }
}
