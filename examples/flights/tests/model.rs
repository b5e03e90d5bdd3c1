//! The model is the one the data set's page describes.

use std::path::Path;

use flights::data::{self, FEATURES, Flight};
use flights::model::{DelayModel, ranges};

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
fn files_hold_the_rows_they_are_said_to_hold() {
    assert_eq!(flights("train-2013q1.parquet").len(), 80_789);
    assert_eq!(flights("replay-2013-04-08-week.parquet").len(), 6_613);
    let july = flights("replay-2013-07-08-week.parquet");
    assert_eq!(july.len(), 6_759);
    assert_eq!(ranges(&july)[2].end(), &23.0, "the last hour of a day");
}
