//! The flights as columns of numbers.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, RowAccessor as _};

/// The training quarter.
pub(crate) const TRAINING: &str = "train-2013q1.parquet";
/// An ordinary week in spring.
#[allow(dead_code, reason = "the calibration needs no weeks")]
pub(crate) const APRIL: &str = "replay-2013-04-08-week.parquet";
/// A week in summer.
#[allow(dead_code, reason = "the calibration needs no weeks")]
pub(crate) const JULY: &str = "replay-2013-07-08-week.parquet";

/// The folder of the flight files.
pub(crate) fn flights() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/flights")
}

/// A column of a flight file: each row's number, or none.
pub(crate) fn column(file: &str, name: &str) -> Vec<Option<f64>> {
    let path = flights().join(file);
    let reader =
        SerializedFileReader::new(File::open(&path).expect("the flight file is there")).expect("it is Parquet");
    let schema = reader.metadata().file_metadata().schema();
    let field = schema
        .get_fields()
        .iter()
        .find(|field| field.name() == name)
        .expect("the column is there");
    let projection = parquet::schema::types::Type::group_type_builder("schema")
        .with_fields(vec![field.clone()])
        .build()
        .expect("a schema of one column");
    reader
        .get_row_iter(Some(projection))
        .expect("rows")
        .map(|row| {
            let row = row.expect("a row");
            match row.get_column_iter().next() {
                Some((_, Field::Double(value))) if !value.is_nan() => Some(*value),
                Some((_, Field::Double(_) | Field::Null)) => None,
                other => panic!("{name} is no number: {other:?}, {:?}", row.get_double(0)),
            }
        })
        .collect()
}
