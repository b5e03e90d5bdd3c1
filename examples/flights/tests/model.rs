//! The model is the one the data set's page describes.

use std::path::Path;

use flights::data::{self, FEATURES, Flight, RANGES};
use flights::model::DelayModel;
use flights::version::{CANARY, STABLE, divide};

fn flights(name: &str) -> Vec<Flight> {
    data::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/flights").join(name)).expect("flights")
}

#[test]
fn the_model_reaches_the_area_under_the_curve_that_is_known_for_it() {
    let training = flights("train-2013q1.parquet");
    let model = DelayModel::train(&training, &FEATURES).expect("a model");
    for (week, known) in [
        ("replay-2013-04-08-week.parquet", 0.915),
        ("replay-2013-07-08-week.parquet", 0.918),
    ] {
        let area = model.area_under_curve(&flights(week));
        assert!((area - known).abs() < 0.005, "{week}: {area}");
    }
}

#[test]
fn the_files_of_the_versions_hold_what_training_gives() {
    let (quiet, training) = divide(flights("train-2013q1.parquet"));
    assert_eq!((quiet.len(), training.len()), (6_381, 74_408));
    for version in [STABLE, CANARY] {
        let trained = DelayModel::train(&training, version.features).expect("a model");
        let loaded = version.load().expect("a model");
        assert_eq!(
            DelayModel::from_json(&trained.to_json().expect("JSON")).expect("a model"),
            trained
        );
        for flight in &quiet {
            let (trained, loaded) = (trained.score(&flight.features), loaded.score(&flight.features));
            // Another machine's logarithm may differ in its last digit.
            assert!(
                (trained - loaded).abs() < 1e-9,
                "{}: {trained}, {loaded}; write the files with `cargo run -p flights --features training --example train`",
                version.name
            );
        }
    }
}

#[test]
fn files_hold_the_rows_they_are_said_to_hold_and_nothing_that_can_not_be() {
    for (name, rows) in [
        ("train-2013q1.parquet", 80_789),
        ("replay-2013-04-08-week.parquet", 6_613),
        ("replay-2013-07-08-week.parquet", 6_759),
    ] {
        let flights = flights(name);
        assert_eq!(flights.len(), rows, "{name}");
        for (position, range) in RANGES.iter().enumerate() {
            let mut values = flights.iter().filter_map(|flight| flight.features[position]);
            assert!(
                values.all(|value| range.contains(&value)),
                "{name}: {}",
                FEATURES[position]
            );
        }
    }
}
