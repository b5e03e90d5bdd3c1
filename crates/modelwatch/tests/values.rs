//! What can be a feature or a class: each type counts as what it holds.

use std::borrow::Cow;
use std::sync::Arc;

use modelwatch::FeatureValue::{Category, Defaulted, Missing, Number};
use modelwatch::{AsClass, AsFeatureValue, Feature, FeatureValue, Format, Monitor, row};
use modelwatch_testkit::MetricsPage;

#[test]
fn every_type_is_the_value_it_holds() {
    let owned = String::from("owned");
    let text: Arc<str> = "shared".into();
    let cases: [(&dyn AsFeatureValue, FeatureValue<'_>); 22] = [
        (&1.5f64, Number(1.5)),
        (&1.5f32, Number(1.5)),
        (&-1i8, Number(-1.0)),
        (&-1i16, Number(-1.0)),
        (&-1i32, Number(-1.0)),
        (&-1i64, Number(-1.0)),
        (&-1isize, Number(-1.0)),
        (&1u8, Number(1.0)),
        (&1u16, Number(1.0)),
        (&1u32, Number(1.0)),
        (&1u64, Number(1.0)),
        (&1usize, Number(1.0)),
        (&true, Number(1.0)),
        (&"text", Category("text")),
        (&owned, Category("owned")),
        (&Cow::Borrowed("cow"), Category("cow")),
        (&Box::<str>::from("boxed"), Category("boxed")),
        (&text, Category("shared")),
        (&Some(&Some(&owned)), Category("owned")),
        (&Some(None::<f64>), Missing),
        (&Defaulted, Defaulted),
        (&Some(FeatureValue::Unsupported), FeatureValue::Unsupported),
    ];
    for (position, (value, expected)) in cases.into_iter().enumerate() {
        assert_eq!(value.as_feature_value(), expected, "{position}");
    }
}

#[test]
fn a_row_takes_values_of_different_types() {
    let (zipcode, age, nothing): (String, Option<u8>, Option<f64>) = ("10001".into(), Some(41), None);
    assert_eq!(
        row![52_000.0, "web", None, zipcode, age, nothing, &zipcode, Defaulted, 7 - 2],
        [
            Number(52_000.0),
            Category("web"),
            Missing,
            Category("10001"),
            Number(41.0),
            Missing,
            Category("10001"),
            Defaulted,
            Number(5.0),
        ]
    );
    assert_eq!(row![None], [Missing]);
    assert_eq!(row![None,], [Missing]);
    assert_eq!(row![1, 2,], [Number(1.0), Number(2.0)]);
    let nothing: [FeatureValue<'_>; 0] = row![];
    assert_eq!(nothing, []);
}

#[test]
fn rows_of_owned_strings_are_counted_without_being_borrowed_first() {
    let monitor = Monitor::new();
    let features = [Feature::categorical("a").categories(["x"]), Feature::categorical("b")];
    let model = monitor.model("m", "1").features(features).register().expect("valid");
    model.record_features([String::from("x"), String::from("y")]);
    model.record_features(vec![Some(Cow::Borrowed("y")), None]);
    model.record_named_features([("b", String::from("z"))]);
    model.record_feature("a", Some(String::from("y")));
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    let count = |what: &str, feature| page.sum(&format!("ml_feature_{what}_total"), &[("feature_name", feature)]);
    assert_eq!(
        ["observations", "missing", "out_of_range"].map(|what| [count(what, "a"), count(what, "b")]),
        [[4.0, 3.0], [1.0, 1.0], [2.0, 0.0]]
    );
}

#[test]
fn every_class_is_counted_under_its_name_and_none_is_none() {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    let resolved = model.class("resolved");
    let cases: [(&dyn AsClass, Option<&str>); 9] = [
        (&"text", Some("text")),
        (&String::from("owned"), Some("owned")),
        (&Cow::Borrowed("cow"), Some("cow")),
        (&resolved, Some("resolved")),
        (&Some("some"), Some("some")),
        (&Some(&resolved), Some("resolved")),
        (&Some(Some(String::from("nested"))), Some("nested")),
        (&None::<&str>, None),
        (&Some(None::<String>), None),
    ];
    let mut expected = std::collections::BTreeMap::<&str, f64>::new();
    for (class, name) in cases {
        model.record_prediction(0.5).class(class);
        assert_eq!(class.as_class().as_ref().map(|class| class.name()), name);
        if let Some(name) = name {
            *expected.entry(name).or_default() += 1.0;
        }
    }
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    for (name, count) in &expected {
        assert_eq!(
            page.sum("ml_prediction_class_total", &[("class", name)]),
            *count,
            "{name}"
        );
    }
    assert_eq!(
        page.sum("ml_prediction_class_total", &[]),
        expected.values().sum::<f64>()
    );
    assert_eq!(page.sum("ml_prediction_score_count", &[]), 9.0);
}

#[cfg(feature = "serde_json")]
mod json {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_json_value_is_the_feature_it_holds() {
        for (value, expected) in [
            (json!(null), Missing),
            (json!(true), Number(1.0)),
            (json!(1.5), Number(1.5)),
            (json!(-3), Number(-3.0)),
            (json!(u64::MAX), Number(u64::MAX as f64)),
            (json!("web"), Category("web")),
            (json!([1, 2]), FeatureValue::Unsupported),
            (json!({"a": 1}), FeatureValue::Unsupported),
        ] {
            assert_eq!(value.as_feature_value(), expected, "{value}");
        }
    }

    #[test]
    fn a_json_object_is_a_row_by_name() {
        let monitor = Monitor::new();
        let features = [
            Feature::numeric("income").range(0.0..=1e6),
            Feature::categorical("channel"),
            Feature::numeric("age"),
        ];
        let model = monitor.model("m", "1").features(features).register().expect("valid");
        let requests = [
            json!({"channel": "web", "income": 52_000, "age": null}),
            json!({"income": [1], "channel": {"name": "web"}}),
        ];
        for request in &requests {
            model.record_named_features(request.as_object().expect("an object"));
        }
        let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
        let count = |what: &str, feature| page.sum(&format!("ml_feature_{what}_total"), &[("feature_name", feature)]);
        assert_eq!(
            ["income", "channel", "age"].map(|feature| count("out_of_range", feature)),
            [1.0, 1.0, 0.0]
        );
        assert_eq!(
            ["income", "channel", "age"].map(|feature| count("missing", feature)),
            [0.0, 0.0, 2.0]
        );
    }

    #[test]
    fn a_json_value_is_the_class_it_names() {
        for (value, expected) in [
            (json!(null), None),
            (json!("fraud"), Some("fraud")),
            (json!(3), Some("3")),
            (json!(true), Some("true")),
            (json!(["a"]), Some("[\"a\"]")),
        ] {
            assert_eq!(value.as_class().as_ref().map(|class| class.name()), expected, "{value}");
        }
    }
}
