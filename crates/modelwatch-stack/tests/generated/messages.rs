//! What people are told, by each release of Alertmanager, over every typed channel.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use modelwatch_config::Config;
use modelwatch_testkit::{Alertmanager, Posted, Release};
use serde_json::{Value as Json, json};

use crate::inbox;
use crate::support::{Folder, example};

/// Characters that mean something to Slack.
const MODEL: &str = "claims <risk> & co";
const PATIENCE: Duration = Duration::from_secs(60);

#[test]
fn judged_messages_count_and_part_firing_from_resolved_over_every_channel() {
    over_every_channel(Release::System);
}

#[test]
fn judged_messages_count_and_part_firing_from_resolved_in_the_newer_release() {
    over_every_channel(Release::Newer);
}

fn over_every_channel(release: Release) {
    let (hook, posted) = inbox::http();
    let (relay, mails) = inbox::smtp();
    let folder = Folder::generated(&config(hook, relay));
    folder.write("secret", &format!("http://{hook}/slack"));
    folder.write("key", "routing-key");
    let routing = folder
        .quick_routing()
        .replace("/secrets/slack", &folder.path("secret").display().to_string())
        .replace("/secrets/pagerduty", &folder.path("key").display().to_string());
    let config = format!("global: {{pagerduty_url: 'http://{hook}/pagerduty'}}\n{routing}");
    let alertmanager = Alertmanager::start(release, &config).unwrap();

    raise(&alertmanager, 12, 0);
    let mut inbox = Inbox {
        posted,
        mails,
        seen: Vec::new(),
    };
    let [slack, pagerduty, mail, _] = inbox.all("[FIRING:12] page production claims <risk> & co: Requests fail");
    let text = slack["attachments"][0]["text"].as_str().unwrap();
    assert!(
        text.starts_with("Firing, 12:\n• Model claims &lt;risk&gt; &amp; co, version 1: fails <https"),
        "{text}"
    );
    assert_lines(text, "• ", 10, &["and 3 more"]);
    assert_eq!(slack["attachments"][0]["color"], "danger");
    let payload = &pagerduty["payload"];
    assert_eq!(payload["severity"], "critical");
    assert_eq!(pagerduty["event_action"], "trigger");
    let text = payload["custom_details"]["alerts"].as_str();
    let text = text.unwrap_or_else(|| panic!("details that are no text: {pagerduty}"));
    assert!(text.starts_with("[FIRING:12] "), "{text}");
    assert_lines(text, "- ", 10, &["and 3 more", "dashboard: https://g/d/x?version=one"]);
    let links: BTreeSet<_> = pagerduty["links"]
        .as_array()
        .unwrap()
        .iter()
        .map(|link| link["text"].as_str().unwrap())
        .collect();
    assert_eq!(links, BTreeSet::from(["dashboard", "runbook", "query"]));
    assert_lines(
        mail["text"].as_str().unwrap(),
        "- ",
        10,
        &["- Model claims <risk> & co, version 1: fails", "runbook: https://r"],
    );

    raise(&alertmanager, 12, 4);
    let [slack, pagerduty, mail, webhook] =
        inbox.all("[FIRING:8, 4 resolved] page production claims <risk> & co: Requests fail");
    assert_eq!(pagerduty["event_action"], "trigger");
    for (text, bullet) in [
        (slack["attachments"][0]["text"].as_str().unwrap(), "• "),
        (mail["text"].as_str().unwrap(), "- "),
    ] {
        let lines = ["Firing, 8:", "Resolved, 4:", &format!("{bullet}and 2 more")];
        assert_lines(text, bullet, 10, &lines);
    }
    assert_eq!(webhook["alerts"].as_array().unwrap().len(), 12);

    raise(&alertmanager, 12, 12);
    let [slack, pagerduty, mail, _] = inbox.all("[RESOLVED:12] page production claims <risk> & co: Requests fail");
    assert_eq!(slack["attachments"][0]["color"], "good");
    assert_eq!(pagerduty["event_action"], "resolve");
    assert_lines(mail["text"].as_str().unwrap(), "- ", 10, &["Resolved, 12:"]);
}

/// At most so many lines of alerts, and these lines somewhere.
fn assert_lines(text: &str, bullet: &str, most: usize, parts: &[&str]) {
    let lines = text.lines().filter(|line| line.starts_with(bullet)).count();
    assert!(lines > 0 && lines <= most, "{lines} lines of alerts: {text}");
    for part in parts {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("<no value>") && !text.contains("{{"), "{text}");
}

/// The example, with one team that has every channel.
fn config(hook: SocketAddr, relay: SocketAddr) -> Config {
    let text = std::fs::read_to_string(example().file).unwrap();
    let team = format!(
        "[teams.every]\n\
         pagerduty = {{ routing_key_file = \"/secrets/pagerduty\" }}\n\
         slack = {{ channel = \"#x\", api_url_file = \"/secrets/slack\" }}\n\
         webhook = {{ url = \"http://{hook}/webhook\" }}\n\
         email = {{ to = \"ml@example.com\", from = \"alerts@example.com\", smarthost = \"{relay}\", require_tls = false }}\n\
         [teams.data-platform]"
    );
    let text = text.replace("[teams.data-platform]", &team);
    Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"))
}

/// Two hundred models behind an ingress that is dead: one page that counts them, and none for each.
#[test]
fn judged_two_hundred_models_behind_a_dead_ingress_are_one_page() {
    let (hook, posted) = inbox::http();
    let text = std::fs::read_to_string(example().file).unwrap();
    let team = format!("[teams.every]\nwebhook = {{ url = \"http://{hook}/webhook\" }}\n[teams.data-platform]");
    let config = Config::parse("modelwatch.toml", &text.replace("[teams.data-platform]", &team)).unwrap();
    let folder = Folder::generated(&config);
    let alertmanager = Alertmanager::start(Release::System, &folder.quick_routing()).unwrap();
    let gone = |model| {
        json!({
            "labels": {
                "alertname": "MLTrafficGone", "team": "every", "severity": "page", "plane": "inference",
                "environment": "production", "job": "model-inference", "stack": "modelwatch",
                "model_name": format!("model-{model}"),
            },
            "annotations": {"summary": "A model gets no requests", "description": "no request"},
        })
    };
    post(&alertmanager, (0..200).map(gone).collect());
    let told = posted.recv_timeout(PATIENCE).unwrap();
    assert_eq!(told.path, "/webhook");
    assert_eq!(told.json()["alerts"].as_array().unwrap().len(), 200);
    let more = posted.recv_timeout(Duration::from_secs(3));
    assert!(more.is_err(), "somebody was told twice: {more:?}");
}

/// Alertnames, environment and number of alerts of a message.
type Message = (String, String, usize);

/// An Alertmanager sends exactly these messages of these alerts, all of which are raised at once.
#[track_caller]
fn told_of(alerts: Vec<Json>, expected: &[Message]) {
    let (hook, posted) = inbox::http();
    let text = std::fs::read_to_string(example().file).unwrap();
    let team = format!("[teams.every]\nwebhook = {{ url = \"http://{hook}/webhook\" }}\n[teams.data-platform]");
    let config = Config::parse("modelwatch.toml", &text.replace("[teams.data-platform]", &team)).unwrap();
    let folder = Folder::generated(&config);
    let alertmanager = Alertmanager::start(Release::Newer, &folder.quick_routing()).unwrap();
    post(&alertmanager, alerts);
    let mut told = Vec::new();
    // A busy machine takes long for what there is to say. Whatever else it would say comes with that, or within a few intervals.
    let patience = |told: usize| {
        if told < expected.len() {
            PATIENCE
        } else {
            Duration::from_secs(4)
        }
    };
    while let Ok(message) = posted.recv_timeout(patience(told.len())).map(|posted| posted.json()) {
        let alerts = message["alerts"].as_array().unwrap();
        let common = |label: &str| message["commonLabels"][label].as_str().unwrap_or("several").to_owned();
        told.push((common("alertname"), common("environment"), alerts.len()));
    }
    told.sort();
    assert_eq!(told, expected);
}

/// An alert of the team with every channel, in an environment, with these labels besides.
fn raised(alert: &str, environment: &str, severity: &str, labels: &[(&str, &str)]) -> Json {
    let mut all = json!({
        "alertname": alert, "team": "every", "severity": severity, "plane": "inference",
        "environment": environment, "job": "model-inference", "stack": "modelwatch",
    });
    for (label, value) in labels {
        all[*label] = json!(value);
    }
    json!({ "labels": all, "annotations": {"summary": alert, "description": alert} })
}

/// Every model fails, since what they share does: one page for the job, in the place of four hundred.
#[test]
fn judged_errors_in_two_hundred_models_are_one_page() {
    let models: Vec<_> = (0..200).map(|model| format!("model-{model}")).collect();
    let of_model = |alert: &str, environment: &str, model: &str| {
        raised(alert, environment, "page", &[("model_name", model), ("window", "1h")])
    };
    let mut alerts = vec![raised("MLManyModelsFailing", "production", "page", &[])];
    for model in &models {
        alerts.push(of_model("MLInferenceHighErrorRate", "production", model));
        alerts.push(of_model("MLAvailabilityBudgetBurnFast", "production", model));
    }
    // Elsewhere one model fails, for a reason of its own; here one is slow that does not fail. Who is awake for one that fails need
    // not hear how slowly it does.
    alerts.push(of_model("MLInferenceHighErrorRate", "staging", "model-1"));
    alerts.push(of_model("MLInferenceHighLatencyP95", "production", "well-but-slow"));
    alerts.push(of_model("MLInferenceHighLatencyP95", "production", "model-2"));
    let message = |alert: &str, environment: &str| (alert.to_owned(), environment.to_owned(), 1);
    told_of(
        alerts,
        &[
            message("MLInferenceHighErrorRate", "staging"),
            message("MLInferenceHighLatencyP95", "production"),
            message("MLManyModelsFailing", "production"),
        ],
    );
}

/// One replica fails, and with it a third of the requests of every model: it is named once, in the place of them all, and not a second
/// time for being slow.
#[test]
fn judged_one_bad_replica_is_named_once_in_the_place_of_its_models() {
    let replica = [("instance", "10.0.0.7:8000")];
    let mut alerts = Vec::new();
    for (one, many, single) in [
        ("MLReplicaFailing", "MLManyModelsFailing", "MLInferenceHighErrorRate"),
        ("MLReplicaSlow", "MLManyModelsSlow", "MLInferenceHighLatencyP95"),
    ] {
        alerts.push(raised(one, "production", "page", &replica));
        alerts.push(raised(one, "production", "ticket", &replica));
        alerts.push(raised(many, "production", "page", &[]));
        for model in ["claims", "fraud", "churn"] {
            alerts.push(raised(single, "production", "page", &[("model_name", model)]));
        }
        // A ticket of another replica is another matter.
        alerts.push(raised(one, "production", "ticket", &[("instance", "10.0.0.8:8000")]));
    }
    let message = |alert: &str| (alert.to_owned(), "production".to_owned(), 1);
    told_of(
        alerts,
        &[
            message("MLReplicaFailing"),
            message("MLReplicaFailing"),
            message("MLReplicaSlow"),
        ],
    );
}

/// Posts so many alerts of one model, of which the first ones are resolved.
fn raise(alertmanager: &Alertmanager, count: usize, resolved: usize) {
    let alerts: Vec<_> = (1..=count)
        .map(|version| {
            let mut alert = json!({
                "labels": {
                    "alertname": "MLInferenceHighErrorRate", "team": "every", "severity": "page", "plane": "inference",
                    "environment": "production", "model_name": MODEL, "model_version": version.to_string(),
                },
                "annotations": {
                    "summary": "Requests fail",
                    "description": format!("Model {MODEL}, version {version}: fails"),
                    "dashboard_url": "https://g/d/x?version=one", "runbook_url": "https://r/x.md",
                    "query": "up", "query_url": "https://p/graph",
                },
            });
            if version <= resolved {
                // Long ago for Alertmanager, which knows the alert.
                alert["endsAt"] = json!("2020-01-01T00:00:00Z");
                alert["startsAt"] = json!("2019-01-01T00:00:00Z");
            }
            alert
        })
        .collect();
    post(alertmanager, alerts);
}

fn post(alertmanager: &Alertmanager, alerts: Vec<Json>) {
    let body = Json::from(alerts).to_string();
    let mut stream = TcpStream::connect(alertmanager.address()).unwrap();
    let head = format!(
        "POST /api/v2/alerts HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(&[head.as_bytes(), body.as_bytes()].concat()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.contains(" 200 "), "{answer}");
}

/// What has arrived, in one form: a title, and the message.
struct Inbox {
    posted: Receiver<Posted>,
    mails: Receiver<String>,
    seen: Vec<(&'static str, String, Json)>,
}

impl Inbox {
    /// The messages of Slack, PagerDuty, mail and webhook that have this title; the webhook's has none and is the last.
    fn all(&mut self, title: &str) -> [Json; 4] {
        let deadline = Instant::now() + PATIENCE;
        loop {
            self.take();
            let of = |channel: &str| {
                let mut all = self.seen.iter().rev().filter(|(of, ..)| *of == channel);
                all.find(|(_, known, _)| known == title || channel == "webhook")
            };
            if let (Some(slack), Some(pagerduty), Some(mail), Some(webhook)) =
                (of("slack"), of("pagerduty"), of("mail"), of("webhook"))
            {
                return [slack, pagerduty, mail, webhook].map(|(_, _, message)| message.clone());
            }
            assert!(
                Instant::now() < deadline,
                "no {title:?} everywhere; only {:#?}",
                self.seen
            );
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn take(&mut self) {
        for posted in self.posted.try_iter() {
            let json = posted.json();
            let (channel, title) = match posted.path.as_str() {
                "/slack" => ("slack", &json["attachments"][0]["title"]),
                "/pagerduty" => ("pagerduty", &json["payload"]["summary"]),
                _ => ("webhook", &Json::Null),
            };
            let title = title.as_str().unwrap_or_default().to_owned();
            self.seen.push((channel, title, json));
        }
        for mail in self.mails.try_iter() {
            let (head, body) = mail.split_once("\r\n\r\n").unwrap();
            let subject = head
                .lines()
                .find_map(|line| line.strip_prefix("Subject: "))
                .unwrap()
                .to_owned();
            let text = unquoted(body);
            self.seen.push(("mail", subject, json!({ "text": text })));
        }
    }
}

/// The text of a quoted-printable part.
fn unquoted(body: &str) -> String {
    let joined = body.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = joined.as_bytes();
    while let [first, after @ ..] = rest {
        let code = after.get(..2).filter(|_| *first == b'=');
        let byte = code.and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok());
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
}
