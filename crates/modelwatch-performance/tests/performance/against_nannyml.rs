//! Estimates against those of NannyML 0.13.1, which `scripts/beside-nannyml` wrote down: on a winter's flights, a week of April and one
//! of July. The scores are those of `examples/flights.rs`.

use std::path::Path;

use flights::data::{FEATURES, read};
use flights::model::DelayModel;
use modelwatch_performance::{BinaryCounts, Cbpe, Doubt, Measure, PredictionCounts};
use serde_json::Value;

fn nannyml() -> Value {
    serde_json::from_str(include_str!("nannyml.json")).expect("JSON")
}

/// Every figure is NannyML's to a tenth of its sampling error; and where drift changes what inputs mean, as it does here, no
/// estimate sees it and labels refute it.
#[test]
fn estimates_what_nannyml_does_and_doubts_it_when_labels_come() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/flights");
    let flights = |file: &str| read(&folder.join(file)).expect("flights");
    let winter = flights("train-2013q1.parquet");
    let (training, reference) = winter.split_at(winter.len() * 2 / 3);
    let model = DelayModel::train(training, &FEATURES).expect("a model");
    let mut learned_from = BinaryCounts::new();
    for flight in reference {
        if let Some(late) = flight.late {
            let score = model.score(&flight.features);
            learned_from.add(Some(score), Some(score >= 0.5), late);
        }
    }
    let learned = Cbpe::learn(&learned_from).expect("both classes");
    let theirs = nannyml();
    for (week, file) in [
        ("april", "replay-2013-04-08-week.parquet"),
        ("july", "replay-2013-07-08-week.parquet"),
    ] {
        let (mut window, mut labelled) = (PredictionCounts::new(), BinaryCounts::new());
        for flight in flights(file) {
            let Some(late) = flight.late else { continue };
            let score = model.score(&flight.features);
            window.add(Some(score), Some(score >= 0.5));
            labelled.add(Some(score), Some(score >= 0.5), late);
        }
        let estimate = learned.estimate(&window);
        let theirs = theirs[week].as_object().expect("measures");
        assert_eq!(theirs.len(), 5);
        for measure in Measure::ALL {
            let Some(theirs) = theirs.get(measure.name()) else {
                continue;
            };
            let ours = estimate.performance.get(measure).expect("it is estimated").value;
            let [value, error] = ["value", "sampling_error"].map(|name| theirs[name].as_f64().expect("a number"));
            assert!(
                (ours - value).abs() <= error / 10.0,
                "{week}, {measure}: {ours}, {value} ± {error}"
            );
        }
        let doubts = estimate.doubts(Some(&labelled.performance()));
        let refuted = |doubt: &Doubt| {
            matches!(
                doubt,
                Doubt::Refuted {
                    measure: Measure::RocAuc,
                    ..
                }
            )
        };
        assert!(doubts.iter().any(refuted), "{week}: {doubts:?}");
    }
}
