//! The answer in the team's channel, after Alertmanager's own message.

use std::collections::VecDeque;
use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use chrono::Utc;
use modelwatch_config::Secret;
use modelwatch_triage::text::text;
use modelwatch_triage::triage::{Report, Subject};
use modelwatch_triage::words::name;
use serde_json::json;
use tokio::sync::mpsc;
use ureq::Agent;

use super::notification::Alert;
use super::shared::Shared;
use crate::failure::Failure;
use crate::prometheus::agent;

/// Alerts whose follow-up is remembered, so that a repeated notification gets none.
const REMEMBERED: usize = 1000;
/// How long a channel may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Characters of a message; Slack cuts longer ones.
const LONGEST: usize = 2900;

/// Answers alerts, one after the other.
pub(super) struct FollowUp {
    shared: Arc<Shared>,
    /// Marks of their incidents: names may be long.
    answered: VecDeque<u64>,
}

impl FollowUp {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            answered: VecDeque::new(),
        }
    }

    /// Answers what comes, until nothing does any more.
    pub(super) async fn run(mut self, mut alerts: mpsc::Receiver<Alert>) {
        while let Some(alert) = alerts.recv().await {
            let Some(subject) = Subject::alert(
                &alert.labels,
                &self.shared.config.prometheus.identity,
                Utc::now().timestamp(),
            ) else {
                continue;
            };
            // One incident, one answer: what else the same rule says of the same model is in it.
            let incident = format!(
                "{}\n{}\n{:?}",
                subject.alert.as_deref().unwrap_or_default(),
                subject.model,
                subject.only
            );
            let incident = mark(&(incident, &alert.starts_at));
            if self.answered.contains(&incident) {
                continue;
            }
            self.answered.push_back(incident);
            if self.answered.len() > REMEMBERED {
                self.answered.pop_front();
            }
            let shown = name(&subject.model);
            let team = alert.labels.get("team").cloned();
            let done = self
                .shared
                .work_beside(move |shared| follow_up(shared, subject, team.as_deref()))
                .await;
            match done {
                Some(Ok(())) => {}
                Some(Err(failure)) => tracing::warn!("no follow-up for model {shown}: {failure}"),
                None => tracing::error!("no follow-up for model {shown}: working it out failed"),
            }
        }
    }
}

fn mark(incident: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    incident.hash(&mut hasher);
    hasher.finish()
}

/// Works out the answer and posts it to the team that Alertmanager told or, if that is none, to the one that acts.
fn follow_up(shared: &Shared, subject: Subject, told: Option<&str>) -> Result<(), Failure> {
    let path = Shared::path(&subject);
    let at = subject.at;
    let report = shared.report(subject)?;
    let acting = report.who.as_ref().map(|who| who.team.as_str());
    let teams = &shared.config.teams;
    let team = told
        .and_then(|team| teams.get(team))
        .or_else(|| acting.and_then(|team| teams.get(team)));
    let Some(team) = team else {
        return Err(Failure::new("no team of the configuration is named by the alert"));
    };
    let link = shared
        .url
        .as_ref()
        .map(|url| format!("{}{path}&at={at}", url.as_str().trim_end_matches('/')));
    let agent = agent(None)?;
    let mut failures = Vec::new();
    if let Some(slack) = &team.slack {
        let message = json!({ "channel": slack.channel, "text": slack_text(&report, link.as_deref()) });
        failures.extend(post(&agent, "slack", &Secret::File(slack.api_url_file.clone()), &message).err());
    }
    if let Some(webhook) = &team.webhook {
        let message = json!({ "text": text(&report), "url": link, "triage": report });
        failures.extend(post(&agent, "webhook", &webhook.url, &message).err());
    }
    match &failures[..] {
        [] => Ok(()),
        failures => Err(Failure::new(failures.join("; "))),
    }
}

/// The text in a block, since it is aligned; what means something to Slack is escaped.
fn slack_text(report: &Report, link: Option<&str>) -> String {
    let answer = text(report);
    let mut shown: String = answer.trim_end().chars().take(LONGEST).collect();
    if shown.len() < answer.trim_end().len() {
        shown.push('…');
    }
    let escaped = shown
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace("```", "'''");
    let link = link.map_or(String::new(), |link| format!("\n<{link}|The same as a page>"));
    format!("```{escaped}```{link}")
}

/// Posts JSON to a URL that may be a secret, and so is in no message.
fn post(agent: &Agent, channel: &str, url: &Secret, message: &serde_json::Value) -> Result<(), String> {
    let url = match url {
        Secret::Open(url) => url.clone(),
        Secret::File(file) => fs::read_to_string(file).map_err(|error| format!("{channel}: {file}: {error}"))?,
    };
    let body = message.to_string();
    let request = agent.post(url.trim()).config().timeout_global(Some(PATIENCE)).build();
    let response = request
        .content_type("application/json")
        .send(body)
        .map_err(|error| match error {
            ureq::Error::BadUri(_) => format!("{channel}: its URL is none"),
            error => format!("{channel}: {error}"),
        })?;
    if response.status().is_success() {
        Ok(())
    } else {
        Err(format!("{channel} answers {}", response.status()))
    }
}
