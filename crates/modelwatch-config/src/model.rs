//! A model: its routes, objectives, thresholds, owners, drift and performance.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use modelwatch::contract;
use modelwatch_drift::decision::Statistic;
use modelwatch_drift::reference::Reference;
use toml::de::DeValue;

use crate::duration::prometheus_duration;
use crate::error::Location;
use crate::performance::Performance;
use crate::place::PathOrUrl;
use crate::reader::{
    Expected, Field, Table, boolean, count, duration, is_name, name, number, objective, positive, ratio, text, url,
};
use crate::spark::DriftSpark;
use crate::warehouse::DriftWarehouse;

/// `[[models]]`: one model. `[defaults]` supplies what the model does not set.
/// # Example: who answers for a model and for its features
///
/// ```
/// use modelwatch_config::{Config, Model, Owner, Owners, Upstream};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [models.features.income]
/// source = "crm.customers"
/// owner = "crm-team"
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let model: &Model = &config.models[0];
/// assert!(matches!(&model.owners, Owners { data: Owner { team, .. }, .. } if team == "applied-ml"));
/// assert!(matches!(&model.upstream["income"], Upstream { owner: Some(owner), .. } if owner == "crm-team"));
/// assert_eq!(model.thresholds.error_ratio, 0.03);
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Model {
    /// The label `model_name`.
    pub name: String,
    /// The routes it answers.
    pub routes: Vec<String>,
    /// The scrape job that serves it. Defaults to the first job of plane `inference`.
    pub job: String,
    /// Features whose drift raises an alert. Empty: every feature.
    pub critical_features: Vec<String>,
    /// Where features come from, shown to those who get an alert about a broken feature.
    pub upstream: BTreeMap<String, Upstream>,
    /// Whether drift pages instead of opening a ticket.
    pub high_risk: bool,
    /// Whether missing traffic is a fault. Defaults to `true`. Set `false` for models that are called only now and
    /// then.
    pub expect_traffic: bool,
    /// The model's owners.
    pub owners: Owners,
    /// The latency that 95 % of requests must stay within. It must be a bound of the latency buckets. Defaults to 350
    /// ms.
    pub latency_p95: Duration,
    /// The share of requests that must stay within `latency_p95`. Defaults to 0.95.
    pub latency_objective: f64,
    /// The share of requests that must end without a fault of the service. Defaults to 0.999.
    pub availability_objective: f64,
    /// The thresholds of its alerts.
    pub thresholds: Thresholds,
    /// How the drift job watches this model. Absent when it does not.
    pub drift: Option<Drift>,
    /// How to measure the model's performance, when the drift job's exporter does so.
    pub performance: Option<Performance>,
    /// The command that rolls the last release back, for operators to run.
    pub rollback: Option<String>,
    /// The web page from which its releases are deployed.
    pub deploy_url: Option<String>,
    /// Where the section is in the file.
    pub location: Location,
}

/// `[models.features.<name>]`: where a feature comes from.
/// The example of [`Model`](crate::Model) has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Upstream {
    /// The source of the feature: a table, a topic, a service.
    pub source: Option<String>,
    /// The owner of that source. Any name; it need not be a team that gets alerts.
    pub owner: Option<String>,
}

fn upstream(table: &Table<'_, '_>) -> BTreeMap<String, Upstream> {
    let features = table.table("features").map(|table| table.named()).unwrap_or_default();
    let read = features.into_iter().filter_map(|(feature, field)| {
        let table = field.table()?;
        let upstream = Upstream {
            source: table.read("source", name),
            owner: table.read("owner", name),
        };
        if upstream == Upstream::default() {
            table.reader.report(
                table.location(),
                format!("{} says nothing", table.path),
                "say source = \"…\", owner = \"…\" or both",
            );
        }
        table.finish();
        Some((feature, upstream))
    });
    read.collect()
}

/// Teams, by what they are responsible for.
/// The example of [`Model`](crate::Model) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Owners {
    /// Latency, errors, saturation.
    pub serving: Owner,
    /// Drift and shifts of predictions.
    pub model: Owner,
    /// Missing and out-of-range features.
    pub data: Owner,
}

/// A team, and where the file names it.
/// The example of [`Model`](crate::Model) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// A key of `[teams]`.
    pub team: String,
    /// Where the file names it.
    pub location: Location,
}

impl Owners {
    pub(crate) fn read(table: Table<'_, '_>) -> Option<Self> {
        let owner = |role| {
            let team = table.required(role, "\"<a team>\"", name)?;
            let location = table.field(role)?.location();
            Some(Owner { team, location })
        };
        let (serving, model, data) = (owner("serving"), owner("model"), owner("data"));
        table.finish();
        Some(Self {
            serving: serving?,
            model: model?,
            data: data?,
        })
    }

    fn overridden(&self, table: Table<'_, '_>) -> Self {
        let owner = |role, default: &Owner| {
            let named = table.read(role, name).zip(table.field(role));
            named.map_or_else(
                || default.clone(),
                |(team, field)| Owner {
                    team,
                    location: field.location(),
                },
            )
        };
        let owners = Self {
            serving: owner("serving", &self.serving),
            model: owner("model", &self.model),
            data: owner("data", &self.data),
        };
        table.finish();
        owners
    }
}

macro_rules! thresholds {
    ($($(#[$doc:meta])* $name:ident: $type:ty = $default:expr, $read:ident;)*) => {
        /// Thresholds of the alerts. Shares are from 0 to 1.
        #[derive(Clone, Debug, PartialEq)]
        #[non_exhaustive]
        pub struct Thresholds {
            $($(#[$doc])* pub $name: $type,)*
        }

        impl Default for Thresholds {
            fn default() -> Self {
                Self { $($name: $default,)* }
            }
        }

        impl Thresholds {
            /// The keys of `[defaults.thresholds]`.
            pub const KEYS: &[&str] = &[$(stringify!($name)),*];

            fn overridden(&self, table: Table<'_, '_>) -> Self {
                let thresholds = Self {
                    $($name: table.read(stringify!($name), $read).unwrap_or_else(|| self.$name.clone()),)*
                };
                table.finish();
                thresholds
            }
        }
    };
}

const DAY: u64 = 86_400;

thresholds! {
    /// Requests a five-minute window must hold before its error ratio or percentile counts. Defaults to 50.
    minimum_requests: u64 = 50, count;
    /// Failed or slow requests the long window must hold before a burn rate counts. Defaults to 5.
    minimum_errors: u64 = 5, count;
    /// Predictions that half an hour must hold before their distribution counts. Defaults to 100.
    minimum_predictions: u64 = 100, count;
    /// Share of requests that end in an error. Defaults to 0.03.
    error_ratio: f64 = 0.03, ratio;
    /// Share by which a version's client errors may exceed those of the model an hour ago. Defaults to 0.10.
    client_error_ratio: f64 = 0.10, ratio;
    /// Share by which a replica's errors may exceed its siblings'. Defaults to 0.05.
    replica_error_ratio: f64 = 0.05, ratio;
    /// How many times its siblings' mean latency a replica's may be. Defaults to 2.
    replica_latency_factor: f64 = 2.0, factor;
    /// Wake-up delay of the tasks in the service's runtime, at the 99th percentile. Defaults to 100 ms.
    runtime_delay: Duration = Duration::from_millis(100), duration;
    /// Share by which a version's errors may exceed the other versions'. Defaults to 0.02.
    canary_error_ratio: f64 = 0.02, ratio;
    /// How many times the other versions' p95 a version's may be. Defaults to 1.5.
    canary_latency_factor: f64 = 1.5, factor;
    /// Requests in flight on one replica. Defaults to 100.
    in_flight: f64 = 100.0, positive;
    /// Requests that wait for the model on one replica. Defaults to 50.
    queue_depth: f64 = 50.0, positive;
    /// Restarts of one replica in an hour. Defaults to 3.
    restarts: u64 = 3, count;
    /// Share of observations in which a feature is missing. Counts above training's own share when the drift job
    /// exports that. Defaults to 0.05.
    missing_ratio: f64 = 0.05, ratio;
    /// Share of observations in which a default replaces a feature. Defaults to 0.05.
    defaulted_ratio: f64 = 0.05, ratio;
    /// Share of observations outside a feature's range. Defaults to 0.05.
    out_of_range_ratio: f64 = 0.05, ratio;
    /// The drift score above which a feature drifts, unless the feature has its own threshold. Defaults to 0.15.
    drift_score: f64 = 0.15, positive;
    /// Largest difference of shares between two distributions of scores, beyond what chance explains. Defaults to 0.10.
    score_shift: f64 = 0.10, ratio;
    /// Change of a class's share of the predictions, beyond what chance explains. Defaults to 0.10.
    class_shift: f64 = 0.10, ratio;
    /// Change of an outcome's share of the outcomes, beyond what chance explains. Defaults to 0.10.
    outcome_shift: f64 = 0.10, ratio;
    /// Share of scores that are NaN or infinite. Defaults to 0.001.
    non_finite_ratio: f64 = 0.001, ratio;
    /// Share of records the prediction log drops. Defaults to 0.01.
    log_drop_ratio: f64 = 0.01, ratio;
    /// Age of the baseline. Defaults to 90 days.
    baseline_age: Duration = Duration::from_secs(90 * DAY), duration;
    /// Share by which a version's loss, by labels or by estimate, may exceed the reference's. Defaults to 0.10.
    performance_loss: f64 = 0.10, positive;
    /// How much further predicted probabilities may be from the observed frequencies than in the reference. Defaults to
    /// 0.05.
    calibration_error: f64 = 0.05, ratio;
    /// How far the mean error of predicted numbers may move, in mean absolute errors of the reference. Defaults to 0.25.
    bias_ratio: f64 = 0.25, positive;
    /// Labels, or predictions when performance is estimated, required before performance counts. Defaults to 100.
    minimum_labels: u64 = 100, count;
    /// Time since performance was last measured. Defaults to 2 days.
    performance_age: Duration = Duration::from_secs(2 * DAY), hours;
    /// Time without a new label, or over which the share of labelled predictions falls. Defaults to 7 days.
    labels_age: Duration = Duration::from_secs(7 * DAY), hours;
    /// Share of the usual labels that may be missing. Defaults to 0.25.
    labels_drop: f64 = 0.25, ratio;
}

/// Reads a duration of at least an hour: labels arrive over hours and days, so shorter gaps mean nothing.
fn hours(value: &DeValue<'_>) -> Result<Duration, Expected> {
    duration(value)
        .ok()
        .filter(|duration| duration.as_secs() >= 3600)
        .ok_or_else(|| "a duration of an hour or more, such as \"2d\"".to_owned())
}

fn factor(value: &DeValue<'_>) -> Result<f64, Expected> {
    number(value)
        .filter(|factor| *factor > 1.0)
        .ok_or_else(|| "a factor above 1, such as 1.5".to_owned())
}

/// Settings that both `[defaults]` and a model may have.
pub(crate) struct Settings {
    latency_p95: Duration,
    latency_p95_location: Option<Location>,
    latency_buckets: Vec<f64>,
    latency_objective: f64,
    availability_objective: f64,
    high_risk: bool,
    expect_traffic: bool,
    thresholds: Thresholds,
}

impl Settings {
    /// Reads `[defaults]`, with built-in values for the keys it omits.
    pub(crate) fn read(table: Option<Table<'_, '_>>) -> Self {
        let ours = Self {
            latency_p95: Duration::from_millis(350),
            latency_p95_location: None,
            latency_buckets: contract::LATENCY_BUCKETS.to_vec(),
            latency_objective: 0.95,
            availability_objective: 0.999,
            high_risk: false,
            expect_traffic: true,
            thresholds: Thresholds::default(),
        };
        let Some(table) = table else { return ours };
        let settings = ours.overridden(&table);
        settings.check(&table);
        table.finish();
        settings
    }

    fn overridden(&self, table: &Table<'_, '_>) -> Self {
        let latency_p95 = table.field("latency_p95");
        Self {
            latency_p95_location: latency_p95.as_ref().map(Field::location).or(self.latency_p95_location),
            latency_p95: latency_p95
                .and_then(|field| field.read(duration))
                .unwrap_or(self.latency_p95),
            latency_buckets: table
                .field("latency_buckets")
                .map_or_else(|| self.latency_buckets.clone(), |field| buckets(&field)),
            latency_objective: table
                .read("latency_objective", objective)
                .unwrap_or(self.latency_objective),
            availability_objective: table
                .read("availability_objective", objective)
                .unwrap_or(self.availability_objective),
            high_risk: table.read("high_risk", boolean).unwrap_or(self.high_risk),
            expect_traffic: table.read("expect_traffic", boolean).unwrap_or(self.expect_traffic),
            thresholds: table
                .table("thresholds")
                .map_or_else(|| self.thresholds.clone(), |table| self.thresholds.overridden(table)),
        }
    }

    /// Requests within the latency are counted, not interpolated, so the latency must be a bucket bound.
    fn check(&self, table: &Table<'_, '_>) {
        let seconds = self.latency_p95.as_secs_f64();
        if self.latency_buckets.iter().any(|edge| (edge - seconds).abs() < 1e-9) {
            return;
        }
        // Durations here are whole milliseconds, and some bounds are finer.
        let whole = |edge: &&f64| (**edge * 1e3).fract() == 0.0;
        let edges: Vec<_> = self
            .latency_buckets
            .iter()
            .filter(whole)
            .map(|edge| prometheus_duration(Duration::from_secs_f64(*edge)))
            .collect();
        table.reader.report(
            self.latency_p95_location.unwrap_or_else(|| table.location()),
            format!(
                "latency_p95 is {}, which is not a bucket bound",
                prometheus_duration(self.latency_p95)
            ),
            format!(
                "use one of {}, or set latency_buckets if the service has others",
                edges.join(", ")
            ),
        );
    }
}

fn buckets(field: &Field<'_, '_>) -> Vec<f64> {
    let edges = field.list(positive);
    if edges.is_empty() || !edges.is_sorted_by(|low, high| low < high) {
        field.report(
            format!("{} does not rise", field.path),
            "list the upper edges of the service's latency buckets in seconds, from small to large",
        );
    }
    edges.into_iter().filter(|edge| *edge < 1e6).collect()
}

impl Model {
    pub(crate) fn read(table: Table<'_, '_>, defaults: &Settings, owners: Option<&Owners>, file: &str) -> Option<Self> {
        let location = table.location();
        let model = table.required("name", "\"flight-delay\"", name);
        let routes = table.filled("routes", "no route", "[\"/predict\"]", name);
        let job = table.read("job", name);
        let critical_features = table
            .field("critical_features")
            .map(|field| field.list(name))
            .unwrap_or_default();
        let settings = defaults.overridden(&table);
        settings.check(&table);
        let own = table.table("owners");
        let owners = owners.map(|owners| own.map_or_else(|| owners.clone(), |table| owners.overridden(table)));
        let drift = table
            .table("drift")
            .and_then(|table| Drift::read(table, &settings.thresholds, file));
        let segments = drift
            .as_ref()
            .map(|drift| drift.segments.as_slice())
            .unwrap_or_default();
        let performance = table
            .table("performance")
            .and_then(|table| Performance::read(table, segments, file));
        let upstream = upstream(&table);
        let rollback = table.read("rollback", name);
        let deploy_url = table.read("deploy_url", url);
        table.finish();
        Some(Self {
            name: model?,
            routes,
            job: job.unwrap_or_default(),
            critical_features,
            upstream,
            high_risk: settings.high_risk,
            expect_traffic: settings.expect_traffic,
            owners: owners?,
            latency_p95: settings.latency_p95,
            latency_objective: settings.latency_objective,
            availability_objective: settings.availability_objective,
            thresholds: settings.thresholds,
            drift,
            performance,
            rollback,
            deploy_url,
            location,
        })
    }
}

/// `[models.drift]`: what the drift job compares, and when it reports drift.
/// # Example: plain tables with names of their own
///
/// ```
/// use modelwatch_config::{Config, Drift, DriftColumns, DriftRows, FeatureDrift, PathOrUrl};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [models.drift]
/// baseline = "baselines/claims-risk.json"
/// log = "s3://predictions/claims-risk"
/// columns = { time = "SCORED_AT", features = { income = "INCOME_EUR" } }
/// features = { income = { threshold = 0.3 } }
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let drift: &Drift = config.models[0].drift.as_ref().expect("the section is there");
/// assert!(matches!(&drift.rows, DriftRows::Files(PathOrUrl::Url(url)) if url == "s3://predictions/claims-risk"));
/// assert!(matches!(&drift.columns, Some(DriftColumns { time: Some(time), .. }) if time == "SCORED_AT"));
/// assert!(matches!(drift.features["income"], FeatureDrift { threshold: Some(0.3), statistic: None, .. }));
/// assert_eq!(drift.window.as_secs(), 15 * 60);
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Drift {
    /// The baseline file.
    pub baseline: PathOrUrl,
    /// Where the rows to compare are.
    pub rows: DriftRows,
    /// The length of the window that gets one verdict. Defaults to 15 minutes.
    pub window: Duration,
    /// The time between verdicts. Defaults to the window.
    pub interval: Duration,
    /// How long to wait after a window ends, so that late rows are in it. Defaults to 30 seconds.
    pub grace: Duration,
    /// The rows that a window needs to get a verdict. Defaults to 100.
    pub minimum_rows: u64,
    /// How many consecutive windows must drift. Defaults to 2.
    pub consecutive_windows: u64,
    /// The statistic that measures drift. Defaults to PSI.
    pub statistic: Statistic,
    /// The accepted share of false alarms among windows without drift. Defaults to 0.0001.
    pub significance: f64,
    /// The score above which a feature drifts: `thresholds.drift_score`.
    pub threshold: f64,
    /// The reference that a window is compared with. Defaults to the baseline.
    pub reference: Reference,
    /// Whether to compare each version on its own as well. Defaults to `false`.
    pub per_version: bool,
    /// Features whose values split the rows into segments that are compared on their own as well. Optional.
    pub segments: Vec<String>,
    /// `[models.drift.spark]`: lets Apache Spark count the prediction log. Optional; without it, this machine counts.
    pub spark: Option<DriftSpark>,
    /// The names of the columns in plain tables and in a warehouse. Optional; without it, `log` is a prediction log.
    pub columns: Option<DriftColumns>,
    /// Settings of single features.
    pub features: BTreeMap<String, FeatureDrift>,
    /// Where the section is in the file.
    pub location: Location,
}

/// Where the rows to compare are.
/// The example of [`Drift`](crate::Drift) has one.
#[derive(Clone, Debug, PartialEq)]
pub enum DriftRows {
    /// `log`: the root of a prediction log, or, with `[models.drift.columns]`, plain tables.
    Files(PathOrUrl),
    /// `[models.drift.warehouse]`: a database table. The database counts the rows itself.
    Warehouse(DriftWarehouse),
}

/// `[models.drift.columns]`: the table's column names for the fields of the prediction log.
/// The example of [`Drift`](crate::Drift) has one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct DriftColumns {
    /// The column of the rows' times. Defaults to `time`.
    pub time: Option<String>,
    /// The column of the model's version. Defaults to `model_version`.
    pub model_version: Option<String>,
    /// The column of the prediction scores. Defaults to `score`.
    pub score: Option<String>,
    /// The column of the predicted classes. Defaults to `class`.
    pub class: Option<String>,
    /// The columns of features. Each defaults to the feature's own name.
    pub features: BTreeMap<String, String>,
}

/// `[models.drift.features.<name>]`: settings of one feature.
/// The example of [`Drift`](crate::Drift) has one.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct FeatureDrift {
    /// The feature's own threshold.
    pub threshold: Option<f64>,
    /// The feature's own statistic.
    pub statistic: Option<Statistic>,
}

/// Parses the name of a statistic.
fn statistic(value: &DeValue<'_>) -> Result<Statistic, Expected> {
    let named = value.as_str().and_then(|name| name.parse().ok());
    named.ok_or_else(|| {
        let names = Statistic::ALL.map(|statistic| format!("{:?}", statistic.name()));
        format!("one of {}", names.join(", "))
    })
}

/// Parses the name of a reference.
fn reference(value: &DeValue<'_>) -> Result<Reference, Expected> {
    let named = value.as_str().and_then(|name| name.parse().ok());
    named.ok_or_else(|| {
        let names = Reference::ALL.map(|reference| format!("{:?}", reference.name()));
        format!("one of {}", names.join(", "))
    })
}

impl Drift {
    fn read(table: Table<'_, '_>, thresholds: &Thresholds, file: &str) -> Option<Self> {
        let location = table.location();
        let source = |key, example| {
            table
                .required(key, example, text)
                .map(|text| PathOrUrl::new(&text, file))
        };
        let baseline = source("baseline", "\"baselines/flight-delay.json\"");
        let rows = rows(&table, file);
        let window = table.read("window", duration).unwrap_or(Duration::from_secs(15 * 60));
        let interval = table.read("interval", duration).unwrap_or(window);
        let drift = |baseline, rows| Self {
            baseline,
            rows,
            window,
            interval,
            grace: table.read("grace", duration).unwrap_or(Duration::from_secs(30)),
            minimum_rows: table.read("minimum_rows", count).unwrap_or(100),
            consecutive_windows: table.read("consecutive_windows", count).unwrap_or(2),
            statistic: table.read("statistic", statistic).unwrap_or_default(),
            significance: table.read("significance", objective).unwrap_or(0.0001),
            threshold: thresholds.drift_score,
            reference: table.read("reference", reference).unwrap_or_default(),
            per_version: table.read("per_version", boolean).unwrap_or(false),
            segments: table
                .field("segments")
                .map(|field| field.list(name))
                .unwrap_or_default(),
            spark: spark(&table),
            columns: columns(&table),
            features: features(&table),
            location,
        };
        let complete = baseline.is_some() && rows.is_some();
        let read = drift(
            baseline.unwrap_or_else(PathOrUrl::nowhere),
            rows.unwrap_or_else(|| DriftRows::Files(PathOrUrl::nowhere())),
        );
        for (key, duration) in [("window", read.window), ("interval", read.interval)] {
            if duration < Duration::from_secs(1) || duration > Duration::from_secs(7 * DAY) {
                table.reader.report(
                    location,
                    format!("{}.{key} is {}", table.path, prometheus_duration(duration)),
                    "take between a second and a week, such as \"15m\"",
                );
            }
        }
        table.finish();
        complete.then_some(read)
    }
}

/// Reads `log` or `[models.drift.warehouse]`, exactly one of the two.
fn rows(table: &Table<'_, '_>, file: &str) -> Option<DriftRows> {
    match (table.field("warehouse"), table.field("log")) {
        (None, _) => table
            .required("log", "\"prediction-log\"", text)
            .map(|text| DriftRows::Files(PathOrUrl::new(&text, file))),
        (Some(warehouse), None) => DriftWarehouse::read(warehouse.table()?).map(DriftRows::Warehouse),
        (Some(_), Some(log)) => {
            log.report(
                format!("{} has both log and warehouse", table.path),
                "remove one of the two: rows are either in files or in a warehouse",
            );
            None
        }
    }
}

/// Reads `[models.drift.spark]`, which needs a `log` to count.
fn spark(table: &Table<'_, '_>) -> Option<DriftSpark> {
    let spark = table.field("spark")?;
    for (name, advice) in [
        (
            "warehouse",
            "remove one of the two: Spark counts a prediction log here, and a table of its catalogue with dialect = \"spark\" there",
        ),
        (
            "columns",
            "remove it: a prediction log has names of its own; for other rows name a table of Spark's catalogue, or parquet.`…`, in \
             [models.drift.warehouse] with dialect = \"spark\"",
        ),
    ] {
        if let Some(other) = table.field(name) {
            other.report(format!("{} has both spark and {name}", table.path), advice);
        }
    }
    DriftSpark::read(spark.table()?)
}

fn columns(table: &Table<'_, '_>) -> Option<DriftColumns> {
    let table = table.table("columns")?;
    let features = table.table("features").map(|table| table.named()).unwrap_or_default();
    let columns = DriftColumns {
        time: table.read("time", text),
        model_version: table.read("model_version", text),
        score: table.read("score", text),
        class: table.read("class", text),
        features: features
            .into_iter()
            .filter_map(|(feature, field)| Some((feature, field.read(text)?)))
            .collect(),
    };
    table.finish();
    Some(columns)
}

fn features(table: &Table<'_, '_>) -> BTreeMap<String, FeatureDrift> {
    let mut names = BTreeSet::new();
    let features = table.table("features").map(|table| table.named()).unwrap_or_default();
    features
        .into_iter()
        .filter_map(|(feature, field)| {
            if !is_name(&feature) || !names.insert(feature.clone()) {
                field.report(
                    format!("a feature is called {feature:?}"),
                    "give it a name without control characters",
                );
            }
            let table = field.table()?;
            let drift = FeatureDrift {
                threshold: table.read("threshold", positive),
                statistic: table.read("statistic", statistic),
            };
            table.finish();
            Some((feature, drift))
        })
        .collect()
}
