//! Which model is meant.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use clap::Args;
use modelwatch::contract;
use modelwatch_config::Config;
use modelwatch_triage::prometheus::{Prometheus, Transport};
use modelwatch_triage::source::{Grid, Question, Source as _};
use modelwatch_triage::triage::Subject;
use modelwatch_triage::words::name;

use crate::failure::Failure;
use crate::times::time;

/// An alert, a model, a time.
#[derive(Args)]
pub(crate) struct Which {
    /// The firing alert, such as MLInferenceHighErrorRate. Defaults to the one that fires, if there is only one.
    #[arg(value_name = "ALERT")]
    alert: Option<String>,
    /// The model.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The time to explain: 2026-05-01T14:03:00Z, yesterday, 20m (ago), seconds since the epoch. Defaults to now.
    #[arg(long, value_name = "TIME", value_parser = past)]
    at: Option<DateTime<Utc>>,
    /// Select series with this label, such as cluster=eu. Can be repeated.
    #[arg(long, value_name = "LABEL=VALUE", value_parser = label)]
    only: Vec<(String, String)>,
}

/// Alerts and models that a message lists, at most.
const LISTED: usize = 10;

fn past(text: &str) -> Result<DateTime<Utc>, String> {
    let at = time(text)?;
    match (DateTime::UNIX_EPOCH..=Utc::now()).contains(&at) {
        true => Ok(at),
        false => Err("it has to be in the past".to_owned()),
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    let (label, value) = text.split_once('=').ok_or("a label, = and its value are expected")?;
    let names_another = |part: &str| part.split_once('=').is_some_and(|(label, _)| is_label(label.trim()));
    if value.split(',').skip(1).any(names_another) {
        // A value may hold a comma, so it does not separate labels.
        return Err(format!(
            "name each label with an --only of its own: --only {}",
            text.replace(',', " --only ")
        ));
    }
    if is_label(label) {
        Ok((label.to_owned(), value.to_owned()))
    } else {
        Err(format!("{label} is not the name of a label"))
    }
}

/// Whether this may stand in a query as the name of a label.
pub(super) fn is_label(text: &str) -> bool {
    let plain = |character: char| character.is_ascii_alphanumeric() || character == '_';
    !text.is_empty() && text.chars().all(plain) && !text.starts_with(|first: char| first.is_ascii_digit())
}

impl Which {
    /// Finds out which model is meant.
    pub(super) fn subject<T: Transport>(&self, source: &Prometheus<T>, config: &Config) -> Result<Subject, Failure> {
        let at = self.at.unwrap_or_else(Utc::now).timestamp();
        let mut subject = match &self.model {
            Some(model) => self.of_model(source, model, config, at)?,
            None => self.of_alert(source, config, at)?,
        };
        subject.only.extend(self.only.iter().cloned());
        settle(source, config, &mut subject)?;
        Ok(subject)
    }

    /// The model, with the labels of its alert if that fires.
    fn of_model<T: Transport>(
        &self,
        source: &Prometheus<T>,
        model: &str,
        config: &Config,
        at: i64,
    ) -> Result<Subject, Failure> {
        let plain = Subject::model(model, at);
        let Some(alert) = &self.alert else {
            return Ok(plain);
        };
        let firing = source.firing(Some(alert), at).map_err(Failure::new)?;
        let fires = firing
            .iter()
            .find(|labels| labels.get("model_name").is_some_and(|name| name == model));
        let named = fires.and_then(|labels| Subject::alert(labels, &config.prometheus.identity, at));
        Ok(named.unwrap_or_else(|| {
            let mut subject = plain;
            subject.alert = Some(alert.clone());
            subject
        }))
    }

    /// The one model of what fires.
    fn of_alert<T: Transport>(&self, source: &Prometheus<T>, config: &Config, at: i64) -> Result<Subject, Failure> {
        let firing = source.firing(self.alert.as_deref(), at).map_err(Failure::new)?;
        let identity = &config.prometheus.identity;
        let subjects: Vec<_> = firing
            .iter()
            .filter_map(|labels| Subject::alert(labels, identity, at))
            .collect();
        let models: BTreeSet<_> = subjects.iter().map(|subject| &subject.model).collect();
        let what = self.alert.as_deref().unwrap_or("an alert of a model");
        match (models.len(), subjects.first()) {
            (1, Some(first)) => Ok(first.clone()),
            (0, _) if firing.is_empty() => Err(Failure::new(format!(
                "{} does not fire at that time; name a model with --model, or another time with --at",
                name(what)
            ))),
            (0, _) => Err(Failure::new(format!(
                "{} is of no model; name one with --model",
                name(what)
            ))),
            (several, _) => {
                let models: Vec<_> = models.into_iter().take(LISTED).map(|model| name(model)).collect();
                let more = if several > LISTED { ", …" } else { "" };
                Err(Failure::new(format!(
                    "{} fires for {several} models: {}{more}; name one with --model",
                    name(what),
                    models.join(", ")
                )))
            }
        }
    }
}

/// Tells the model from those of the same name: where there are several, the one of the configuration's environment.
pub(super) fn settle<T: Transport>(
    source: &Prometheus<T>,
    config: &Config,
    subject: &mut Subject,
) -> Result<(), Failure> {
    let missing: Vec<_> = config
        .prometheus
        .identity
        .iter()
        .filter(|label| !subject.only.contains_key(*label))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let grid = Grid {
        start: subject.at - 60,
        step: 60,
        steps: 1,
    };
    let question = Question::highest(contract::MODEL_INFO.name, grid)
        .only("model_name", &subject.model)
        .by(&missing);
    let question = subject
        .only
        .iter()
        .fold(question, |question, (label, value)| question.only(label, value));
    let rows = source.ask(&question).map_err(Failure::new)?;
    let found: BTreeSet<BTreeMap<String, String>> = rows.into_iter().map(|row| row.labels).collect();
    let ours: Vec<_> = match found.len() {
        0 | 1 => found.iter().collect(),
        _ => found
            .iter()
            .filter(|labels| labels.get("environment") == Some(&config.environment))
            .collect(),
    };
    match &ours[..] {
        [one] => {
            subject.only.extend((*one).clone());
            Ok(())
        }
        [] if found.len() < 2 => Ok(()),
        _ => {
            let all: Vec<_> = found
                .iter()
                .take(LISTED)
                .map(|labels| {
                    let labels: Vec<_> = labels
                        .iter()
                        .map(|(label, value)| format!("{label}={}", name(value)))
                        .collect();
                    labels.join(" ")
                })
                .collect();
            Err(Failure::new(format!(
                "model {} is in several places: {}; name one with --only",
                name(&subject.model),
                all.join("; ")
            )))
        }
    }
}
