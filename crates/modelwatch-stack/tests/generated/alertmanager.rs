//! alertmanager.yml: accepted, and each alert to its owner.

use std::collections::BTreeSet;

use modelwatch_config::Config;
use modelwatch_stack::alertmanager::ALERTMANAGER_FILE;
use modelwatch_stack::rules::Rules;

use crate::support::{Folder, example, run};

#[test]
fn judged_amtool_takes_the_configuration() {
    let folder = Folder::generated(&example());
    let said = run("amtool", &["check-config"], &[folder.path(ALERTMANAGER_FILE)]);
    assert!(said.iter().all(|said| said.contains("SUCCESS")), "{said:?}");
}

#[test]
fn judged_every_channel_and_every_way_to_name_a_secret_is_taken() {
    let text = std::fs::read_to_string(example().file).unwrap();
    let text = text.replace(
        "[teams.data-platform]",
        "[teams.every]\n\
         webhook = { url = \"http://127.0.0.1:9/hook\" }\n\
         email = { to = \"ml@example.com\", from = \"alerts@example.com\", smarthost = \"mail.example.com:587\", \
         auth_username = \"alerts\", auth_password_file = \"/etc/alertmanager/secrets/mail\" }\n\
         slack = { channel = \"#x\", api_url_file = \"/etc/alertmanager/secrets/slack\" }\n\
         pagerduty = { routing_key_file = \"/etc/alertmanager/secrets/pagerduty\" }\n\
         business_hours = true\n\
         [teams.data-platform]",
    );
    let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let folder = Folder::generated(&config);
    let said = run("amtool", &["check-config"], &[folder.path(ALERTMANAGER_FILE)]);
    assert!(said.iter().all(|said| said.contains("9 receivers")), "{said:?}");
}

/// One question to amtool for each alert rule's labels.
#[test]
fn judged_every_alert_goes_to_the_team_that_owns_it() {
    let config = example();
    let folder = Folder::generated(&config);
    let file = folder.path(ALERTMANAGER_FILE);
    let rules = Rules::new(&config).unwrap();
    let mut asked = BTreeSet::new();
    for rule in rules.alerts.iter().flat_map(|group| &group.rules) {
        let alert = rule.alert.as_deref().unwrap();
        let mut labels: Vec<_> = rule
            .labels
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        labels.push(format!("alertname={alert}"));
        labels.push("model_name=flight-delay".to_owned());
        if !asked.insert(labels.clone()) {
            continue;
        }
        let expected = match alert {
            "MLWatchdog" => "modelwatch-watchdog".to_owned(),
            _ => format!("{}-{}", rule.labels["team"], rule.labels["severity"]),
        };
        let config_file = format!("--config.file={}", file.display());
        let verify = format!("--verify.receivers={expected}");
        let mut arguments = vec!["config", "routes", "test", &config_file, &verify];
        arguments.extend(labels.iter().map(String::as_str));
        run("amtool", &arguments, &[]);
    }
    let kinds: BTreeSet<_> = rules
        .alerts
        .iter()
        .flat_map(|group| &group.rules)
        .map(|rule| &rule.alert)
        .collect();
    assert_eq!(
        kinds.len(),
        modelwatch_stack::known::ALERTS.len(),
        "every kind of alert was routed"
    );
}
