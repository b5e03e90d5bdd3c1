//! Alerts: who is told what, and when.
//!
//! Every alert has an owner, a severity, a sentence with the figures, and links to a dashboard, a runbook and the query behind it.
//! A page is for what needs a person now; everything else is a ticket.

pub(crate) mod drift;
mod features;
pub mod kind;
mod objectives;
mod predictions;
mod serving;
mod targets;
mod versions;

use std::collections::BTreeMap;
use std::time::Duration;

use modelwatch_config::{Config, Model, Thresholds, prometheus_duration};

use self::kind::Kind;
use super::case::{Case, LabelSet, Test, TestFile};
use super::{Group, Rule, checked};
use crate::error::GenerateError;
use crate::file::File;
use crate::links;
use crate::promql::{self, Expr, Selector};
use crate::yaml;

const MINUTE: Duration = Duration::from_secs(60);

/// What an alert asks of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Somebody, now.
    Page,
    /// Somebody, in working hours.
    Ticket,
}

impl Severity {
    /// The label's value.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Page => "page",
            Self::Ticket => "ticket",
        }
    }
}

/// An alert before it is a rule.
struct Alert<'a> {
    kind: &'static Kind,
    severity: Severity,
    team: &'a str,
    /// The scrape job the figures come from, where it is known.
    job: Option<&'a str>,
    /// Labels besides.
    extra: &'a [(&'a str, String)],
    expr: Expr,
    for_: Duration,
    /// The labels of the series that fire.
    labels: &'a [&'a str],
    summary: &'a str,
    /// What is measured, where, how much, and the threshold.
    description: String,
    /// What to look at first; its labels from [`Selector::same`].
    query: Expr,
    /// The story its promtool test tells.
    case: Case,
}

/// An alert's rule, with the labels and the story for its test.
pub(super) struct Tested {
    pub(super) rule: Rule,
    kind: &'static Kind,
    /// The labels as they are on the alert, where the rule has templates.
    labels: BTreeMap<String, String>,
    case: Case,
}

/// The alerts, and their tests.
pub(super) struct Alerts {
    pub(super) groups: Vec<Group>,
    pub(super) tests: Vec<File>,
}

/// Rules of one kind that are tested: with hundreds of models of their own settings, two stand for all.
const TESTED: usize = 2;

pub(super) fn alerts(config: &Config, recording: &[Group]) -> Result<Alerts, GenerateError> {
    let mut groups = Vec::new();
    let mut tests: BTreeMap<(&str, Duration), Vec<Test>> = BTreeMap::new();
    for (name, tested) in [
        ("ml-alert-rules", serving::rules(config)?),
        ("ml-alert-rules-targets", targets::rules(config)?),
        ("ml-alert-rules-objectives", objectives::rules(config)?),
        ("ml-alert-rules-versions", versions::rules(config)?),
        ("ml-alert-rules-predictions", predictions::rules(config)?),
        ("ml-alert-rules-features", features::rules(config)?),
        ("ml-alert-rules-drift", drift::rules(config)?),
    ] {
        let mut rules = Vec::new();
        for Tested {
            rule,
            kind,
            labels,
            case,
        } in tested
        {
            let tests = tests.entry((kind.name, case.evaluated())).or_default();
            if tests.len() < TESTED {
                tests.push(case.test(kind.name, &labels));
            }
            rules.push(rule);
        }
        if !rules.is_empty() {
            groups.push(Group {
                name: name.to_owned(),
                interval: None,
                rules,
            });
        }
    }
    let order: Vec<_> = recording
        .iter()
        .chain(&groups)
        .map(|group| group.name.clone())
        .collect();
    let mut files = Vec::new();
    for ((alert, step), tests) in tests {
        let mut path = format!("prometheus/tests/{alert}.yml");
        if files.iter().any(|file: &File| file.path == path) {
            path = format!("prometheus/tests/{alert}-{}.yml", prometheus_duration(step));
        }
        files.push(yaml::file(&path, &TestFile::new(step, &order, tests))?);
    }
    Ok(Alerts { groups, tests: files })
}

impl Alert<'_> {
    fn rule(self, config: &Config) -> Result<Tested, GenerateError> {
        let name = self.kind.name;
        let mut labels = BTreeMap::from([
            ("severity".to_owned(), self.severity.name().to_owned()),
            ("team".to_owned(), self.team.to_owned()),
            ("plane".to_owned(), self.kind.plane.name().to_owned()),
        ]);
        if let Some(job) = self.job {
            labels.insert("job".to_owned(), job.to_owned());
        }
        for (label, value) in self.extra {
            labels.insert((*label).to_owned(), value.clone());
        }
        let query = self.query.to_string();
        let filled = without_templates(&query);
        promql::check(&filled).map_err(|error| GenerateError::new(format!("the query of {name} ({filled})"), error))?;
        let dashboard = dashboard_url(config, self.labels);
        let annotations = [
            ("summary", self.summary.to_owned()),
            ("description", self.description),
            ("dashboard_url", dashboard),
            (
                "runbook_url",
                format!("{}/{}", config.links.runbooks, links::runbook_file(name)),
            ),
            ("query_url", query_url(config, &query)),
            ("query", templated(&query)),
        ];
        let rule = Rule {
            alert: Some(name.to_owned()),
            expr: checked(name, &self.expr)?,
            for_: Some(prometheus_duration(self.for_)),
            labels: labels
                .iter()
                .map(|(label, value)| (label.clone(), literal(value)))
                .collect(),
            annotations: annotations
                .into_iter()
                .map(|(key, value)| (key.to_owned(), value))
                .collect(),
            ..Rule::default()
        };
        Ok(Tested {
            rule,
            kind: self.kind,
            labels,
            case: self.case,
        })
    }
}

/// The triage dashboard with its variables set to the alert's labels.
fn dashboard_url(config: &Config, labels: &[&str]) -> String {
    let variables = [
        ("model_name", links::MODEL_VARIABLE),
        ("model_version", links::VERSION_VARIABLE),
        ("route", links::ROUTE_VARIABLE),
    ];
    let set: Vec<_> = variables
        .into_iter()
        .filter(|(label, _)| labels.contains(label))
        .map(|(label, variable)| format!("var-{variable}={{{{ $labels.{label} | urlquery }}}}"))
        .collect();
    let query = if set.is_empty() {
        String::new()
    } else {
        format!("?{}", set.join("&"))
    };
    format!("{}/d/{}{query}", config.links.grafana, links::TRIAGE_UID)
}

/// The labels a query's templates name, in order, and the text between them.
fn templates(query: &str) -> (Vec<&str>, Vec<&str>) {
    let mut labels = Vec::new();
    let mut texts = Vec::new();
    let mut rest = query;
    while let Some((text, after)) = rest.split_once("{{ printf \"%q\" $labels.") {
        let Some((label, after)) = after.split_once(" }}") else {
            break;
        };
        texts.push(text);
        labels.push(label);
        rest = after;
    }
    texts.push(rest);
    (labels, texts)
}

/// A text as Prometheus' templates, which label values are too, give it back.
fn literal(text: &str) -> String {
    text.replace("{{", "{{ \"{{\" }}")
}

/// The query with its labels filled in by the template, and the rest as it is.
fn templated(query: &str) -> String {
    let (labels, texts) = templates(query);
    let mut labels = labels.iter();
    let parts = texts.iter().map(|text| {
        let filled = labels
            .next()
            .map(|label| format!("{{{{ printf \"%q\" $labels.{label} }}}}"));
        literal(text) + &filled.unwrap_or_default()
    });
    parts.collect()
}

/// The query as it is for an alert whose labels are empty.
fn without_templates(query: &str) -> String {
    templates(query).1.join("\"\"")
}

/// Prometheus' own page with the query typed in.
fn query_url(config: &Config, query: &str) -> String {
    let (labels, texts) = templates(query);
    let format: Vec<_> = texts.iter().map(|text| text.replace('%', "%%")).collect();
    let format = format.join("%q").replace('\\', "\\\\").replace('"', "\\\"");
    let arguments: String = labels.iter().map(|label| format!(" $labels.{label}")).collect();
    format!(
        "{}/graph?g0.tab=0&g0.range_input=6h&g0.expr={{{{ printf \"{format}\"{arguments} | urlquery }}}}",
        config.links.prometheus
    )
}

/// A series of the alert's own model, version, route or feature.
fn own(selector: Selector, labels: &[&str]) -> Selector {
    labels.iter().fold(selector, |selector, label| selector.same(label))
}

/// A label of the alert in a sentence.
fn label(name: &str) -> String {
    format!("{{{{ $labels.{name} }}}}")
}

/// Where the alert is: model, version, route or feature, as a sentence's subject.
fn place(labels: &[&str]) -> String {
    let words = [
        ("model_name", "Model"),
        ("model_version", "version"),
        ("route", "route"),
        ("feature_name", "feature"),
        ("class", "class"),
        ("outcome", "outcome"),
    ];
    let named: Vec<_> = words
        .into_iter()
        .filter(|(name, _)| labels.contains(name))
        .map(|(name, word)| format!("{word} {}", label(name)))
        .collect();
    named.join(", ")
}

/// The value as a percentage in a sentence.
const PERCENT: &str = "{{ $value | humanizePercentage }}";
/// The value with three digits in a sentence.
const VALUE: &str = "{{ $value | printf \"%.3g\" }}";
/// The value as a time in a sentence.
const TIME: &str = "{{ $value | humanizeDuration }}";

/// A share as a percentage, without digits that come from binary fractions.
fn percent(share: f64) -> String {
    format!("{}%", tidy(share * 100.0))
}

/// Without the last digits of a binary fraction: `0.0144` and not `0.014400000000000001`.
fn tidy(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// The models of a scope where one is asked for thresholds, team and job.
type Settings<'a, T> = (T, &'a str, &'a str);

fn settings<'a, T>(
    values: impl Fn(&'a Thresholds) -> T,
    team: impl Fn(&'a Model) -> &'a str,
) -> impl Fn(&'a Model) -> Settings<'a, T> {
    move |model| (values(&model.thresholds), team(model), model.job.as_str())
}

fn serving_team(model: &Model) -> &str {
    &model.owners.serving.team
}

fn model_team(model: &Model) -> &str {
    &model.owners.model.team
}

fn data_team(model: &Model) -> &str {
    &model.owners.data.team
}

/// The first of the models, which a story is told of.
fn hero<'a>(models: &[&'a Model]) -> &'a str {
    models.first().map_or("", |model| &model.name)
}

/// One set of labels that fires.
fn labelled(labels: &[(&'static str, &str)]) -> Vec<LabelSet> {
    let labels = labels.iter().map(|(label, value)| (*label, (*value).to_owned()));
    vec![labels.collect()]
}

/// Growth a minute, and for how many.
type Phases = [(f64, usize); 3];

/// How a share goes over its threshold and back: a near miss for half an hour, then so much traffic and so bad that the next
/// minute is over any threshold, then none of it. In events a minute for one that is looked at.
fn over_and_back(limit: f64, all: f64, bad_minutes: usize) -> (Phases, Phases) {
    let bad = [(0.9 * limit * all, 30), (1000.0 * all, bad_minutes), (0.0, 120)];
    let good = [((1.0 - 0.9 * limit) * all, 30), (0.0, bad_minutes), (all, 120)];
    (bad, good)
}
