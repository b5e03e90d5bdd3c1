//! What is written means what was asked for, and what does not exist can't be selected.

use std::collections::BTreeSet;
use std::time::Duration;

use modelwatch::contract;
use modelwatch_config::Config;
use promql_parser::parser::{Expr as Parsed, parse};
use proptest::prelude::*;

use super::*;
use crate::promql::lookup::{Unknown, check};
use crate::recorded;

const FIVE_MINUTES: Duration = Duration::from_secs(300);

fn config(first: &str, prometheus: &str) -> Config {
    let example = include_str!("../../../../examples/modelwatch.toml");
    let text = format!(
        "{first}\n{}",
        example.replace("[prometheus]\n", &format!("[prometheus]\n{prometheus}\n"))
    );
    Config::parse("modelwatch.toml", &text).unwrap()
}

fn writer() -> Writer {
    Writer::new(&config("", ""))
}

fn looked_up(text: &str) -> Result<String, Unknown> {
    check(text, &["environment".to_owned()])
}

fn labels(labels: &[&str]) -> BTreeSet<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

#[test]
fn refuses_a_metric_that_nothing_exposes_or_records() {
    for unknown in [
        "rate(ml_inference_request_total[5m])",
        "job:ml_inference_rps:rate1m",
        "ml_feature_missing_total_bucket",
    ] {
        assert!(matches!(looked_up(unknown), Err(Unknown::Metric(_))), "{unknown}");
    }
    assert!(
        looked_up("{__name__=~\".+\"}").is_err(),
        "a selector without a name says nothing"
    );
    for known in [
        "ml_prediction_score_bucket",
        "ml_prediction_score",
        "up",
        "job:ml_inference_rps:rate5m",
    ] {
        looked_up(known).unwrap();
    }
}

#[test]
fn refuses_a_label_that_a_metric_does_not_have() {
    let no_such = |metric: &str, label: &str| {
        Err(Unknown::Label {
            metric: metric.to_owned(),
            label: label.to_owned(),
        })
    };
    assert_eq!(looked_up("up{model_name=\"m\"}"), no_such("up", "model_name"));
    assert_eq!(
        looked_up("ml_feature_missing_total{feature=\"x\"}"),
        no_such("ml_feature_missing_total", "feature")
    );
    assert_eq!(looked_up("sum by (model) (up)"), no_such("any metric", "model"));
    assert_eq!(looked_up("up * on (pod) up"), no_such("any metric", "pod"));
    assert_eq!(
        looked_up("up{cluster=\"a\"}"),
        no_such("up", "cluster"),
        "this stack is told apart by environment"
    );
    assert!(
        looked_up("job:ml_inference_rps:rate5m{instance=\"a\"}").is_err(),
        "it is of no one replica"
    );
}

#[test]
fn refuses_what_does_not_parse() {
    assert!(matches!(looked_up("sum by (model_name) (up"), Err(Unknown::Syntax(_))));
}

#[test]
fn finds_the_series_of_an_expression_wherever_they_are() {
    let rate = metric(&contract::INFERENCE_REQUESTS).rate(FIVE_MINUTES);
    let expr = sum_by(&["model_name"], rate).unless(&["model_name"], recorded(&recorded::MODEL_REQUESTS));
    let series = series_in(&writer().rule(&expr).unwrap()).unwrap();
    assert!(
        series
            .iter()
            .eq(["ml_inference_requests_total", "model:ml_inference_requests:rate5m"])
    );
}

/// One expression as each of its readers has it: every `by` and `on` has the identity, every selector the stack's own.
#[test]
fn writes_the_identity_and_the_stack_into_everything() {
    let config = config("stack = \"claims\"", "identity = [\"environment\", \"cluster\"]");
    let writer = Writer::new(&config);
    let requests = metric(&contract::INFERENCE_REQUESTS);
    let expr = sum_by(&["model_name"], requests.rate(FIVE_MINUTES))
        .unless(&["model_name"], recorded(&recorded::MODEL_REQUESTS));
    let flat = |text: String| {
        text.split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
            .replace("( ", "(")
            .replace(" )", ")")
    };
    let jobs = "job=~\"model-inference|drift-exporter|node-exporter\"";
    assert_eq!(
        flat(writer.rule(&expr).unwrap()),
        format!(
            "sum by (environment, cluster, model_name) (rate(ml_inference_requests_total{{{jobs}}}[5m])) \
             unless on (environment, cluster, model_name) model:ml_inference_requests:rate5m{{stack=\"claims\"}}"
        )
    );
    let one = recorded(&recorded::MODEL_REQUESTS).eq("model_name", "m").expr();
    assert_eq!(
        writer.example(&one).unwrap(),
        "model:ml_inference_requests:rate5m{cluster=~\".+\",environment=\"production\",model_name=\"m\",stack=\"claims\"}"
    );
    assert_eq!(
        writer.dashboard(&one),
        "model:ml_inference_requests:rate5m{model_name=\"m\", stack=\"claims\", environment=~\"$environment\", \
         cluster=~\"$cluster\"}"
    );
    let own = recorded(&recorded::MODEL_REQUESTS).same("model_name").expr();
    let label = |name: &str| Piece::Label(name.to_owned());
    let text = |text: &str| Piece::Text(text.to_owned());
    assert_eq!(
        writer.pieces(&own).unwrap(),
        [
            text("model:ml_inference_requests:rate5m{model_name="),
            label("model_name"),
            text(", stack=\"claims\", environment="),
            label("environment"),
            text(", cluster="),
            label("cluster"),
            text("}"),
        ]
    );
    assert_eq!(
        writer.rule(&own),
        Err(Unknown::OfAlert("model_name".to_owned())),
        "a rule has no alert to ask"
    );
}

#[test]
fn an_environment_without_identity_is_not_mentioned() {
    let writer = Writer::new(&config("", "identity = []"));
    let expr = sum_by(&["model_name"], recorded(&recorded::MODEL_REQUESTS));
    assert_eq!(
        writer.rule(&expr).unwrap(),
        "sum by (model_name) (model:ml_inference_requests:rate5m{stack=\"modelwatch\"})"
    );
}

#[test]
fn knows_the_labels_that_the_series_of_an_expression_have() {
    let writer = writer();
    let yields = |expr: &Expr| {
        let yields = Yield::from(&writer, expr);
        (yields.always, yields.sometimes)
    };
    let both = |expected: &[&str]| (labels(expected), labels(expected));
    let up = word("up").eq("job", "a");
    let requests = metric(&contract::INFERENCE_REQUESTS);
    for (expr, expected) in [
        (
            up.expr().equals(0.0),
            both(&["environment", "instance", "job", "service"]),
        ),
        // Prometheus gives `absent` the labels that are compared with a text, and none for anything but a selector.
        (absent(&up), both(&["job"])),
        (absent(up.expr().equals(1.0)), both(&[])),
        (
            sum_by(&["model_name", "route"], requests.rate(FIVE_MINUTES)),
            both(&["environment", "model_name", "route"]),
        ),
        (
            time().minus(max_by(&["model_name"], &requests)).above(3.0),
            both(&["environment", "model_name"]),
        ),
        (
            requests.expr().with(Op::DividedBy, &["model_name"], up.expr()),
            both(&["environment", "model_name"]),
        ),
        (
            requests.expr().with_one(Op::Times, &["job"], &["service"], up.expr()),
            both(&[
                "environment",
                "instance",
                "job",
                "model_name",
                "model_version",
                "route",
                "service",
                "status",
            ]),
        ),
        (
            max_by(&["job"], &up).or(&["job"], absent(&up)),
            (labels(&["job"]), labels(&["environment", "job"])),
        ),
        (sum(&requests), both(&[])),
        (
            histogram_quantile(
                0.5,
                sum_by(&["le", "route"], metric(&contract::INFERENCE_LATENCY).bucket()),
            ),
            both(&["environment", "route"]),
        ),
    ] {
        assert_eq!(yields(&expr), expected, "{}", writer.rule(&expr).unwrap());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A selector of names selects these names and no other, whatever they are of, and whoever reads it.
    #[test]
    fn a_selector_matches_the_names_it_was_given_and_no_others(
        names in prop::collection::btree_set("[ -~é漢]{1,12}", 1..5),
        other in "[ -~é漢]{1,12}",
    ) {
        let selector = metric(&contract::MODEL_INFO).one_of("model_name", names.iter().map(String::as_str)).expr();
        for text in [writer().rule(&selector).unwrap(), writer().dashboard(&selector)] {
            let Ok(Parsed::VectorSelector(parsed)) = parse(&text) else {
                return Err(TestCaseError::fail(format!("{text} is no selector")));
            };
            let matcher = parsed.matchers.matchers.iter().find(|matcher| matcher.name == "model_name").unwrap();
            for name in &names {
                prop_assert!(matcher.is_match(name), "{name:?} by {text}");
            }
            prop_assert_eq!(matcher.is_match(&other), names.contains(&other), "{:?} by {}", other, text);
        }
    }
}
