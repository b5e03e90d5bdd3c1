//! Turns the description of an alert into a Prometheus rule, with the story that tests it.

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::{Config, Model, Thresholds, prometheus_duration};

use super::annotations::{self, About};
use super::case::{Case, Test};
use super::rule::Rule;
use super::story::LabelSet;
use super::text::{Text, label, plain, tidy};
use crate::error::GenerateError;
use crate::known::KnownAlert;
use crate::links;
use crate::promql::{Expr, STACK_LABEL, Writer, Yield, text_in_template};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
/// How long an alert keeps firing if its value may hover around the threshold.
pub(crate) const HOVERS: Duration = Duration::from_secs(15 * 60);

/// How urgent an alert is for its owner.
/// The example of [`Rules`](crate::rules::Rules) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Wakes somebody now.
    Page,
    /// Waits for working hours.
    Ticket,
    /// Needs no action: its arrival is the message.
    None,
}

impl Severity {
    /// Returns its name: the value of the label `severity`, unless the file changes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
            Self::None => "none",
        }
    }
}

/// The description of an alert, before it becomes a rule.
pub(crate) struct Alert<'a> {
    pub(crate) known: &'static KnownAlert,
    pub(crate) severity: Severity,
    pub(crate) team: &'a str,
    /// The scrape job of the measured series, when known.
    pub(crate) job: Option<&'a str>,
    /// Additional labels.
    pub(crate) extra: &'a [(&'a str, String)],
    pub(crate) expr: Expr,
    pub(crate) for_: Duration,
    /// How long it keeps firing after the expression last held: a value that hovers around its threshold makes one alert, not
    /// many.
    pub(crate) keep: Duration,
    /// The labels of the series that fire, without the identity.
    pub(crate) labels: &'a [&'a str],
    pub(crate) summary: &'a str,
    /// The measured quantity, its place, its value, and the threshold.
    pub(crate) description: Text,
    /// The first query to look at. Its labels come from [`Selector::same`].
    pub(crate) query: Expr,
    /// The story of its promtool test.
    pub(crate) case: Case,
}

/// An alert's rule, with the labels and the story for its test.
#[derive(Clone)]
pub(crate) struct Tested {
    pub(crate) rule: Rule,
    pub(crate) known: &'static KnownAlert,
    /// The alert's labels, with the rule's templates filled in.
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) keep: Duration,
    /// Whether it has the identity labels.
    pub(crate) of_a_place: bool,
    pub(crate) case: Case,
}

impl Tested {
    /// Makes the test of the alert from its story.
    pub(crate) fn test(&self, config: &Config) -> Result<Test, GenerateError> {
        let case = &self.case;
        let mut among = self.labels.clone();
        among.insert("alertname".to_owned(), self.known.name.to_owned());
        let story = if case.resolved_at.is_some() {
            "is quiet, fires and resolves"
        } else {
            "fires all the time"
        };
        let name = format!("{} {story}", self.known.name);
        let mut test = Test::new(config, name, case.step, &case.series);
        let at = |step: usize| case.step * u32::try_from(step).unwrap_or(u32::MAX);
        for step in &case.quiet {
            test.fires(at(*step), &among, &[])?;
        }
        if self.of_a_place {
            test.fires(at(case.fires_at), &among, &case.fires)?;
        } else {
            test.fires_nowhere_known(at(case.fires_at), &among, &case.fires)?;
        }
        if let Some(resolved) = case.resolved_at {
            test.fires(at(resolved) + self.keep, &among, &[])?;
        }
        Ok(test)
    }
}

impl Alert<'_> {
    pub(crate) fn rule(self, config: &Config) -> Result<Tested, GenerateError> {
        let writer = Writer::new(config);
        let name = self.known.name;
        let mut labels = BTreeMap::from([
            ("severity".to_owned(), self.severity.label(config).to_owned()),
            ("team".to_owned(), self.team.to_owned()),
            ("plane".to_owned(), self.known.plane.name().to_owned()),
            (STACK_LABEL.to_owned(), config.stack.clone()),
        ]);
        if let Some(job) = self.job {
            labels.insert("job".to_owned(), job.to_owned());
        }
        for (label, value) in self.extra {
            labels.insert((*label).to_owned(), value.clone());
        }
        let about = About {
            config,
            known: self.known,
            labels: self.labels,
            job: self.job,
        };
        let evidence = annotations::evidence(about)?;
        let changed = annotations::changed(about)?;
        let query = writer
            .pieces(&self.query)
            .map_err(|error| GenerateError::new(format!("the query of {name}"), error))?;
        let mut annotations = vec![
            ("summary", plain(self.summary)),
            ("description", self.description),
            ("changed", changed),
            ("dashboard_url", dashboard_url(config, self.labels)),
            (
                "runbook_url",
                plain(format!("{}/{}", config.links.runbooks, links::runbook_file(name))),
            ),
            (
                "query_url",
                plain(format!(
                    "{}/graph?g0.tab=0&g0.range_input=6h&g0.expr=",
                    config.links.prometheus
                ))
                .url_query(query.clone()),
            ),
            ("query", Text::default().query(query)),
        ];
        annotations.extend(evidence.map(|text| ("evidence", text)));
        annotations.extend(triage_url(config, name, self.labels).map(|url| ("triage_url", url)));
        let yields = Yield::from(&writer, &self.expr);
        for (key, text) in &annotations {
            if let Some(hole) = text.needs().find(|label| !yields.always.contains(*label)) {
                return Err(GenerateError::new(
                    format!("the {key} of {name}"),
                    format!("it names the label {hole}, which the alert's series do not all have"),
                ));
            }
        }
        let rule = Rule {
            alert: Some(name.to_owned()),
            expr: writer
                .rule(&self.expr)
                .map_err(|error| GenerateError::new(name, error))?,
            for_: Some(prometheus_duration(self.for_)),
            keep_firing_for: (!self.keep.is_zero()).then(|| prometheus_duration(self.keep)),
            labels: labels
                .iter()
                .map(|(label, value)| (label.clone(), text_in_template(value)))
                .collect(),
            annotations: annotations
                .into_iter()
                .map(|(key, text)| (key.to_owned(), text.template()))
                .collect(),
            ..Rule::default()
        };
        Ok(Tested {
            rule,
            known: self.known,
            labels,
            keep: self.keep,
            of_a_place: yields
                .sometimes
                .is_superset(&config.prometheus.identity.iter().cloned().collect()),
            case: self.case,
        })
    }
}

/// The URL of the triage dashboard, with its variables set to the alert's labels.
fn dashboard_url(config: &Config, labels: &[&str]) -> Text {
    let mut url = plain(format!("{}/d/{}?", config.links.grafana, links::triage_uid(config)));
    for label in &config.prometheus.identity {
        url = url.if_url_label(&format!("var-{label}="), label, "&");
    }
    let mut separator = "";
    for (label, variable) in [
        ("model_name", links::MODEL_VARIABLE),
        // Without the version, so that you see it among the others.
        ("route", links::ROUTE_VARIABLE),
    ] {
        if labels.contains(&label) {
            url = (url + format!("{separator}var-{variable}=")).url_label(label);
            separator = "&";
        }
    }
    url
}

/// The URL of the page that says what changed. `None` when the file does not set it.
fn triage_url(config: &Config, alert: &str, labels: &[&str]) -> Option<Text> {
    let triage = config.links.triage.as_ref()?;
    if !labels.contains(&"model_name") {
        return Some(plain(format!("{triage}/")));
    }
    let mut url = plain(format!("{triage}/triage?alert={alert}&"));
    for label in &config.prometheus.identity {
        url = url.if_url_label(&format!("{label}="), label, "&");
    }
    url = (url + "model=".to_owned()).url_label("model_name");
    for label in [
        "model_version",
        "feature_name",
        "class",
        "outcome",
        "segment",
        "segment_value",
    ] {
        if labels.contains(&label) {
            url = (url + format!("&{label}=")).url_label(label);
        }
    }
    Some(url)
}

/// The alert's place as a sentence's subject: model, version, route or feature, and the environment.
pub(crate) fn place(config: &Config, labels: &[&str]) -> Text {
    let words = [
        ("model_name", "Model"),
        ("model_version", "version"),
        ("route", "route"),
        ("feature_name", "feature"),
        ("class", "class"),
        ("outcome", "outcome"),
        ("segment", "segment"),
        ("segment_value", "value"),
    ];
    let named = words.into_iter().filter(|(name, _)| labels.contains(name));
    let mut place = Text::default();
    for (index, (name, word)) in named.enumerate() {
        let comma = if index > 0 { ", " } else { "" };
        place = place + format!("{comma}{word} ") + label(name);
    }
    environment(config, place)
}

/// One target as a sentence's subject.
pub(crate) fn replica_place(config: &Config, word: &str, job: &str) -> Text {
    let place = plain(word) + label("instance") + format!(" of the job {job}");
    environment(config, place.if_label(", service ", "service"))
}

/// Adds the environment: all identity labels that the alert has.
pub(crate) fn environment(config: &Config, text: Text) -> Text {
    let labels = config.prometheus.identity.iter();
    labels.fold(text, |text, label| text.if_label(&format!(", {label} "), label))
}

/// A share as a percentage, without the noise digits of binary fractions.
pub(crate) fn percent(share: f64) -> String {
    format!("{}%", tidy(share * 100.0))
}

/// A model's thresholds, team and job: the setting by which models are grouped.
pub(crate) type Settings<'a, T> = (T, &'a str, &'a str);

pub(crate) fn settings<'a, T>(
    values: impl Fn(&'a Thresholds) -> T,
    team: impl Fn(&'a Model) -> &'a str,
) -> impl Fn(&'a Model) -> Settings<'a, T> {
    move |model| (values(&model.thresholds), team(model), model.job.as_str())
}

pub(crate) fn serving_team(model: &Model) -> &str {
    &model.owners.serving.team
}

pub(crate) fn model_team(model: &Model) -> &str {
    &model.owners.model.team
}

pub(crate) fn data_team(model: &Model) -> &str {
    &model.owners.data.team
}

/// The first of the models: the one in the story.
pub(crate) fn hero<'a>(models: &[&'a Model]) -> &'a str {
    models.first().map_or("", |model| &model.name)
}

/// One set of labels that fires.
pub(crate) fn labelled(labels: &[(&'static str, &str)]) -> Vec<LabelSet> {
    let labels = labels.iter().map(|(label, value)| (*label, (*value).to_owned()));
    vec![labels.collect()]
}

/// Growth per minute, and for how many minutes.
pub(crate) type Phases = [(f64, usize); 3];

/// A share that crosses its threshold and returns: a near miss for half an hour, then so much bad traffic that the next minute
/// exceeds any threshold, then none. In events per minute, for an alert that is evaluated every minute.
pub(crate) fn over_and_back(limit: f64, all: f64, bad_minutes: usize) -> (Phases, Phases) {
    let bad = [(0.9 * limit * all, 30), (1000.0 * all, bad_minutes), (0.0, 120)];
    let good = [((1.0 - 0.9 * limit) * all, 30), (0.0, bad_minutes), (all, 120)];
    (bad, good)
}
