//! `alertmanager.yml`: routes each alert to its owner, and silences consequences by their cause.
//!
//! Secrets are named by file, because Alertmanager expands no environment variables. With `manage = false` you keep your own
//! file, and this module generates a fragment for it: the routes, receivers and inhibitions of this stack's alerts only.

use std::collections::BTreeMap;

use modelwatch_config::{BusinessHours, Config, Passed, Plane, Secret, Team, Watchdog, prometheus_duration};
use serde::Serialize;

use crate::error::GenerateError;
use crate::file::File;
use crate::known::{self, KnownAlert};
use crate::messages;
use crate::promql::{STACK_LABEL, quoted};
use crate::rules::Severity;
use crate::yaml;

/// The path of the routing, below `monitoring/`.
pub const ALERTMANAGER_FILE: &str = "alertmanager/alertmanager.yml";
/// The path of the fragment for an Alertmanager that you do not generate, below `monitoring/`.
pub const FRAGMENT_FILE: &str = "alertmanager/modelwatch-fragment.yml";

/// Returns the receiver of a team's alerts of a severity.
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
    #[serde(flatten)]
    rest: Rest,
}

/// The lists that you add to your own configuration.
#[derive(Serialize)]
struct Fragment {
    routes: [Route; 1],
    #[serde(flatten)]
    rest: Rest,
}

#[derive(Serialize)]
struct Rest {
    templates: [String; 1],
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
    group_wait: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    group_interval: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    repeat_interval: Option<String>,
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

#[derive(Serialize)]
struct Receiver {
    name: String,
    /// Channels by Alertmanager's key, such as `slack_configs`.
    #[serde(flatten)]
    channels: BTreeMap<String, Vec<Channel>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Channel {
    PagerDuty(PagerDuty),
    Slack(Slack),
    Webhook(Webhook),
    Email(Email),
    /// A channel without a type here, exactly as in the file.
    Passed(Passed),
}

#[derive(Serialize)]
struct PagerDuty {
    routing_key_file: String,
    send_resolved: bool,
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
    fallback: &'static str,
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
    /// Only written when `false`; Alertmanager's own default is `true`.
    #[serde(skip_serializing_if = "Option::is_none")]
    require_tls: Option<bool>,
    send_resolved: bool,
    headers: BTreeMap<&'static str, &'static str>,
    html: &'static str,
    text: &'static str,
}

pub(crate) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    let template = messages::file(config, &format!("alertmanager/{}", messages::TEMPLATE));
    let (route, rest) = routing(config, messages::TEMPLATE);
    let routing = if config.alertmanager.manage {
        yaml::file(ALERTMANAGER_FILE, &Alertmanager { route, rest })?
    } else {
        let ours = Route {
            matchers: vec![is(STACK_LABEL, &config.stack), one_of(known::ALERTS)],
            ..route
        };
        yaml::file(FRAGMENT_FILE, &Fragment { routes: [ours], rest })?
    };
    Ok(vec![template, routing])
}

/// Writes the whole configuration, to embed it elsewhere, with the template at this path.
pub(crate) fn text(config: &Config, template: &str) -> Result<String, GenerateError> {
    let (route, rest) = routing(config, template);
    yaml::text("alertmanager.yaml", &Alertmanager { route, rest })
}

fn routing(config: &Config, template: &str) -> (Route, Rest) {
    let teams: Vec<_> = config.teams.iter().collect();
    let route = Route {
        // Alerts without a team's name go to the serving team.
        receiver: receiver(&config.owners.serving.team, Severity::Ticket),
        group_by: identified(config, &["team", "model_name", "severity"]),
        group_wait: Some("30s".to_owned()),
        group_interval: Some("5m".to_owned()),
        repeat_interval: Some("4h".to_owned()),
        routes: config
            .alertmanager
            .watchdog
            .iter()
            .map(|to| watchdog(config, to))
            .chain(teams.iter().map(|(name, team)| route(config, name, team)))
            .collect(),
        ..Route::default()
    };
    let rest = Rest {
        templates: [template.to_owned()],
        inhibit_rules: inhibitions(config),
        time_intervals: teams
            .iter()
            .filter_map(|(name, team)| Some(interval(name, team.business_hours.as_ref()?)))
            .collect(),
        receivers: teams
            .iter()
            .flat_map(|(name, team)| [Severity::Page, Severity::Ticket].map(|severity| receives(name, team, severity)))
            .chain(config.alertmanager.watchdog.iter().map(|to| hears(config, to)))
            .collect(),
    };
    (route, rest)
}

fn is(label: &str, value: &str) -> String {
    format!("{label}={}", quoted(value))
}

fn hours_name(team: &str) -> String {
    format!("{team}-business-hours")
}

/// The receiver of the watchdog. No team's receiver has this name, because theirs end in a severity.
fn watchdog_receiver(config: &Config) -> String {
    format!("{}-watchdog", config.stack)
}

/// Routes the alert that always fires to the dead man's switch, and to no other receiver.
fn watchdog(config: &Config, to: &Watchdog) -> Route {
    let every = prometheus_duration(to.repeat_interval);
    Route {
        receiver: watchdog_receiver(config),
        matchers: vec![is("alertname", known::WATCHDOG.name), is(STACK_LABEL, &config.stack)],
        group_by: identified(config, &["alertname"]),
        group_wait: Some("0s".to_owned()),
        // Alertmanager repeats only when it looks at a group, so it must look as often.
        group_interval: Some(every.clone()),
        repeat_interval: Some(every),
        ..Route::default()
    }
}

fn hears(config: &Config, to: &Watchdog) -> Receiver {
    let mut channels: BTreeMap<String, Vec<Channel>> = BTreeMap::new();
    if let Some(to) = &to.webhook {
        let mut webhook = webhook(to);
        // The alert never resolves, and a notification that it did would look like a sign of life.
        webhook.send_resolved = false;
        channels.insert("webhook_configs".to_owned(), vec![Channel::Webhook(webhook)]);
    }
    for (key, receivers) in &to.receivers {
        if let Passed::List(receivers) = receivers {
            let passed = receivers.iter().cloned().map(Channel::Passed);
            channels.entry(key.clone()).or_default().extend(passed);
        }
    }
    Receiver {
        name: watchdog_receiver(config),
        channels,
    }
}

fn route(config: &Config, name: &str, team: &Team) -> Route {
    let tickets = Route {
        receiver: receiver(name, Severity::Ticket),
        matchers: vec![is("severity", Severity::Ticket.label(config))],
        repeat_interval: Some("1d".to_owned()),
        active_time_intervals: team.business_hours.iter().map(|_| hours_name(name)).collect(),
        routes: vec![Route {
            // Alertmanager does not inherit these.
            active_time_intervals: team.business_hours.iter().map(|_| hours_name(name)).collect(),
            ..of_a_job(config, receiver(name, Severity::Ticket))
        }],
        ..Route::default()
    };
    Route {
        // Any severity except a ticket pages: one page too many is better than one too few.
        receiver: receiver(name, Severity::Page),
        matchers: vec![is("team", name)],
        routes: vec![tickets, of_a_job(config, receiver(name, Severity::Page))],
        ..Route::default()
    }
}

/// Alerts that one cause in a job raises for each of its models: an ingress that is down, a drift job that is stuck, a full disk.
/// They arrive as one message that lists the models.
fn of_a_job(config: &Config, receiver: String) -> Route {
    Route {
        receiver,
        matchers: vec![one_of(&[
            &known::TRAFFIC_GONE,
            &known::MANY_FAILING,
            &known::MANY_SLOW,
            &known::REPLICA_FAILING,
            &known::REPLICA_SLOW,
            &known::LATENCY_MISSING,
            &known::DRIFT_JOB_STALE,
            &known::DRIFT_JOB_MISSING,
            &known::DRIFT_JOB_FAILING,
            &known::DRIFT_JOB_BLIND,
            &known::LABELS_STOPPED,
            &known::LOG_DROPPING,
        ])],
        group_by: identified(config, &["team", "job", "alertname", "severity"]),
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

/// Adds the identity labels: an alert in one environment says nothing about another.
fn identified(config: &Config, labels: &[&str]) -> Vec<String> {
    let labels = labels.iter().map(|label| (*label).to_owned());
    config.prometheus.identity.iter().cloned().chain(labels).collect()
}

/// The alerts that add nothing while another fires. No alert silences drift itself.
fn inhibitions(config: &Config) -> Vec<Inhibit> {
    let equal = |labels: &[&str]| identified(config, &[&[STACK_LABEL], labels].concat());
    let page = || is("severity", Severity::Page.label(config));
    // Pages of a model that have a cause it shares with others, or one replica as their cause.
    let of_models = [
        (
            &known::REPLICA_FAILING,
            &known::MANY_FAILING,
            [
                &known::HIGH_ERROR_RATE,
                &known::AVAILABILITY_BURN_FAST,
                &known::AVAILABILITY_BURN_SLOW,
            ],
        ),
        (
            &known::REPLICA_SLOW,
            &known::MANY_SLOW,
            [
                &known::HIGH_LATENCY,
                &known::LATENCY_BURN_FAST,
                &known::LATENCY_BURN_SLOW,
            ],
        ),
    ];
    let mut inhibitions = Vec::new();
    for (replica, many, single) in of_models {
        inhibitions.push(Inhibit {
            source_matchers: vec![is("alertname", many.name)],
            target_matchers: vec![one_of(&single)],
            equal: equal(&["job"]),
        });
        inhibitions.push(Inhibit {
            source_matchers: vec![is("alertname", replica.name), page()],
            target_matchers: vec![one_of(&[&single[..], &[many]].concat())],
            equal: equal(&["job"]),
        });
        // The replica's own ticket.
        inhibitions.push(Inhibit {
            source_matchers: vec![is("alertname", replica.name), page()],
            target_matchers: vec![
                is("alertname", replica.name),
                is("severity", Severity::Ticket.label(config)),
            ],
            equal: equal(&["job", "instance"]),
        });
    }
    // One message for one trouble: a version that is worse than the others is also above usual, and also burns the budget.
    for (canary, high, burns) in [
        (
            &known::CANARY_ERRORS,
            &known::HIGH_ERROR_RATE,
            [&known::AVAILABILITY_BURN_FAST, &known::AVAILABILITY_BURN_SLOW],
        ),
        (
            &known::CANARY_LATENCY,
            &known::HIGH_LATENCY,
            [&known::LATENCY_BURN_FAST, &known::LATENCY_BURN_SLOW],
        ),
    ] {
        inhibitions.push(Inhibit {
            source_matchers: vec![is("alertname", canary.name)],
            target_matchers: vec![is("alertname", high.name)],
            equal: equal(&["model_name", "model_version"]),
        });
        inhibitions.push(Inhibit {
            source_matchers: vec![one_of(&[canary, high])],
            target_matchers: vec![one_of(&burns)],
            equal: equal(&["model_name"]),
        });
        // A budget that burns over one hour also burns over six, only later.
        let over = |window| vec![is("alertname", burns[0].name), is("window", window)];
        inhibitions.push(Inhibit {
            source_matchers: over("1h"),
            target_matchers: over("6h"),
            equal: equal(&["model_name"]),
        });
    }
    // A page for failures is enough: it silences the page for latency.
    for (failing, slow, same) in [
        (
            vec![one_of(&[&known::CANARY_ERRORS, &known::HIGH_ERROR_RATE])],
            vec![&known::CANARY_LATENCY, &known::HIGH_LATENCY],
            vec!["model_name", "model_version"],
        ),
        (
            vec![one_of(&[
                &known::CANARY_ERRORS,
                &known::HIGH_ERROR_RATE,
                &known::AVAILABILITY_BURN_FAST,
            ])],
            vec![&known::LATENCY_BURN_FAST, &known::LATENCY_BURN_SLOW],
            vec!["model_name"],
        ),
        (
            vec![is("alertname", known::REPLICA_FAILING.name), page()],
            vec![&known::REPLICA_SLOW],
            vec!["job", "instance"],
        ),
        (
            vec![is("alertname", known::MANY_FAILING.name)],
            vec![&known::MANY_SLOW],
            vec!["job"],
        ),
    ] {
        inhibitions.push(Inhibit {
            source_matchers: failing,
            target_matchers: vec![one_of(&slow)],
            equal: equal(&same),
        });
    }
    inhibitions.extend([
        // The whole job is down, so alerts about its models add nothing.
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
        // A page for a model makes its tickets about serving consequences.
        Inhibit {
            source_matchers: vec![
                is("severity", Severity::Page.label(config)),
                is("plane", Plane::Inference.name()),
                "model_name=~\".+\"".to_owned(),
            ],
            target_matchers: vec![
                is("severity", Severity::Ticket.label(config)),
                is("plane", Plane::Inference.name()),
                "model_name=~\".+\"".to_owned(),
            ],
            equal: equal(&["model_name"]),
        },
        // Labels show the loss of all predictions of a version, so the estimate without labels adds nothing.
        Inhibit {
            source_matchers: vec![is("alertname", known::PERFORMANCE_FELL.name), "segment=\"\"".to_owned()],
            target_matchers: vec![is("alertname", known::ESTIMATE_FELL.name)],
            equal: equal(&["model_name"]),
        },
        // A model without requests, or whose scores are not finite, has no distribution that could shift.
        Inhibit {
            source_matchers: vec![one_of(&[&known::TRAFFIC_GONE, &known::NON_FINITE])],
            target_matchers: vec![one_of(&[
                &known::SCORE_SHIFT,
                &known::CLASS_SHIFT,
                &known::OUTCOME_SHIFT,
            ])],
            equal: equal(&["model_name"]),
        },
    ]);
    inhibitions
}

fn receives(name: &str, team: &Team, severity: Severity) -> Receiver {
    let mut channels: BTreeMap<String, Vec<Channel>> = BTreeMap::new();
    let mut add = |key: &str, channel| channels.entry(key.to_owned()).or_default().push(channel);
    let page = severity == Severity::Page;
    if let Some(to) = team.pagerduty.as_ref().filter(|_| page) {
        add("pagerduty_configs", Channel::PagerDuty(pagerduty(to)));
    }
    if let Some(to) = &team.slack {
        add("slack_configs", Channel::Slack(slack(to)));
    }
    if let Some(to) = &team.webhook {
        add("webhook_configs", Channel::Webhook(webhook(to)));
    }
    if let Some(to) = &team.email {
        add("email_configs", Channel::Email(email(to)));
    }
    let pages = Some(&team.page_receivers).filter(|_| page);
    for (key, receivers) in std::iter::once(&team.receivers).chain(pages).flatten() {
        if let Passed::List(receivers) = receivers {
            receivers
                .iter()
                .for_each(|receiver| add(key, Channel::Passed(receiver.clone())));
        }
    }
    Receiver {
        name: receiver(name, severity),
        channels,
    }
}

fn pagerduty(to: &modelwatch_config::PagerDuty) -> PagerDuty {
    PagerDuty {
        routing_key_file: to.routing_key_file.clone(),
        send_resolved: true,
        severity: "critical",
        description: messages::TITLE,
        details: BTreeMap::from([
            ("alerts", messages::DETAILS),
            // Alertmanager's own lists have no limit.
            ("firing", ""),
            ("resolved", ""),
        ]),
        links: [
            (messages::DASHBOARD, "dashboard"),
            (messages::RUNBOOK, "runbook"),
            (messages::QUERY, "query"),
        ]
        .map(|(href, text)| Link { href, text }),
    }
}

fn slack(to: &modelwatch_config::Slack) -> Slack {
    Slack {
        api_url_file: to.api_url_file.clone(),
        channel: to.channel.replace("{{", "{{ \"{{\" }}"),
        send_resolved: true,
        fallback: messages::TITLE,
        title: messages::TITLE,
        title_link: messages::DASHBOARD,
        text: messages::SLACK,
    }
}

fn webhook(to: &modelwatch_config::Webhook) -> Webhook {
    let (url, url_file) = match &to.url {
        Secret::Open(url) => (Some(url.clone()), None),
        Secret::File(file) => (None, Some(file.clone())),
    };
    Webhook {
        url,
        url_file,
        send_resolved: true,
    }
}

fn email(to: &modelwatch_config::Email) -> Email {
    Email {
        to: to.to.clone(),
        from: to.from.clone(),
        smarthost: to.smarthost.clone(),
        auth_username: to.auth_username.clone(),
        auth_password_file: to.auth_password_file.clone(),
        require_tls: (!to.require_tls).then_some(false),
        send_resolved: true,
        headers: BTreeMap::from([("Subject", messages::TITLE)]),
        html: "",
        text: messages::TEXT,
    }
}
