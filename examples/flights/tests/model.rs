//! The model is the one the data set's page describes.

use std::path::Path;

use flights::data::{self, FEATURES, Flight, RANGES};
use flights::model::DelayModel;

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
