//! What a reference must be, and what a baseline's file may hold.

use crate::drawn::normal;
use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_drift::baseline::{
    About, Baseline, BaselineError, CategoricalProfile, FORMAT, Hygiene, HygieneWarning, NumericBins, NumericProfile,
    Profile, Source, TimeSpan, warnings,
};
use modelwatch_drift::decision::{Measurement, Rule, Statistic};
use modelwatch_drift::joint::JointReference;
use proptest::prelude::*;
use serde_json::{Value, json};

fn day(day: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_356_998_400 + day * 86_400, 0).expect("a day of our time")
}

fn about(rows: u64) -> About {
    About {
        model: "flight-delay".to_owned(),
        version: "2013q1".to_owned(),
        created: day(100),
        rows,
        time_span: Some(TimeSpan {
            from: day(0),
            to: day(90),
        }),
        fingerprint: "sha256:00".to_owned(),
    }
}

/// A number, a category, a score and classes, 80,000 rows each.
fn baseline() -> Baseline {
    let numbers = || {
        let values = normal(1).into_iter().flatten().skip(5).collect();
        NumericProfile::from_values("x", values, 5, &Hygiene::default()).expect("a profile")
    };
    let categories = || {
        let rows = [("JFK \"\\\n", 50_000), (" ", 20_000), ("LGA", 9_000)];
        let rows = rows.map(|(airport, rows)| (airport.to_owned(), rows));
        CategoricalProfile::new("origin", rows, 1_000, &Hygiene::default()).expect("a profile")
    };
    let features = vec![
        ("x".to_owned(), Profile::Numeric(numbers())),
        ("origin".to_owned(), Profile::Categorical(categories())),
    ];
    Baseline::new(about(80_000), features, Some(numbers()), Some(categories())).expect("a baseline")
}

fn refused(values: Vec<f64>, missing: u64) -> String {
    NumericProfile::from_values("income", values, missing, &Hygiene::default())
        .expect_err("no reference")
        .to_string()
}

#[test]
fn a_reference_of_nothing_or_of_few_rows_is_refused_by_name_with_a_fix() {
    for (message, why) in [
        (refused(vec![], 0), "has no value"),
        (refused(vec![f64::NAN, f64::INFINITY], 9_000), "has no value"),
        (
            refused((0..999).map(f64::from).collect(), 5_000),
            "in 999 rows of the reference and 1000",
        ),
        (refused(vec![0.0, f64::MAX], 0), "make it missing"),
    ] {
        assert!(message.contains("\"income\"") && message.contains(why), "{message}");
    }
    let carriers = |rows: &[(&str, u64)], missing| {
        let rows = rows.iter().map(|(carrier, rows)| ((*carrier).to_owned(), *rows));
        let refused = CategoricalProfile::new("carrier", rows, missing, &Hygiene::default());
        refused.expect_err("no reference").to_string()
    };
    for (message, why) in [
        (carriers(&[], 0), "has no value"),
        (carriers(&[("UA", 0)], 5_000), "has no value"),
        (carriers(&[("NA", 5_000), ("", 5_000)], 0), "has no value"),
        (carriers(&[("UA", 500), ("B6", 499)], 5_000), "in 999 rows"),
        (
            carriers(&[("UA", u64::MAX), ("B6", 1)], 0),
            "more than any file can hold",
        ),
    ] {
        assert!(message.contains("\"carrier\"") && message.contains(why), "{message}");
    }
    let nothing = Baseline::new(about(0), vec![], None, None).expect_err("no reference");
    assert!(nothing.to_string().contains("name files that have rows"), "{nothing}");
}

#[test]
fn bins_are_of_even_shares_and_none_is_wide() {
    let values: Vec<f64> = (0..=20_000).map(|row| f64::from(row * row)).collect();
    let bins = NumericBins::from_sorted("x", &values).expect("bins");
    let widest = 4e8 / 200.0;
    let edges = bins.edges();
    assert!(
        edges.windows(2).all(|pair| pair[1] - pair[0] <= 2.0 * widest),
        "{edges:?}"
    );
    assert!(edges.len() > 300 && edges.len() < 500, "{}", edges.len());
    for values in [vec![2.0, 1.0], vec![1.0, f64::NAN], vec![f64::NEG_INFINITY, 1.0]] {
        let refused = NumericBins::from_sorted("x", &values);
        assert!(
            matches!(refused, Err(BaselineError::Inconsistent { .. })),
            "{values:?}: {refused:?}"
        );
    }
}

#[test]
fn a_constant_feature_is_a_profile_like_any_other() {
    for value in [3.0, 0.0, -1e-300, 1e300] {
        let profile = NumericProfile::from_values("x", vec![value; 5_000], 0, &Hygiene::default()).expect("a profile");
        assert_eq!((profile.deviation(), profile.mean()), (0.0, value));
        let measured = |values: &[f64], statistic| {
            let mut window = profile.bins().count();
            for row in 0..1_000 {
                window.add(profile.bins(), Some(values[row % values.len()]));
            }
            Measurement::of_numeric(&profile, &window, statistic).expect("a measurement")
        };
        for statistic in Statistic::ALL {
            let same = measured(&[value], statistic);
            assert!(
                same.score < 0.01 && !same.drifts(&Rule::default()),
                "{value} {statistic}: {same:?}"
            );
            let other = measured(&[value, value + value.abs() + 1.0], statistic);
            assert!(
                other.score > 0.15 && other.drifts(&Rule::default()),
                "{value} {statistic}: {other:?}"
            );
        }
    }
    let rows = [("UA".to_owned(), 5_000)];
    let profile = CategoricalProfile::new("carrier", rows, 0, &Hygiene::default()).expect("a profile");
    let mut window = profile.bins().count();
    window.add_rows(profile.bins(), Some("UA"), 900);
    window.add_rows(profile.bins(), Some("ZZ"), 100);
    let measured = Measurement::of_categorical(&profile, &window, Statistic::Psi).expect("a measurement");
    assert!(measured.drifts(&Rule::default()), "{measured:?}");
}

#[test]
fn a_value_that_holds_most_rows_has_a_bin_of_its_own() {
    // Rain in one hour of twenty.
    let rain = (0..10_000)
        .map(|row| if row % 20 == 0 { f64::from(row) } else { 0.0 })
        .collect();
    let profile = NumericProfile::from_values("precip", rain, 0, &Hygiene::default()).expect("a profile");
    let deciles: Vec<f64> = profile.decile_edges().collect();
    assert!(
        deciles[0] < 0.0 && deciles[0] > -20.0 && deciles[1] > 1.0 && deciles[1] < 19.0,
        "{deciles:?}"
    );
    assert_eq!(profile.coarse(profile.counts()), [0, 9_501, 499, 0]);
}

#[test]
fn sources_of_different_times_are_named() {
    let source = |name: &str, from, to| Source {
        name: name.to_owned(),
        span: Some(TimeSpan {
            from: day(from),
            to: day(to),
        }),
    };
    let adjacent = [
        source("february", 31, 59),
        source("january", 0, 30),
        source("march", 59, 90),
    ];
    assert_eq!(warnings(&adjacent), []);

    let winter_and_summer = [source("july", 181, 212), source("january", 0, 31)];
    assert_eq!(
        warnings(&winter_and_summer),
        [HygieneWarning::TimeGap {
            before: "january".to_owned(),
            after: "july".to_owned(),
            gap: TimeDelta::days(150),
        }]
    );
    let twice = [source("quarter", 0, 90), source("january", 0, 31)];
    assert!(matches!(warnings(&twice)[..], [HygieneWarning::TimeOverlap { .. }]));

    let untimed = Source {
        name: "old.csv".to_owned(),
        span: None,
    };
    let one_without = warnings(&[source("january", 0, 31), untimed.clone()]);
    assert!(
        one_without[0].to_string().starts_with("old.csv has no times"),
        "{one_without:?}"
    );
    assert_eq!(warnings(&[untimed]), []);
}

#[test]
fn a_baseline_is_read_as_it_was_written() {
    let baseline = baseline();
    let text = baseline.to_json().expect("JSON");
    assert_eq!(Baseline::from_json(&text).expect("its own JSON"), baseline);
    assert!(text.len() < 40_000, "{} bytes for four profiles", text.len());
    // A line a feature, for diffs.
    assert_eq!(text.lines().filter(|line| line.contains("\"name\"")).count(), 2);
}

/// The baseline's JSON after a change.
fn changed(change: impl FnOnce(&mut Value)) -> Result<Baseline, BaselineError> {
    let mut json: Value = serde_json::from_str(&baseline().to_json().expect("JSON")).expect("its own JSON");
    change(&mut json);
    Baseline::from_json(&json.to_string())
}

#[test]
fn a_baseline_that_contradicts_itself_is_refused() {
    changed(|_| ()).expect("nothing was changed");
    type Change = fn(&mut Value);
    let x = "/features/0/profile/numeric";
    let origin = "/features/1/profile/categorical";
    let changes: [(&str, &str, Change); 22] = [
        ("edges swapped", x, |x| x["edges"].as_array_mut().unwrap().swap(3, 4)),
        ("an edge twice", x, |x| x["edges"][3] = x["edges"][4].clone()),
        ("no edges", x, |x| x["edges"] = json!([])),
        ("an edge that is no number", x, |x| x["edges"][0] = json!(null)),
        ("one count less", x, |x| drop(x["counts"].as_array_mut().unwrap().pop())),
        ("a count less than nothing", x, |x| x["counts"][0] = json!(-1)),
        ("half a row", x, |x| x["counts"][0] = json!(0.5)),
        ("another row", x, |x| {
            x["counts"][0] = json!(x["counts"][0].as_u64().unwrap() + 1)
        }),
        ("rows that overflow", x, |x| {
            (x["counts"][0], x["counts"][1]) = (json!(u64::MAX), json!(u64::MAX))
        }),
        ("no deviation", x, |x| x["deviation"] = json!(0.0)),
        ("a deviation less than nothing", x, |x| x["deviation"] = json!(-1.0)),
        ("a deviation beyond the values", x, |x| x["deviation"] = json!(1e9)),
        ("a mean beyond the values", x, |x| x["mean"] = json!(1e9)),
        ("a field that nobody knows", x, |x| x["extra"] = json!(1)),
        ("a category twice", origin, |origin| {
            origin["categories"][1] = origin["categories"][0].clone()
        }),
        ("a count of no category", origin, |origin| {
            origin["counts"].as_array_mut().unwrap().push(json!(1))
        }),
        ("categories out of order", origin, |origin| {
            origin["counts"].as_array_mut().unwrap().swap(0, 1)
        }),
        ("a feature twice", "/features", |features| {
            features[1]["name"] = json!("x")
        }),
        ("a feature without a name", "/features", |features| {
            features[1]["name"] = json!("")
        }),
        ("a span that ends before it begins", "/baseline/time_span", |span| {
            span["to"] = json!("2012-01-01T00:00:00Z")
        }),
        ("no model", "/baseline", |about| about["model"] = json!("")),
        ("other rows", "/baseline", |about| about["rows"] = json!(7)),
    ];
    for (name, place, change) in changes {
        let outcome = changed(|json| match json.pointer_mut(place) {
            Some(part) => change(part),
            None => panic!("{place} is not there"),
        });
        let error = outcome.expect_err(name);
        assert!(
            error.to_string().contains("modelwatch baseline") || error.to_string().contains("leave"),
            "{name}: {error}"
        );
    }
}

#[test]
fn a_later_format_is_named_before_its_fields_are() {
    let error = changed(|json| {
        json["format"] = json!(FORMAT + 1);
        json["new"] = json!({});
    })
    .expect_err("a later format");
    assert!(
        matches!(error, BaselineError::UnknownFormat { format } if format == FORMAT + 1),
        "{error}"
    );
    for text in ["", "{}", "[]", "null", "{\"format\": 1}", "{\"format\": 1e400}"] {
        assert!(
            matches!(Baseline::from_json(text), Err(BaselineError::Json(_))),
            "{text}"
        );
    }
    let deep = "[".repeat(100_000);
    assert!(matches!(Baseline::from_json(&deep), Err(BaselineError::Json(_))));
}

/// Whatever stands where, and whatever is accepted keeps its promises.
fn hostile() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (-3..4_i32).prop_map(Value::from),
        ".*".prop_map(Value::from),
        proptest::collection::vec(any::<f64>(), 0..4).prop_map(Value::from),
        proptest::collection::vec(any::<u64>(), 0..4).prop_map(Value::from),
        Just(json!({})),
    ]
}

/// The `choice`-th value of the tree, counted the way round as often as need be.
fn pick(json: &mut Value, choice: usize) -> &mut Value {
    fn walk<'a>(json: &'a mut Value, left: &mut usize) -> Option<&'a mut Value> {
        if *left == 0 {
            return Some(json);
        }
        *left -= 1;
        match json {
            Value::Array(items) => items.iter_mut().find_map(|item| walk(item, left)),
            Value::Object(fields) => fields.values_mut().find_map(|field| walk(field, left)),
            _ => None,
        }
    }
    fn size(json: &Value) -> usize {
        1 + match json {
            Value::Array(items) => items.iter().map(size).sum(),
            Value::Object(fields) => fields.values().map(size).sum(),
            _ => 0,
        }
    }
    let mut left = choice % size(json);
    walk(json, &mut left).expect("there are as many")
}

fn small() -> Baseline {
    let hygiene = Hygiene { minimum_rows: 1 };
    let numbers = NumericProfile::from_values("x", vec![1.0, 2.0, 2.0, f64::INFINITY], 1, &hygiene).expect("a profile");
    let rows = [("a".to_owned(), 3), ("b".to_owned(), 1)];
    let categories = CategoricalProfile::new("c", rows, 1, &hygiene).expect("a profile");
    let features = vec![
        ("x".to_owned(), Profile::Numeric(numbers.clone())),
        ("c".to_owned(), Profile::Categorical(categories.clone())),
    ];
    Baseline::new(about(5), features, Some(numbers), Some(categories)).expect("a baseline")
}

fn keeps_its_promises(baseline: &Baseline) {
    for (name, profile) in baseline.features() {
        assert!(!name.is_empty());
        assert_eq!(profile.rows(), baseline.about().rows);
        if let Profile::Numeric(profile) = profile {
            let edges = profile.bins().edges();
            assert!(edges.iter().all(|edge| edge.is_finite()) && edges.windows(2).all(|pair| pair[0] < pair[1]));
            assert_eq!(profile.counts().bins.len() + 1, edges.len());
            assert!(profile.deviation() >= 0.0 && profile.mean().is_finite());
            let coarse: u64 = profile.coarse(profile.counts()).iter().sum();
            assert_eq!(coarse, profile.counts().present());
        }
    }
    let again = Baseline::from_json(&baseline.to_json().expect("JSON")).expect("what was accepted is accepted again");
    assert_eq!(&again, baseline);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn a_hostile_file_never_panics_and_what_is_accepted_keeps_its_promises(
        changes in proptest::collection::vec((any::<prop::sample::Index>(), hostile()), 1..4)
    ) {
        let mut json: Value = serde_json::from_str(&small().to_json().expect("JSON")).expect("its own JSON");
        for (place, value) in changes {
            *pick(&mut json, place.index(1_000_000)) = value;
        }
        if let Ok(baseline) = Baseline::from_json(&json.to_string()) {
            keeps_its_promises(&baseline);
        }
    }

    #[test]
    fn a_garbled_file_never_panics(cut in any::<prop::sample::Index>(), byte in any::<char>(), text in ".*") {
        let mut json = small().to_json().expect("JSON");
        let place = cut.index(json.len());
        prop_assume!(json.is_char_boundary(place));
        prop_assert!(Baseline::from_json(&json[..place.min(json.len() - 2)]).is_err());
        prop_assert!(Baseline::from_json(&text).is_err());
        json.insert(place, byte);
        if let Ok(baseline) = Baseline::from_json(&json) {
            keeps_its_promises(&baseline);
        }
    }
}

/// A baseline of two numbers that know how they go together, and its JSON.
fn joint() -> (Baseline, Value) {
    let columns = [normal(1), normal(2)].map(|column| column.into_iter().flatten().collect::<Vec<f64>>());
    let mut reference = JointReference::new(80_000, 2);
    let names = ["x", "y"];
    let features = names.into_iter().zip(&columns).map(|(name, values)| {
        reference.add(reference.column(name, values));
        let profile = NumericProfile::from_values(name, values.clone(), 0, &Hygiene::default());
        (name.to_owned(), Profile::Numeric(profile.expect("a profile")))
    });
    let baseline = Baseline::new(about(80_000), features.collect(), None, None).expect("a baseline");
    let joint = reference.learn(2, |_| None).expect("a joint profile");
    let baseline = baseline.with_joint(joint).expect("of its own features");
    let json = serde_json::from_str(&baseline.to_json().expect("JSON")).expect("JSON");
    (baseline, json)
}

#[test]
fn reads_baseline_with_and_without_joint_profile() {
    let (baseline, mut json) = joint();
    assert_eq!(Baseline::from_json(&json.to_string()).expect("the same"), baseline);
    // As the format before wrote it.
    json["format"] = json!(2);
    json.as_object_mut().expect("an object").remove("joint");
    let before = Baseline::from_json(&json.to_string()).expect("an older one");
    assert_eq!(before.joint(), None);
    assert_eq!(before.features(), baseline.features());
}

#[test]
fn refuses_joint_profile_that_contradicts_itself() {
    let (_, json) = joint();
    let cases: [(&str, Value, &str); 9] = [
        ("/features/0/name", json!("z"), "\"z\" is no number of the baseline's"),
        ("/features/0/name", json!("y"), "there twice"),
        ("/features/1/deviation", json!(0.0), "a deviation of 0"),
        ("/components/0/0", json!(7.0), "components"),
        ("/components", json!([]), "components"),
        ("/correlations", json!([]), "each of 1 pairs"),
        ("/correlations/0", json!(1.5), "correlations is 1.5"),
        ("/error", json!(-1.0), "reconstruction error is -1"),
        ("/limits/0/above", json!(-1.0), "limits"),
    ];
    for (place, value, why) in cases {
        let mut odd = json.clone();
        *odd.pointer_mut(&format!("/joint{place}")).expect("the place") = value;
        let error = Baseline::from_json(&odd.to_string()).expect_err(place).to_string();
        assert!(error.contains("joint") && error.contains(why), "{place}: {error}");
    }
}
