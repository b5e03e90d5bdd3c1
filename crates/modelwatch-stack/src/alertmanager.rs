//! `alertmanager.yml`: each alert to its owner, consequences silenced by their cause.
//!
//! Secrets are named by file, as Alertmanager expands no environment variables.

use std::collections::BTreeMap;

use modelwatch_config::{BusinessHours, Config, Plane, Secret, Team};
use serde::Serialize;

use crate::error::GenerateError;
use crate::file::File;
use crate::known::{self, KnownAlert};
use crate::promql::{STACK_LABEL, quoted};
use crate::rules::Severity;
use crate::yaml;

/// Where the routing is, below `monitoring/`.
pub const ALERTMANAGER_FILE: &str = "alertmanager/alertmanager.yml";

/// The receiver of a team's alerts of a severity.
///
/// ```
/// use modelwatch_stack::{alertmanager::receiver, rules::Severity};
///
/// assert_eq!(receiver("ml-platform", Severity::Page), "ml-platform-page");
/// ```
#[must_use]
pub fn receiver(team: &str, severity: Severity) -> String {
    format!("{team}-{}", severity.name())
}

#[derive(Serialize)]
struct Alertmanager {
    route: Route,
    inhibit_rules: Vec<Inhibit>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    time_intervals: Vec<NamedInterval>,
    receivers: Vec<Receiver>,
}

#[derive(Default, Serialize)]
struct Route {
    receiver: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    matchers: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    group_by: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_wait: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_interval: Option<&'static str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    active_time_intervals: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    routes: Vec<Self>,
}

#[derive(Serialize)]
struct Inhibit {
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
    equal: Vec<String>,
}

#[derive(Serialize)]
struct NamedInterval {
    name: String,
    time_intervals: [Interval; 1],
}

#[derive(Serialize)]
struct Interval {
    times: [Times; 1],
    weekdays: [String; 1],
    location: String,
}

#[derive(Serialize)]
struct Times {
    start_time: String,
    end_time: String,
}

#[derive(Default, Serialize)]
struct Receiver {
    name: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pagerduty_configs: Vec<PagerDuty>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    slack_configs: Vec<Slack>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    webhook_configs: Vec<Webhook>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    email_configs: Vec<Email>,
}

#[derive(Serialize)]
struct PagerDuty {
    routing_key_file: String,
    severity: &'static str,
    description: &'static str,
    details: BTreeMap<&'static str, &'static str>,
    links: [Link; 3],
}

#[derive(Serialize)]
struct Link {
    href: &'static str,
    text: &'static str,
}

#[derive(Serialize)]
struct Slack {
    api_url_file: String,
    channel: String,
    send_resolved: bool,
    title: &'static str,
    title_link: &'static str,
    text: &'static str,
}

#[derive(Serialize)]
struct Webhook {
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url_file: Option<String>,
    send_resolved: bool,
}

#[derive(Serialize)]
struct Email {
    to: String,
    from: String,
    smarthost: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_username: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    auth_password_file: Option<String>,
    send_resolved: bool,
    headers: BTreeMap<&'static str, &'static str>,
    html: &'static str,
    text: &'static str,
}

/// One line for a group of alerts: state, urgency, model, what.
const TITLE: &str = "[{{ .Status | toUpper }}] {{ .CommonLabels.severity }} {{ .GroupLabels.model_name }}: \
                     {{ range $index, $alert := .Alerts }}{{ if $index }}; {{ end }}{{ .Annotations.summary }}{{ end }}";
const SLACK_TEXT: &str = "{{ range .Alerts }}{{ .Annotations.description }}\n<{{ .Annotations.dashboard_url }}|dashboard> \
                          <{{ .Annotations.runbook_url }}|runbook> <{{ .Annotations.query_url }}|query>\n{{ end }}";
const PLAIN_TEXT: &str = "{{ range .Alerts }}{{ .Annotations.description }}\ndashboard {{ .Annotations.dashboard_url }}\n\
                          runbook {{ .Annotations.runbook_url }}\nquery {{ .Annotations.query }}\n\n{{ end }}";
const DASHBOARD: &str = "{{ (index .Alerts 0).Annotations.dashboard_url }}";
const RUNBOOK: &str = "{{ (index .Alerts 0).Annotations.runbook_url }}";
const QUERY: &str = "{{ (index .Alerts 0).Annotations.query_url }}";

pub(crate) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    let teams: Vec<_> = config.teams.iter().collect();
    let document = Alertmanager {
        route: Route {
            // What no team is named for goes to whoever serves.
            receiver: receiver(&config.owners.serving.team, Severity::Ticket),
            group_by: identified(config, &["team", "model_name", "severity"]),
            group_wait: Some("30s"),
            group_interval: Some("5m"),
            repeat_interval: Some("4h"),
            routes: teams.iter().map(|(name, team)| route(name, team)).collect(),
            ..Route::default()
        },
        inhibit_rules: inhibitions(config),
        time_intervals: teams
            .iter()
            .filter_map(|(name, team)| Some(interval(name, team.business_hours.as_ref()?)))
            .collect(),
        receivers: teams
            .iter()
            .flat_map(|(name, team)| [Severity::Page, Severity::Ticket].map(|severity| receives(name, team, severity)))
            .collect(),
    };
    Ok(vec![yaml::file(ALERTMANAGER_FILE, &document)?])
}

fn is(label: &str, value: &str) -> String {
    format!("{label}={}", quoted(value))
}

fn hours_name(team: &str) -> String {
    format!("{team}-business-hours")
}

fn route(name: &str, team: &Team) -> Route {
    let tickets = Route {
        receiver: receiver(name, Severity::Ticket),
        matchers: vec![is("severity", Severity::Ticket.name())],
        repeat_interval: Some("1d"),
        active_time_intervals: team.business_hours.iter().map(|_| hours_name(name)).collect(),
        ..Route::default()
    };
    Route {
        // A severity that is not a ticket wakes somebody: better once too often.
        receiver: receiver(name, Severity::Page),
        matchers: vec![is("team", name)],
        routes: vec![tickets],
        ..Route::default()
    }
}

fn interval(team: &str, hours: &BusinessHours) -> NamedInterval {
    NamedInterval {
        name: hours_name(team),
        time_intervals: [Interval {
            times: [Times {
                start_time: hours.from.clone(),
                end_time: hours.to.clone(),
            }],
            weekdays: [hours.days.clone()],
            location: hours.timezone.clone(),
        }],
    }
}

fn one_of(alerts: &[&KnownAlert]) -> String {
    let names: Vec<_> = alerts.iter().map(|alert| alert.name).collect();
    format!("alertname=~{}", quoted(&names.join("|")))
}

/// Labels, and those that tell environments apart: what happens in one says nothing of another.
fn identified(config: &Config, labels: &[&str]) -> Vec<String> {
    let labels = labels.iter().map(|label| (*label).to_owned());
    config.prometheus.identity.iter().cloned().chain(labels).collect()
}

/// Which alerts say nothing new while another fires. Drift itself is silenced by nothing.
fn inhibitions(config: &Config) -> Vec<Inhibit> {
    let equal = |labels: &[&str]| identified(config, &[&[STACK_LABEL], labels].concat());
    vec![
        // Nothing of a job answers: what its models do not do any more is no news.
        Inhibit {
            source_matchers: vec![is("alertname", known::JOB_DOWN.name)],
            target_matchers: vec![
                is("plane", Plane::Inference.name()),
                format!("alertname!={}", quoted(known::JOB_DOWN.name)),
            ],
            equal: equal(&["job"]),
        },
        Inhibit {
            source_matchers: vec![is("alertname", known::JOB_DOWN.name)],
            target_matchers: vec![one_of(&[
                &known::TARGET_DOWN,
                &known::DRIFT_JOB_STALE,
                &known::DRIFT_JOB_MISSING,
                &known::DRIFT_JOB_FAILING,
            ])],
            equal: equal(&["job"]),
        },
        // A page for a model: its tickets about serving are consequences.
        Inhibit {
            source_matchers: vec![
                is("severity", Severity::Page.name()),
                is("plane", Plane::Inference.name()),
                "model_name=~\".+\"".to_owned(),
            ],
            target_matchers: vec![
                is("severity", Severity::Ticket.name()),
                is("plane", Plane::Inference.name()),
                "model_name=~\".+\"".to_owned(),
            ],
            equal: equal(&["model_name"]),
        },
        // A model without requests, or whose scores are no numbers, has no distribution to shift.
        Inhibit {
            source_matchers: vec![one_of(&[&known::TRAFFIC_GONE, &known::NON_FINITE])],
            target_matchers: vec![one_of(&[
                &known::SCORE_SHIFT,
                &known::CLASS_SHIFT,
                &known::OUTCOME_SHIFT,
            ])],
            equal: equal(&["model_name"]),
        },
    ]
}

fn receives(name: &str, team: &Team, severity: Severity) -> Receiver {
    let pagerduty = team.pagerduty.iter().filter(|_| severity == Severity::Page);
    Receiver {
        name: receiver(name, severity),
        pagerduty_configs: pagerduty
            .map(|pagerduty| PagerDuty {
                routing_key_file: pagerduty.routing_key_file.clone(),
                severity: "critical",
                description: TITLE,
                details: BTreeMap::from([("alerts", PLAIN_TEXT)]),
                links: [(DASHBOARD, "dashboard"), (RUNBOOK, "runbook"), (QUERY, "query")]
                    .map(|(href, text)| Link { href, text }),
            })
            .collect(),
        slack_configs: team
            .slack
            .iter()
            .map(|slack| Slack {
                api_url_file: slack.api_url_file.clone(),
                channel: slack.channel.replace("{{", "{{ \"{{\" }}"),
                send_resolved: true,
                title: TITLE,
                title_link: DASHBOARD,
                text: SLACK_TEXT,
            })
            .collect(),
        webhook_configs: team
            .webhook
            .iter()
            .map(|webhook| {
                let (url, url_file) = match &webhook.url {
                    Secret::Open(url) => (Some(url.clone()), None),
                    Secret::File(file) => (None, Some(file.clone())),
                };
                Webhook {
                    url,
                    url_file,
                    send_resolved: true,
                }
            })
            .collect(),
        email_configs: team
            .email
            .iter()
            .map(|email| Email {
                to: email.to.clone(),
                from: email.from.clone(),
                smarthost: email.smarthost.clone(),
                auth_username: email.auth_username.clone(),
                auth_password_file: email.auth_password_file.clone(),
                send_resolved: true,
                headers: BTreeMap::from([("Subject", TITLE)]),
                html: "",
                text: PLAIN_TEXT,
            })
            .collect(),
    }
}
