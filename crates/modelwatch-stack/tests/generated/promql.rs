//! PromQL: what is built means what was asked for, and what does not exist can't be selected.

use modelwatch::contract;
use modelwatch_stack::promql::{Unknown, check, metric, recorded, series_in, sum_by};
use modelwatch_stack::recorded;
use promql_parser::parser::{Expr, parse};
use proptest::prelude::*;

#[test]
fn a_metric_that_nothing_exposes_or_records_is_refused() {
    assert_eq!(
        check("rate(ml_inference_request_total[5m])"),
        Err(Unknown::Metric("ml_inference_request_total".to_owned()))
    );
    assert_eq!(
        check("ml_prediction_score"),
        Err(Unknown::Metric("ml_prediction_score".to_owned()))
    );
    assert!(check("ml_prediction_score_bucket").is_ok());
    assert!(check("up").is_ok());
    assert!(check("job:ml_inference_rps:rate5m").is_ok());
    assert!(check("job:ml_inference_rps:rate1m").is_err());
    assert!(
        check("{__name__=~\".+\"}").is_err(),
        "a selector without a name says nothing"
    );
}

#[test]
fn a_label_that_a_metric_does_not_have_is_refused() {
    let no_such = |metric: &str, label: &str| {
        Err(Unknown::Label {
            metric: metric.to_owned(),
            label: label.to_owned(),
        })
    };
    assert_eq!(check("up{model_name=\"m\"}"), no_such("up", "model_name"));
    assert_eq!(
        check("ml_feature_missing_total{feature=\"x\"}"),
        no_such("ml_feature_missing_total", "feature")
    );
    assert_eq!(check("sum by (model) (up)"), no_such("any metric", "model"));
    assert_eq!(check("up * on (pod) up"), no_such("any metric", "pod"));
    assert!(
        check("job:ml_inference_rps:rate5m{instance=\"a\"}").is_err(),
        "it is of no one replica"
    );
}

#[test]
fn what_does_not_parse_is_refused() {
    assert!(matches!(check("sum by (model_name) (up"), Err(Unknown::Syntax(_))));
}

#[test]
fn the_series_of_an_expression_are_found_wherever_they_are() {
    let rate = metric(&contract::INFERENCE_REQUESTS).rate(std::time::Duration::from_secs(300));
    let expression = sum_by(&["model_name"], rate).unless(&["model_name"], recorded(&recorded::MODEL_REQUESTS));
    let series = series_in(&expression.to_string()).unwrap();
    assert!(
        series
            .iter()
            .eq(["ml_inference_requests_total", "model:ml_inference_requests:rate5m"])
    );
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// A selector of names selects these names and no other, whatever they are of.
    #[test]
    fn a_selector_matches_the_names_it_was_given_and_no_others(
        names in prop::collection::btree_set("[ -~é漢]{1,12}", 1..5),
        other in "[ -~é漢]{1,12}",
    ) {
        let selector = metric(&contract::MODEL_INFO).one_of("model_name", names.iter().map(String::as_str));
        let Ok(Expr::VectorSelector(parsed)) = parse(&selector.expr().to_string()) else {
            return Err(TestCaseError::fail(format!("{} is no selector", selector.expr())));
        };
        let matcher = &parsed.matchers.matchers[0];
        for name in &names {
            prop_assert!(matcher.is_match(name), "{name:?} by {}", selector.expr());
        }
        prop_assert_eq!(matcher.is_match(&other), names.contains(&other), "{:?} by {}", other, selector.expr());
    }
}
