//! What Prometheus scrapes.

use std::collections::BTreeSet;
use std::time::Duration;

use modelwatch::contract;

use crate::discovery::{Access, Discovery, Relabelling, scrape_config};
use crate::error::Location;
use crate::passed::PassedTable;
use crate::reader::{Field, Table, boolean, duration, host_and_port, name, text};
use crate::version::Version;

/// `[prometheus]`: what Prometheus scrapes, and how often.
/// # Example: a job for the drift exporter
///
/// ```
/// use modelwatch_config::{Config, Job, Plane, Scraping, Version};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [[prometheus.jobs]]
/// job = "drift-exporter"
/// plane = "drift"
/// targets = ["drift-exporter:9109"]
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let scraping: &Scraping = &config.prometheus;
/// assert_eq!(scraping.minimum_version, Version::PROMETHEUS);
/// let job: &Job = &scraping.jobs[1];
/// assert_eq!((job.plane, job.scrape_interval.as_secs()), (Plane::Drift, 60));
/// assert_eq!(job.service, "drift-exporter");
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Scraping {
    /// The scrape interval of the serving path. Defaults to 15 s.
    pub scrape_interval: Duration,
    /// The interval between evaluations of rules. Defaults to 30 s.
    pub evaluation_interval: Duration,
    /// Whether to generate `prometheus.yml`. With `false`, you keep your own, which must scrape the jobs and load the
    /// rules.
    pub manage: bool,
    /// The oldest release of Prometheus that must accept the generated files. Defaults to 2.42.
    pub minimum_version: Version,
    /// Alertmanagers as `host:port`.
    pub alertmanagers: Vec<String>,
    /// Labels that identify an environment, such as `environment` or `cluster`. Rules, notification groups, texts and
    /// dashboards keep series apart that differ in them. Defaults to `environment`.
    pub identity: Vec<String>,
    /// The scrape jobs, in the order of the file.
    pub jobs: Vec<Job>,
    /// Where the section is in the file.
    pub location: Location,
}

/// One scrape job.
/// The example of [`Scraping`](crate::Scraping) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Job {
    /// The name: the label `job`.
    pub job: String,
    /// What it scrapes.
    pub plane: Plane,
    /// `host:port` of each target that is listed by address.
    pub targets: Vec<String>,
    /// How Prometheus discovers further targets.
    pub discovery: Discovery,
    /// How Prometheus reaches the targets.
    pub access: Access,
    /// The relabelling of targets and samples.
    pub relabelling: Relabelling,
    /// Any other key of Prometheus' scrape configuration.
    pub scrape_config: PassedTable,
    /// The path that serves the metrics. Defaults to `/metrics`.
    pub metrics_path: String,
    /// The label `service`. Defaults to the job's name.
    pub service: String,
    /// The scrape interval. Defaults to the file's `scrape_interval`, or 60 s for the drift plane, which changes every
    /// few minutes.
    pub scrape_interval: Duration,
}

/// What a job scrapes.
/// The example of [`Scraping`](crate::Scraping) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Plane {
    /// Model servers.
    Inference,
    /// The exporter of the drift job.
    Drift,
    /// Machines, by node-exporter.
    Node,
    /// Prometheus and Alertmanager themselves.
    Watching,
}

impl Plane {
    const NAMES: [(&'static str, Self); 4] = [
        ("inference", Self::Inference),
        ("drift", Self::Drift),
        ("node", Self::Node),
        ("watching", Self::Watching),
    ];

    /// Returns its name in the file.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Inference => "inference",
            Self::Drift => "drift",
            Self::Node => "node",
            Self::Watching => "watching",
        }
    }
}

impl Scraping {
    pub(crate) fn read(table: Table<'_, '_>) -> Option<Self> {
        let location = table.location();
        let scrape_interval = table
            .read("scrape_interval", duration)
            .unwrap_or(Duration::from_secs(15));
        let evaluation_interval = table
            .read("evaluation_interval", duration)
            .unwrap_or(Duration::from_secs(30));
        let short = |key: &'static str, interval: Duration| {
            if interval > Duration::from_secs(120) {
                table.reader.report(
                    location,
                    format!("prometheus.{key} is {} s", interval.as_secs()),
                    "make it at most \"2m\": rates over five minutes need two samples",
                );
            }
        };
        short("scrape_interval", scrape_interval);
        short("evaluation_interval", evaluation_interval);
        let alertmanagers = table
            .field("alertmanagers")
            .map(|field| field.list(host_and_port))
            .unwrap_or_default();
        let manage = table.read("manage", boolean).unwrap_or(true);
        let minimum_version = table
            .read("minimum_version", Version::read(Version::PROMETHEUS))
            .unwrap_or(Version::PROMETHEUS);
        let identity = table
            .field("identity")
            .map_or_else(|| vec!["environment".to_owned()], |field| identity(&field));
        let mut names = BTreeSet::new();
        let mut jobs = Vec::new();
        for item in table.field("jobs").map(|field| field.items()).unwrap_or_default() {
            let location = item.location();
            let Some(job) = item.table().and_then(|table| Job::read(table, scrape_interval, manage)) else {
                continue;
            };
            if !names.insert(job.job.clone()) {
                table.reader.report(
                    location,
                    format!("a second job {:?}", job.job),
                    "give it another name, or join their targets",
                );
            }
            jobs.push(job);
        }
        table.finish();
        Some(Self {
            scrape_interval,
            evaluation_interval,
            manage,
            minimum_version,
            alertmanagers,
            identity,
            jobs,
            location,
        })
    }
}

/// Labels that rules use for another purpose, so they can't identify an environment.
const TAKEN: [&str; 12] = [
    "alertname",
    "alertstate",
    "class",
    "feature_name",
    "instance",
    "job",
    "le",
    "outcome",
    "plane",
    "severity",
    "stack",
    "team",
];

fn identity(field: &Field<'_, '_>) -> Vec<String> {
    let labels = field.list(|value| {
        value
            .as_str()
            .filter(|label| {
                let mut bytes = label.bytes();
                bytes
                    .next()
                    .is_some_and(|first| first.is_ascii_alphabetic() || first == b'_')
                    && bytes.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                    && !label.starts_with("__")
                    && !TAKEN.contains(label)
                    && !contract::METRICS.iter().any(|metric| metric.labels.contains(label))
            })
            .map(str::to_owned)
            .ok_or_else(|| {
                "a label of your targets such as \"environment\" or \"cluster\", and none that rules use otherwise"
                    .to_owned()
            })
    });
    let mut seen = BTreeSet::new();
    for label in &labels {
        if !seen.insert(label) {
            field.report(format!("{} has {label:?} twice", field.path), "name each label once");
        }
    }
    labels
}

impl Job {
    fn read(table: Table<'_, '_>, default_interval: Duration, manage: bool) -> Option<Self> {
        let job = table.required("job", "\"model-inference\"", name);
        let plane = table.required("plane", "\"inference\"", |value| {
            Plane::NAMES
                .iter()
                .find(|(name, _)| value.as_str() == Some(name))
                .map(|(_, plane)| *plane)
                .ok_or_else(|| "\"inference\", \"drift\", \"node\" or \"watching\"".to_owned())
        });
        let discovery = Discovery::read(&table);
        let access = Access::read(&table);
        let relabelling = Relabelling::read(&table);
        let scrape_config = scrape_config(&table);
        let discovers = Discovery::is_asked_for(&table) || scrape_config.keys().any(|key| key.ends_with("_sd_configs"));
        // Discovery, or your own Prometheus configuration, makes a list of targets optional.
        let targets = if (discovers || !manage) && table.field("targets").is_none() {
            Vec::new()
        } else {
            table.filled("targets", "no target", "[\"model-api:8000\"]", host_and_port)
        };
        let metrics_path = table.read("metrics_path", |value| {
            text(value)
                .ok()
                .filter(|path| path.starts_with('/'))
                .ok_or_else(|| "a path such as \"/metrics\"".to_owned())
        });
        let service = table.read("service", name);
        let scrape_interval = table.read("scrape_interval", duration);
        table.finish();
        let (job, plane) = (job?, plane?);
        let usual = match plane {
            Plane::Drift => Duration::from_secs(60),
            Plane::Inference | Plane::Node | Plane::Watching => default_interval,
        };
        Some(Self {
            service: service.unwrap_or_else(|| job.clone()),
            job,
            plane,
            targets,
            discovery,
            access,
            relabelling,
            scrape_config,
            metrics_path: metrics_path.unwrap_or_else(|| "/metrics".to_owned()),
            scrape_interval: scrape_interval.unwrap_or(usual),
        })
    }
}
