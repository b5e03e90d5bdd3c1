//! Routes, groups, inhibition and news as a real Alertmanager has them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use modelwatch_config::Config;
use modelwatch_drill::notification::{Clock, Configuration, messages};
use modelwatch_drill::rehearsal::{Alert, Evaluation};
use modelwatch_stack::alertmanager::ALERTMANAGER_FILE;
use modelwatch_testkit::{Alertmanager, Release, http_request, inbox};
use serde_json::json;

/// What fires, and from which second to which.
struct Story {
    name: &'static str,
    model: &'static str,
    severity: &'static str,
    from: u32,
    to: u32,
}

const fn story(name: &'static str, model: &'static str, severity: &'static str, from: u32, to: u32) -> Story {
    Story {
        name,
        model,
        severity,
        from,
        to,
    }
}

/// The last second of the stories. Groups are flushed after 2, 6, 10 … seconds, so what happens does so between.
const END: u32 = 24;
const STORIES: [Story; 11] = [
    // A page silences the model's ticket while it fires, and not another model's.
    story("MLInferenceHighErrorRate", "silenced", "page", 0, 8),
    story("MLClientErrorsHigh", "silenced", "ticket", 0, END),
    story("MLClientErrorsHigh", "alone", "ticket", 0, END),
    // A second alert joins the group's next message, and the end of one is said without being news.
    story("MLInferenceHighErrorRate", "joined", "page", 0, END),
    story("MLModelUnlisted", "joined", "page", 4, END),
    story("MLAvailabilityBudgetBurnFast", "joined", "page", 8, 12),
    // Who is awake for what fails is not woken for how slowly it does.
    story("MLInferenceHighErrorRate", "failing", "page", 0, END),
    story("MLInferenceHighLatencyP95", "failing", "page", 4, END),
    // What one cause raises for every model of a job is one message.
    story("MLTrafficGone", "one", "page", 0, END),
    story("MLTrafficGone", "two", "page", 0, END),
    // What comes and goes before the group waited long enough is never told.
    story("MLInferenceHighErrorRate", "brief", "page", 4, 5),
];

/// Who was told that these fire, by receiver and group.
type Told = BTreeMap<(String, String), Vec<BTreeSet<String>>>;

#[test]
fn judged_messages_are_those_of_a_real_alertmanager() {
    compare(Release::System);
}

#[test]
fn judged_messages_are_those_of_the_newer_alertmanager() {
    compare(Release::Newer);
}

/// A machine that stalls tells the stories otherwise, so that they are told again.
fn compare(release: Release) {
    for again in (0..8).rev() {
        let (told, expected, late) = tell(release);
        if told == expected {
            return;
        }
        assert!(
            again > 0 && late > LATE,
            "{told:#?}\ninstead of {expected:#?}, and {late:?} late at most"
        );
    }
}

/// What the stories can stand: between what happens and the next flush is a second at least.
const LATE: Duration = Duration::from_millis(300);

/// What an Alertmanager says of the stories, what the drill says of them, and by how much they were told too late at most.
fn tell(release: Release) -> (Told, Told, Duration) {
    let (hook, posted) = inbox(|_| "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    let routing = routing(hook);
    let configuration = Configuration::parse(&routing).unwrap();
    let evaluations: Vec<_> = (0..=END).map(evaluation).collect();
    let ours = messages(&configuration, Clock::new(0, false), &evaluations);
    let mut expected = Told::new();
    for message in &ours {
        let Some(first) = message.firing.first() else { continue };
        let firing: BTreeSet<_> = message.firing.iter().map(|alert| name(&alert.labels)).collect();
        let told = expected
            .entry((message.receiver.clone(), group(&first.labels)))
            .or_default();
        told.push(firing);
    }
    assert!(expected.len() >= 5, "{expected:?}");

    let alertmanager = Alertmanager::start(release, &routing).unwrap();
    let begun = Instant::now();
    let mut late = Duration::ZERO;
    for second in 0..=END {
        let due = Duration::from_secs(u64::from(second));
        while begun.elapsed() < due {
            thread::sleep(Duration::from_millis(20));
        }
        post(&alertmanager, second);
        late = late.max(begun.elapsed() - due);
    }
    let mut told = Told::new();
    while let Ok(posted) = posted.recv_timeout(Duration::from_secs(1)) {
        let message = posted.json();
        let alerts = message["alerts"].as_array().unwrap();
        let firing = alerts.iter().filter(|alert| alert["status"] == "firing");
        let labels: Vec<BTreeMap<String, String>> = firing
            .map(|alert| serde_json::from_value(alert["labels"].clone()).unwrap())
            .collect();
        let Some(first) = labels.first() else { continue };
        let receiver = message["receiver"].as_str().unwrap().to_owned();
        told.entry((receiver, group(first)))
            .or_default()
            .push(labels.iter().map(name).collect());
    }
    (told, expected, late)
}

fn name(labels: &BTreeMap<String, String>) -> String {
    format!("{} {}", labels["alertname"], labels["model_name"])
}

/// Alerts of a job are one group; others are one of their model.
fn group(labels: &BTreeMap<String, String>) -> String {
    match labels["alertname"].as_str() {
        "MLTrafficGone" => "job".to_owned(),
        _ => labels["model_name"].clone(),
    }
}

fn labels(story: &Story) -> BTreeMap<String, String> {
    let labels = [
        ("alertname", story.name),
        ("model_name", story.model),
        ("severity", story.severity),
        ("team", "ml-platform"),
        ("plane", "inference"),
        ("job", "model-inference"),
        ("environment", "production"),
        ("stack", "modelwatch"),
    ];
    labels.map(|(label, value)| (label.to_owned(), value.to_owned())).into()
}

fn evaluation(second: u32) -> Evaluation {
    let firing = STORIES.iter().filter(|story| (story.from..story.to).contains(&second));
    Evaluation::new(
        second,
        firing.map(|story| Alert::new(labels(story), BTreeMap::new())).collect(),
    )
}

/// Sends what fires, as Prometheus does at each evaluation, and what has just ended.
fn post(alertmanager: &Alertmanager, second: u32) {
    let alerts: Vec<_> = STORIES
        .iter()
        .filter(|story| (story.from..=story.to).contains(&second))
        .map(|story| {
            // Without times it fires from now on.
            let mut alert = json!({ "labels": labels(story) });
            if second == story.to && story.to < END {
                alert["endsAt"] = json!("2020-01-01T00:00:01Z");
            }
            alert
        })
        .collect();
    let body = serde_json::to_vec(&alerts).unwrap();
    let headers = [("content-type", "application/json")];
    let response = http_request(alertmanager.address(), "POST", "/api/v2/alerts", &headers, &body).unwrap();
    assert_eq!(response.status, 200);
}

/// The routing of the drill's configuration with waits of seconds, and everything sent to one address.
fn routing(hook: SocketAddr) -> String {
    let text = include_str!("../../../../examples/drill.toml");
    let channels = format!("[teams.ml-platform]\nwebhook = {{ url = \"http://{hook}/\" }}\n#");
    let text = text.replace("[teams.ml-platform]\n", &channels);
    let text: Vec<_> = text.lines().filter(|line| !line.contains("ml-observability")).collect();
    let config = Config::parse("drill.toml", &text.join("\n")).unwrap_or_else(|errors| panic!("{errors}"));
    let files = modelwatch_stack::generate(&config).unwrap();
    let file = files.into_iter().find(|file| file.path == ALERTMANAGER_FILE).unwrap();
    file.contents
        .replace("group_wait: 30s", "group_wait: 2s")
        .replace("group_interval: 5m", "group_interval: 4s")
}
