//! What is in a log and beside it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::path::Path;

use modelwatch_testkit::files_below;
use parquet::file::reader::{FileReader as _, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value as Json;

/// A row, by its columns.
pub(crate) type Row = BTreeMap<String, Field>;

/// The rows a reader sees, each with the name of its folder of the model.
pub(crate) fn rows(root: &Path) -> Vec<(String, Row)> {
    let mut rows = Vec::new();
    for path in files_below(root, ".parquet") {
        let model = path
            .strip_prefix(root)
            .expect("below it")
            .components()
            .next()
            .expect("a folder");
        let model = model.as_os_str().to_string_lossy().into_owned();
        let reader = SerializedFileReader::new(File::open(&path).expect("a file"));
        let reader = reader.unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for row in reader.get_row_iter(None).expect("rows") {
            let row = row.expect("a row");
            let cells = row.get_column_iter().map(|(name, cell)| (name.clone(), cell.clone()));
            rows.push((model.clone(), cells.collect()));
        }
    }
    rows
}

/// The only row there is with this id.
pub(crate) fn row(root: &Path, id: &str) -> (String, Row) {
    let mut found: Vec<_> = rows(root)
        .into_iter()
        .filter(|(_, row)| text(row, "prediction_id") == Some(id))
        .collect();
    assert_eq!(found.len(), 1, "rows of {id}");
    found.remove(0)
}

pub(crate) fn text<'a>(row: &'a Row, column: &str) -> Option<&'a str> {
    match row.get(column) {
        Some(Field::Str(text)) => Some(text),
        _ => None,
    }
}

pub(crate) fn number(row: &Row, column: &str) -> Option<f64> {
    match row.get(column) {
        Some(Field::Double(number)) => Some(*number),
        _ => None,
    }
}

/// The letters beside it.
pub(crate) fn letters(root: &Path) -> Vec<Json> {
    let lines = files_below(&root.join("dead-letters"), ".jsonl")
        .into_iter()
        .flat_map(|path| {
            let text = fs::read_to_string(path).expect("text");
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        });
    lines.map(|line| serde_json::from_str(&line).expect("JSON")).collect()
}
