//! Does the monitoring itself work? Rules that fail, and notifications that do not arrive: Prometheus and Alertmanager report
//! them if a job of the plane `watching` scrapes them. Also an alert that always fires, whose silence triggers a dead man's
//! switch.

use std::time::Duration;

use modelwatch_config::Config;

use crate::error::GenerateError;
use crate::known;
use crate::promql::{Selector, call, number, sum_by, word};
use crate::rules::alert::{Alert, MINUTE, Severity, Tested, environment};
use crate::rules::case::Case;
use crate::rules::story::Series;
use crate::rules::text::{VALUE, label, plain};

const QUARTER: Duration = Duration::from_secs(15 * 60);
const RULE_FAILURES: &str = "prometheus_rule_evaluation_failures_total";
const FAILED_NOTIFICATIONS: &str = "alertmanager_notifications_failed_total";
const DROPPED_NOTIFICATIONS: &str = "prometheus_notifications_dropped_total";

pub(crate) fn rules(config: &Config) -> Result<Vec<Tested>, GenerateError> {
    let mut rules = vec![rules_failing(config)?, notifications_failing(config)?];
    if config.alertmanager.watchdog.is_some() {
        rules.push(watchdog(config)?);
    }
    Ok(rules)
}

fn watchdog(config: &Config) -> Result<Tested, GenerateError> {
    Alert {
        known: &known::WATCHDOG,
        severity: Severity::None,
        team: &config.owners.serving.team,
        job: None,
        extra: &[],
        expr: call("vector", vec![number(1.0)]),
        for_: Duration::ZERO,
        keep: Duration::ZERO,
        labels: &[],
        summary: "Alerts get through",
        description: plain(
            "This always fires, and goes to a dead man's switch. When it stops arriving, Prometheus, Alertmanager or the way \
             between them is down, and no other alert arrives either.",
        ),
        query: word("up").everywhere().expr(),
        case: Case {
            step: MINUTE,
            evaluate: 1,
            series: Vec::new(),
            fires: vec![Vec::new()],
            quiet: Vec::new(),
            fires_at: 1,
            resolved_at: None,
        },
    }
    .rule(config)
}

/// Rules of this stack's groups. Prometheus names a group by its file and its name.
fn own_groups(config: &Config) -> Selector {
    word(RULE_FAILURES).containing("rule_group", &[";", &config.stack, "-"])
}

fn rules_failing(config: &Config) -> Result<Tested, GenerateError> {
    let failures = own_groups(config);
    Alert {
        known: &known::RULES_FAILING,
        severity: Severity::Page,
        team: &config.owners.serving.team,
        job: None,
        extra: &[],
        expr: sum_by(&["rule_group"], failures.increase(QUARTER)).above(0.0),
        for_: 5 * MINUTE,
        keep: Duration::ZERO,
        labels: &["rule_group"],
        summary: "Rules fail, so nobody sees what they watch",
        description: environment(config, plain("Evaluations of the rule group ") + label("rule_group"))
            + " failed "
            + VALUE
            + " times in the last 15 minutes. Its alerts can't fire.",
        query: sum_by(&["rule_group"], failures.increase(QUARTER)),
        case: rules_case(config),
    }
    .rule(config)
}

/// A group of the stack fails for a while. A group of another stack fails all the time.
fn rules_case(config: &Config) -> Case {
    let group = |name: String, phases: &[(f64, usize)]| {
        let labels = [("job", "prometheus"), ("instance", "p"), ("rule_group", name.as_str())];
        Series::counter(RULE_FAILURES, &labels, phases)
    };
    let ours = format!("/etc/prometheus/rules/ml-alert-rules.yml;{}-alert-rules", config.stack);
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            group(ours.clone(), &[(0.0, 30), (2.0, 10), (0.0, 60)]),
            group("/etc/prometheus/theirs.yml;theirs".to_owned(), &[(1.0, 100)]),
        ],
        fires: vec![vec![("rule_group", ours)]],
        quiet: vec![30, 35],
        fires_at: 37,
        resolved_at: Some(57),
    }
}

fn notifications_failing(config: &Config) -> Result<Tested, GenerateError> {
    let dropped = sum_by(&["job"], word(DROPPED_NOTIFICATIONS).increase(QUARTER)).above(0.0);
    let failed = sum_by(&["job"], word(FAILED_NOTIFICATIONS).increase(QUARTER)).above(0.0);
    Alert {
        known: &known::NOTIFICATIONS_FAILING,
        severity: Severity::Page,
        team: &config.owners.serving.team,
        job: None,
        extra: &[],
        expr: dropped.or(&["job"], failed),
        for_: 5 * MINUTE,
        keep: Duration::ZERO,
        labels: &["job"],
        summary: "Notifications do not arrive",
        description: environment(config, plain("The job ") + label("job"))
            + " failed to deliver "
            + VALUE
            + " notifications in the last 15 minutes: alerts fire and reach nobody.",
        query: sum_by(&["integration"], word(FAILED_NOTIFICATIONS).increase(QUARTER)),
        case: notifications_case(),
    }
    .rule(config)
}

/// One channel fails for a while, the other never does.
fn notifications_case() -> Case {
    let channel = |integration, phases: &[(f64, usize)]| {
        let labels = [("job", "alertmanager"), ("instance", "a"), ("integration", integration)];
        Series::counter(FAILED_NOTIFICATIONS, &labels, phases)
    };
    Case {
        step: MINUTE,
        evaluate: 1,
        series: vec![
            channel("slack", &[(0.0, 30), (1.0, 10), (0.0, 60)]),
            channel("email", &[(0.0, 100)]),
        ],
        fires: vec![vec![("job", "alertmanager".to_owned())]],
        quiet: vec![30, 35],
        fires_at: 37,
        resolved_at: Some(57),
    }
}
