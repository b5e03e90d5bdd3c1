//! The whole configuration file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use toml::de::DeTable;

use crate::alerting::{Alertmanager, Alerts};
use crate::error::{ConfigErrors, Mistake};
use crate::kubernetes::Kubernetes;
use crate::model::{self, Model, Owners};
use crate::perses::Perses;
use crate::reader::{Reader, Table, base_url, name};
use crate::scrape::{Plane, Scraping};
use crate::team::{Secret, Team};
use crate::version::Version;

/// A valid configuration, with defaults filled in.
/// # Example: what a file leaves out has a default
///
/// ```
/// use modelwatch_config::{Config, Links, Rollout};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
///
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// assert_eq!(config.rollout, Rollout::ReleaseAware);
/// assert!(matches!(&config.links, Links { traces: None, triage: None, .. }));
/// assert_eq!(config.model("claims-risk").map(|model| model.latency_objective), Some(0.95));
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Config {
    /// The path of the file, as the caller named it.
    pub file: PathBuf,
    /// The stack's name: the label `stack` on the series and alerts of its rules. Defaults to `modelwatch`. Files that
    /// share a Prometheus need different names.
    pub stack: String,
    /// The environment's name: a label on every scraped series.
    pub environment: String,
    /// How much of the stack to roll out. Defaults to all of it.
    pub rollout: Rollout,
    /// The URLs that alerts and dashboards link to.
    pub links: Links,
    /// What Prometheus scrapes, and how often.
    pub prometheus: Scraping,
    /// Where alerts go.
    pub alertmanager: Alertmanager,
    /// Changes to single alerts.
    pub alerts: Alerts,
    /// How the manifests fit into your cluster.
    pub kubernetes: Kubernetes,
    /// Whether to write dashboards for Perses beside Grafana's. Optional.
    pub perses: Option<Perses>,
    /// Who gets alerts, by name.
    pub teams: BTreeMap<String, Team>,
    /// The owners of everything that no model assigns, such as alerts about targets.
    pub owners: Owners,
    /// The models, in the order of the file.
    pub models: Vec<Model>,
}

/// The phases in which a team introduces monitoring. Each phase includes the ones before it.
/// The example of [`Config`](crate::Config) has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rollout {
    /// Traffic, errors, latency, targets.
    ServiceHealth,
    /// Versions, predictions, features.
    ModelAware,
    /// The drift job and its alerts.
    Drift,
    /// Objectives with burn rates, canaries, owners.
    #[default]
    ReleaseAware,
}

impl Rollout {
    const NAMES: [(&'static str, Self); 4] = [
        ("service-health", Self::ServiceHealth),
        ("model-aware", Self::ModelAware),
        ("drift", Self::Drift),
        ("release-aware", Self::ReleaseAware),
    ];
}

/// The URLs of your tools, without a trailing slash.
/// The example of [`Config`](crate::Config) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Links {
    /// The URL of Grafana.
    pub grafana: String,
    /// The folder that holds the runbooks.
    pub runbooks: String,
    /// The URL of Prometheus.
    pub prometheus: String,
    /// The URL prefix of traces: a slash and the trace id complete it. Optional; without it, exemplars have no link.
    pub traces: Option<String>,
    /// The URL of `modelwatch triage serve`. Optional; without it, alerts have no link to it.
    pub triage: Option<String>,
}

/// The stack's name when the file gives none.
const DEFAULT_STACK: &str = "modelwatch";

impl Config {
    /// Returns whether the stack has the default name.
    #[must_use]
    pub fn has_default_stack(&self) -> bool {
        self.stack == DEFAULT_STACK
    }

    /// Reads a configuration file.
    ///
    /// # Errors
    ///
    /// Returns why the file can't be read, or every mistake in it.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, ConfigErrors> {
        let path = path.as_ref();
        let file = path.display().to_string();
        let text = fs::read_to_string(path).map_err(|error| {
            ConfigErrors(vec![Mistake {
                file: file.clone(),
                location: None,
                what: format!("can't be read: {error}"),
                fix: "name the file, or write one with `modelwatch stack init`".to_owned(),
            }])
        })?;
        Self::parse(&file, &text)
    }

    /// Parses a configuration. `file` names it in messages, and relative paths start from its folder.
    ///
    /// # Errors
    ///
    /// Returns every mistake in the text.
    pub fn parse(file: &str, text: &str) -> Result<Self, ConfigErrors> {
        let reader = Reader::new(file, text);
        let (document, syntax) = DeTable::parse_recoverable(text);
        for error in syntax {
            let location = reader.location(error.span().map_or(0, |span| span.start));
            reader.report(
                location,
                error.message().trim().replace('\n', ", "),
                "fix the TOML here (https://toml.io)",
            );
        }
        let config = {
            let table = Table::new(&reader, document.get_ref(), 0..0, String::new());
            read(file, table)
        };
        let errors = reader.into_errors();
        match config {
            Some(config) if errors.is_empty() => Ok(config),
            _ => Err(ConfigErrors(errors)),
        }
    }

    /// Returns the folder that relative paths in the file start from.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.file.parent().unwrap_or(Path::new(""))
    }

    /// Returns the model with this name.
    #[must_use]
    pub fn model(&self, name: &str) -> Option<&Model> {
        self.models.iter().find(|model| model.name == name)
    }
}

fn read(file: &str, table: Table<'_, '_>) -> Option<Config> {
    let environment = table.required("environment", "\"production\"", name);
    let stack = table.read("stack", name);
    let rollout = table.read("rollout", |value| {
        let names = Rollout::NAMES.map(|(name, _)| format!("{name:?}")).join(", ");
        Rollout::NAMES
            .iter()
            .find(|(name, _)| value.as_str() == Some(name))
            .map(|(_, phase)| *phase)
            .ok_or_else(|| format!("one of {names}"))
    });
    let links = section(&table, "links", "with grafana, runbooks and prometheus").and_then(links);
    let prometheus = section(&table, "prometheus", "with [[prometheus.jobs]]").and_then(Scraping::read);
    let alertmanager = table.table("alertmanager").map(Alertmanager::read).unwrap_or_default();
    let alerts = table.table("alerts").map(Alerts::read).unwrap_or_default();
    let kubernetes = table.table("kubernetes").map(Kubernetes::read).unwrap_or_default();
    let perses = table.table("perses").map(Perses::read);
    let teams =
        section(&table, "teams", "a table for each team: [teams.ml-platform]").map(|table| Team::read_all(&table));
    let owners = section(&table, "owners", "with serving, model and data").and_then(Owners::read);
    let defaults = table.table("defaults");
    let models = table.field("models").map(|field| {
        let defaults = model::Settings::read(defaults);
        let tables: Vec<_> = field.items().iter().filter_map(|item| item.table()).collect();
        let mut models = Vec::new();
        let mut names = BTreeSet::new();
        for table in tables {
            let location = table.location();
            let Some(model) = Model::read(table, &defaults, owners.as_ref(), file) else {
                continue;
            };
            if !names.insert(model.name.clone()) {
                field.reader.report(
                    location,
                    format!("a second model {:?}", model.name),
                    "give it another name, or join the two tables",
                );
            }
            models.push(model);
        }
        models
    });
    if models.as_ref().is_none_or(Vec::is_empty) {
        table.reader.report(
            table.location(),
            "there is no model",
            "add [[models]] with name and routes",
        );
    }
    let reader = table.reader;
    table.finish();
    let config = Config {
        file: file.into(),
        stack: stack.unwrap_or_else(|| DEFAULT_STACK.to_owned()),
        environment: environment.unwrap_or_default(),
        rollout: rollout.unwrap_or_default(),
        links: links?,
        prometheus: prometheus?,
        alertmanager,
        alerts,
        kubernetes,
        perses,
        teams: teams?,
        owners: owners?,
        models: models?,
    };
    check_references(reader, config)
}

fn section<'r, 'i>(table: &Table<'r, 'i>, key: &'static str, contents: &str) -> Option<Table<'r, 'i>> {
    let field = table.field(key);
    if field.is_none() {
        table.reader.report(
            table.location(),
            format!("there is no [{key}]"),
            format!("add [{key}] {contents}"),
        );
    }
    field?.table()
}

fn links(table: Table<'_, '_>) -> Option<Links> {
    let grafana = table.required("grafana", "\"https://grafana.example.com\"", base_url);
    let runbooks = table.required("runbooks", "\"https://runbooks.example.com/modelwatch\"", base_url);
    let prometheus = table.required("prometheus", "\"https://prometheus.example.com\"", base_url);
    let traces = table.read("traces", base_url);
    let triage = table.read("triage", base_url);
    table.finish();
    Some(Links {
        grafana: grafana?,
        runbooks: runbooks?,
        prometheus: prometheus?,
        traces,
        triage,
    })
}

/// Checks that the names a file refers to are declared elsewhere in it.
fn check_references(reader: &Reader<'_>, mut config: Config) -> Option<Config> {
    let teams: Vec<_> = config.teams.keys().map(String::as_str).collect();
    let mut owners = vec![&config.owners];
    owners.extend(config.models.iter().map(|model| &model.owners));
    let mut told = BTreeSet::new();
    for owners in owners {
        for (role, (team, location)) in [
            ("serving", &owners.serving),
            ("model", &owners.model),
            ("data", &owners.data),
        ]
        .map(|(role, owner)| (role, (owner.team.as_str(), owner.location)))
        {
            if !config.teams.contains_key(team) && told.insert((role, location.line, location.column)) {
                reader.report(
                    location,
                    format!("the owner {team:?} is no team"),
                    format!("add [teams.{team:?}], or name one of {}", teams.join(", ")),
                );
            }
        }
    }
    let watchdog = config.alertmanager.watchdog.iter();
    let webhooks = config.teams.values().map(|team| &team.webhook);
    for webhook in webhooks.chain(watchdog.map(|watchdog| &watchdog.webhook)) {
        if let Some(webhook) = webhook
            && matches!(webhook.url, Secret::File(_))
            && config.alertmanager.minimum_version < Version::new(0, 26)
        {
            reader.report(
                webhook.location,
                format!(
                    "Alertmanager {} takes no url_file of a webhook, which came with 0.26",
                    config.alertmanager.minimum_version
                ),
                "add [alertmanager] minimum_version = \"0.26\", or the release there is, or give the webhook a url",
            );
        }
    }
    let inference: Vec<_> = config
        .prometheus
        .jobs
        .iter()
        .filter(|job| job.plane == Plane::Inference)
        .map(|job| job.job.clone())
        .collect();
    if inference.is_empty() {
        reader.report(
            config.prometheus.location,
            "no scrape job has plane = \"inference\"",
            "add [[prometheus.jobs]] with job, plane = \"inference\" and targets",
        );
    }
    for model in &mut config.models {
        if model.job.is_empty() {
            model.job = inference.first().cloned().unwrap_or_default();
        } else if !inference.contains(&model.job) {
            reader.report(
                model.location,
                format!(
                    "model {:?} is served by the job {:?}, which is no inference job",
                    model.name, model.job
                ),
                format!("name one of {}", inference.join(", ")),
            );
        }
    }
    Some(config)
}
