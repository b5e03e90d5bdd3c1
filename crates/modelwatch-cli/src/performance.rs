//! `modelwatch performance`: how right a model is, by labels and before they come.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use modelwatch_drift_job::performance::{PerformanceOptions, Task, json, page};
use modelwatch_drift_job::publish::{Pushgateway, Textfile};

use crate::failure::Failure;
use crate::outcome_table::OutcomeTable;
use crate::progress::Progress;
use crate::runtime::runtime;
use crate::spans;
use crate::terminal::{say, warn};
use crate::times::{now, time};
use crate::values::listed;

/// Predictions, their labels, and what columns are called.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Performance {
    /// Labelled predictions as the reference: Parquet, CSV or JSON lines, also .gz, or a Delta table; a path, folder, glob or URL.
    #[arg(value_name = "REFERENCE")]
    reference: String,
    /// The predictions to judge: the same kinds of files, or a model's folder of the prediction log.
    #[arg(value_name = "PREDICTIONS")]
    current: String,
    /// The column of labels.
    #[arg(long, value_name = "COLUMN")]
    label: String,
    /// The column of scores: the probability of the positive class, or the predicted number.
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// The column of predicted classes.
    #[arg(long, value_name = "COLUMN")]
    class: Option<String>,
    /// The columns of the probabilities of several classes, such as a=p_a,b=p_b.
    #[arg(long, value_name = "CLASS=COLUMN", value_delimiter = ',', value_parser = pair)]
    probability: Vec<(String, String)>,
    /// The positive one of two classes, as the labels spell it.
    #[arg(long, value_name = "CLASS")]
    positive: Option<String>,
    /// The minimum score of the positive class, for rows without a predicted class.
    #[arg(long, value_name = "SCORE", default_value_t = 0.5, value_parser = finite)]
    threshold: f64,
    /// Treat labels as amounts, even if there are few different ones.
    #[arg(long)]
    regression: bool,
    /// Columns to estimate the errors of predicted numbers from.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    features: Vec<String>,
    /// Files of labels by id. Defaults to labels beside the predictions.
    #[arg(long, value_name = "FILES")]
    outcomes: Vec<String>,
    #[command(flatten)]
    outcome_table: OutcomeTable,
    /// The column of ids.
    #[arg(long, value_name = "COLUMN", default_value = "id")]
    id: String,
    /// The column of ids in the files of labels, if its name differs.
    #[arg(long, value_name = "COLUMN")]
    outcome_id: Option<String>,
    /// The column of labels in the files of labels, if its name differs.
    #[arg(long, value_name = "COLUMN")]
    outcome_label: Option<String>,
    /// The column of the times of predictions.
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// The column of the times at which labels were known. Without it, every label is in time.
    #[arg(long, value_name = "COLUMN")]
    outcome_time: Option<String>,
    /// The time after a prediction within which its label counts, such as 14d.
    #[arg(long, value_name = "DURATION", default_value = "30d", value_parser = duration)]
    horizon: TimeDelta,
    /// The time until which labels are collected: 2026-05-01T14:03:00Z, 2026-05-01, yesterday, 2h (ago). Defaults to now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    now: Option<DateTime<Utc>>,
    /// Leave out predictions from before this time, such as 30d (ago). Of a prediction log, earlier dates are not read.
    #[arg(long, value_name = "TIME", value_parser = time)]
    since: Option<DateTime<Utc>>,
    /// End without a result after this time, such as 15m.
    #[arg(long, value_name = "DURATION", value_parser = duration)]
    timeout: Option<TimeDelta>,
    /// Also measure each version, by this column.
    #[arg(long, value_name = "COLUMN")]
    model_version: Option<String>,
    /// Also measure each value of these columns, such as a country.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    segment: Vec<String>,
    /// Also measure windows of this length, such as 1d; needs --time.
    #[arg(long, value_name = "DURATION", value_parser = duration, requires = "time")]
    window: Option<TimeDelta>,
    /// Search these columns for what made the model worse: categories by value, numbers by tenths of the reference.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    explain: Vec<String>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// The model's name in metrics; needs --textfile or --pushgateway.
    #[arg(long, value_name = "MODEL", requires = "published")]
    model: Option<String>,
    /// Also publish metrics in a file for node-exporter's textfile collector, ending in .prom.
    #[arg(long, value_name = "FILE", requires = "model", group = "published")]
    textfile: Option<PathBuf>,
    /// Publish metrics on a Pushgateway, such as `http://pushgateway:9091`, too, as the group `performance-MODEL`.
    #[arg(long, value_name = "URL", requires = "model", group = "published")]
    pushgateway: Option<String>,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch performance scored-q1.csv scored-april.parquet --label late --score probability --segment carrier
  modelwatch performance scored-q1.parquet predictions/ --label outcome --score score --outcomes labels/ --id prediction_id
  modelwatch performance scored-q1.parquet predictions/ --label late --score probability --explain carrier,hour
  modelwatch performance scored-q1.parquet predictions/ --label outcome --score score --id prediction_id --outcomes-table public.labels --dialect postgresql --uri-from LABELS_WAREHOUSE";

pub(crate) fn run(command: Performance) -> Result<(), Failure> {
    let until = command.now.unwrap_or_else(now);
    if let Some(since) = command.since.filter(|since| *since >= until) {
        return Err(Failure::usage(format!(
            "no prediction is both since {since} and before {until}; name an earlier --since or a later --now"
        )));
    }
    // The places first: a report that can't be published is in vain.
    let model = command.model.unwrap_or_default();
    let textfile = command
        .textfile
        .map(Textfile::new)
        .transpose()
        .map_err(Failure::usage)?;
    let gateway = command
        .pushgateway
        .map(|url| Pushgateway::new(&url, &format!("performance-{model}")));
    let gateway = gateway.transpose().map_err(Failure::usage)?;
    let mut options = PerformanceOptions::new(command.label, [command.reference], [command.current]);
    options.score = command.score;
    options.class = command.class;
    options.probabilities = command.probability.into_iter().collect();
    options.positive = command.positive;
    options.threshold = command.threshold;
    options.regression = command.regression;
    options.features = command.features;
    options.outcomes = command.outcomes;
    options.id = command.id;
    options.outcome_id = command.outcome_id;
    options.outcome_label = command.outcome_label;
    options.time = command.time;
    options.outcome_time = command.outcome_time;
    options.horizon = command.horizon;
    if let Some(now) = command.now {
        options.now = now;
    }
    options.since = command.since;
    options.timeout = command.timeout.and_then(|timeout| timeout.to_std().ok());
    options.outcome_table = command.outcome_table.source(options.timeout)?;
    options.version = command.model_version;
    options.segments = command.segment;
    options.window = command.window;
    options.explain = command.explain;
    let mut progress = Progress::new();
    let measured = runtime()?.block_on(options.run(|done| progress.tell(done)));
    progress.end();
    let report = measured.map_err(Failure::new)?;
    if report.groups.iter().all(|group| group.rows == 0) {
        warn("no prediction was measured; check the files, --since and --now");
    }
    if !options.features.is_empty() && !matches!(report.task, Task::Regression) {
        warn("--features has no effect, as the labels are classes: their errors are estimated from scores");
    }
    let metrics = page(&report, &model, Utc::now());
    if let Some(textfile) = textfile {
        textfile.write(&metrics).map_err(Failure::new)?;
    }
    if let Some(gateway) = gateway {
        gateway.push(&metrics).map_err(Failure::new)?;
    }
    match command.json {
        true => say(json(&report).map_err(Failure::new)?),
        false => say(report),
    }
    Ok(())
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (class, column) = text
        .split_once('=')
        .map(|(class, column)| (class.trim(), column.trim()))
        .filter(|(class, column)| !class.is_empty() && !column.is_empty())
        .ok_or("write the class, an equals sign and its column, such as fraud=p_fraud")?;
    Ok((class.to_owned(), column.to_owned()))
}

fn finite(text: &str) -> Result<f64, String> {
    let number = text.trim().parse().ok().filter(|number: &f64| number.is_finite());
    number.ok_or_else(|| "write a number such as 0.5".to_owned())
}

fn duration(text: &str) -> Result<TimeDelta, String> {
    let duration = spans::duration(text.trim()).filter(|duration| *duration > Duration::ZERO);
    let duration = duration.and_then(|duration| TimeDelta::from_std(duration).ok());
    duration.ok_or_else(|| "write a duration as Prometheus does, such as 30m, 1d or 2w".to_owned())
}
