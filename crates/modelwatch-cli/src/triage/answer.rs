//! The answer to a subject, with links to where the rest is.

use modelwatch_config::Config;
use modelwatch_stack::links;
use modelwatch_triage::log::Log;
use modelwatch_triage::source::{Source, SourceError};
use modelwatch_triage::triage::{Report, Subject, triage};
use url::Url;

#[cfg(feature = "drift")]
pub(super) use super::prediction_log::Logs;

/// Where a build without an engine has its prediction logs: nowhere.
#[cfg(not(feature = "drift"))]
#[derive(Clone)]
pub(super) struct Logs;

/// Works out the report and adds the links.
pub(super) fn answer(
    source: &dyn Source,
    logs: &Logs,
    config: &Config,
    subject: &Subject,
) -> Result<Report, SourceError> {
    let log = log(logs, config, subject);
    let mut report = triage(source, log.as_deref(), config, subject)?;
    let query = report.trouble.as_ref().map(|trouble| trouble.query.clone());
    if let Some(who) = &mut report.who {
        who.links.extend(addresses(config, subject, query.as_deref()));
    }
    Ok(report)
}

/// The model's log, where there is one and it is of the place that is asked about.
#[cfg(feature = "drift")]
fn log<'l>(logs: &'l Logs, config: &'l Config, subject: &Subject) -> Option<Box<dyn Log + 'l>> {
    let elsewhere = subject
        .only
        .get("environment")
        .is_some_and(|environment| *environment != config.environment);
    let log = logs.of(config, &subject.model).filter(|_| !elsewhere)?;
    Some(Box::new(log))
}

#[cfg(not(feature = "drift"))]
fn log(_: &Logs, _: &Config, _: &Subject) -> Option<Box<dyn Log>> {
    None
}

/// The model's dashboard, the alert's runbook, and the query in Prometheus.
fn addresses(config: &Config, subject: &Subject, query: Option<&str>) -> Vec<(String, String)> {
    let mut addresses = Vec::new();
    let mut add = |word: &str, base: String, pairs: &[(&str, &str)]| {
        if let Ok(mut url) = Url::parse(&base) {
            if !pairs.is_empty() {
                url.query_pairs_mut().extend_pairs(pairs);
            }
            addresses.push((word.to_owned(), url.to_string()));
        }
    };
    let grafana = &config.links.grafana;
    if config.model(&subject.model).is_some() {
        add(
            "dashboard",
            format!("{grafana}/d/{}", links::model_uid(config, &subject.model)),
            &[],
        );
    } else {
        add(
            "dashboard",
            format!("{grafana}/d/{}", links::triage_uid(config)),
            &[("var-model", &subject.model)],
        );
    }
    let ours = |alert: &&String| {
        alert
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    if let Some(alert) = subject.alert.as_ref().filter(ours) {
        add(
            "runbook",
            format!("{}/{}", config.links.runbooks, links::runbook_file(alert)),
            &[],
        );
    }
    if let Some(query) = query {
        let pairs = [("g0.tab", "0"), ("g0.range_input", "6h"), ("g0.expr", query)];
        add("query", format!("{}/graph", config.links.prometheus), &pairs);
    }
    addresses
}
