//! Recognizes a file's format by its name.

use std::fmt;
#[cfg(feature = "texts")]
use std::fs::File;
#[cfg(feature = "texts")]
use std::io::{self, BufReader, Read};
#[cfg(feature = "texts")]
use std::path::Path;

#[cfg(feature = "texts")]
use flate2::read::MultiGzDecoder;

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Parquet,
    Csv,
    Json,
}

const ENDINGS: [(&str, Format); 6] = [
    (".parquet", Format::Parquet),
    (".csv", Format::Csv),
    (".tsv", Format::Csv),
    (".jsonl", Format::Json),
    (".ndjson", Format::Json),
    (".json", Format::Json),
];

/// The endings that identify a format, for errors.
pub(super) const KNOWN: &str = ".parquet, .csv, .tsv, .jsonl, .ndjson or .json, the texts also with .gz behind";

/// The folder in which a Delta table lists its files.
pub(super) const DELTA_LOG: &str = "_delta_log";

/// Returns the format that a name implies, and whether the file is compressed.
pub(super) fn of(name: &str) -> Option<(Format, bool)> {
    let name = name.to_ascii_lowercase();
    let (inner, compressed) = match name.strip_suffix(".gz") {
        Some(inner) => (inner, true),
        None => (&*name, false),
    };
    let format = ENDINGS.iter().find(|(ending, _)| inner.ends_with(ending))?.1;
    // A Parquet file compresses its own pages, and is read from its end.
    (!(compressed && format == Format::Parquet)).then_some((format, compressed))
}

/// Opens a text file.
#[cfg(feature = "texts")]
pub(super) fn text(path: &Path, compressed: bool) -> io::Result<BufReader<Box<dyn Read + Send>>> {
    let file = File::open(path)?;
    let reader: Box<dyn Read + Send> = if compressed {
        Box::new(MultiGzDecoder::new(BufReader::new(file)))
    } else {
        Box::new(file)
    };
    Ok(BufReader::with_capacity(1 << 17, reader))
}

/// Shortens a reader's message to fit into a line: some repeat everything that they read.
#[cfg(feature = "texts")]
pub(super) fn said(error: impl fmt::Display) -> String {
    const MOST: usize = 200;
    let said = error.to_string().replace(|letter: char| letter.is_control(), " ");
    let mut short: String = said.chars().take(MOST).collect();
    if short.len() < said.len() {
        short.push('…');
    }
    if said.to_ascii_lowercase().contains("utf-8") {
        short += "; write it in UTF-8, as `iconv -f LATIN1 -t UTF-8` does";
    }
    short
}

/// Returns why files in the folder of a Delta table are not read as plain files.
pub(super) fn within_delta(folder: &impl fmt::Display) -> String {
    format!(
        "{folder} is a Delta table, and not all that lies in its folder is part of it; name that folder alone, and the files that the \
         table's log has are read"
    )
}
