//! What stands in a log's folder, read back with the Parquet reader.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use modelwatch::{Format, Monitor};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;

/// Columns by name; nothing where null.
pub(crate) type Row = BTreeMap<String, Option<Cell>>;

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell {
    Time(i64),
    Number(f64),
    Text(String),
}

/// Every file below a folder, hidden ones too, in the order of their paths.
pub(crate) fn files(root: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path)
            } else {
                found.push(path)
            }
        }
    }
    found.sort();
    found
}

/// The files a reader looks at.
pub(crate) fn visible(root: &Path) -> Vec<PathBuf> {
    let is_visible = |path: &PathBuf| !name(path).starts_with('.');
    files(root).into_iter().filter(is_visible).collect()
}

pub(crate) fn name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

/// The rows of a file that has to be a whole one.
pub(crate) fn rows(path: &Path) -> Vec<Row> {
    let cell = |field: &Field| match field {
        Field::Null => None,
        Field::TimestampMicros(time) => Some(Cell::Time(*time)),
        Field::Double(number) => Some(Cell::Number(*number)),
        Field::Str(text) => Some(Cell::Text(text.clone())),
        other => panic!("{}: a {other:?}", path.display()),
    };
    let rows = reader(path).into_iter();
    rows.map(|row| row.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .map(|row| {
            row.get_column_iter()
                .map(|(name, field)| (name.clone(), cell(field)))
                .collect()
        })
        .collect()
}

/// The file's own metadata by key.
pub(crate) fn metadata(path: &Path) -> BTreeMap<String, Option<String>> {
    let metadata = reader(path).metadata().file_metadata().key_value_metadata().cloned();
    let pairs = metadata.into_iter().flatten();
    pairs.map(|pair| (pair.key, pair.value)).collect()
}

fn reader(path: &Path) -> SerializedFileReader<File> {
    let opened = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    SerializedFileReader::new(opened).unwrap_or_else(|error| panic!("{} is broken: {error}", path.display()))
}

/// All rows of all visible files.
pub(crate) fn all_rows(root: &Path) -> Vec<Row> {
    visible(root).iter().flat_map(|path| rows(path)).collect()
}

/// The values of the feature that tells records apart, in order.
pub(crate) fn numbers(rows: &[Row]) -> Vec<f64> {
    let number = |row: &Row| match row["feature.number"] {
        Some(Cell::Number(number)) => number,
        ref other => panic!("a number of {other:?}"),
    };
    let mut numbers: Vec<f64> = rows.iter().map(number).collect();
    numbers.sort_unstable_by(f64::total_cmp);
    numbers
}

/// Records written and dropped, as the service's page tells.
pub(crate) fn counted(monitor: &Monitor, model: &str) -> [u64; 2] {
    let page = String::from_utf8(monitor.encode(Format::PrometheusText)).expect("UTF-8");
    ["written", "dropped"].map(|result| {
        let series = format!("ml_prediction_log_records_total{{model_name=\"{model}\",result=\"{result}\"}} ");
        let value = page.lines().find_map(|line| line.strip_prefix(&*series));
        value
            .unwrap_or_else(|| panic!("no {series} in\n{page}"))
            .parse()
            .expect("a number")
    })
}
