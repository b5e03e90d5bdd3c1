//! The flights as columns of numbers.

use std::fs::File;
use std::path::{Path, PathBuf};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use parquet::schema::types::Type;

/// The training quarter.
pub(crate) const TRAINING: &str = "train-2013q1.parquet";

/// The folder of the flight files.
pub(crate) fn flights() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/flights")
}

/// A column of a flight file: each row's number, or none.
pub(crate) fn column(file: &str, name: &str) -> Vec<Option<f64>> {
    let number = |field: &Field| match field {
        Field::Double(value) => (!value.is_nan()).then_some(*value),
        Field::Null => None,
        other => panic!("{name} is no number: {other}"),
    };
    fields(file, name, number)
}

/// A column of a flight file: what each row holds.
pub(crate) fn fields<T>(file: &str, name: &str, value: impl Fn(&Field) -> T) -> Vec<T> {
    let path = flights().join(file);
    let reader =
        SerializedFileReader::new(File::open(&path).expect("the flight file is there")).expect("it is Parquet");
    let schema = reader.metadata().file_metadata().schema();
    let field = schema.get_fields().iter().find(|field| field.name() == name);
    let projection = Type::group_type_builder("schema")
        .with_fields(vec![field.expect("the column is there").clone()])
        .build()
        .expect("a schema of one column");
    let rows = reader.get_row_iter(Some(projection)).expect("rows");
    rows.map(|row| {
        let row = row.expect("a row");
        let (_, field) = row.get_column_iter().next().expect("one column");
        value(field)
    })
    .collect()
}
