//! Reads CSV with a header. It reads every value as text, because files write the same number and the same missing
//! value in many ways. The values then decide the column's type.

use std::collections::HashSet;
use std::io::{self, BufRead, Read};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{RecordBatch, cast::AsArray as _};
use arrow_csv::ReaderBuilder;
use arrow_csv::reader::Format;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use modelwatch_drift::baseline::NO_VALUE;

use super::format;
use super::kind::Kind;

const BATCH_ROWS: usize = 8_192;
/// Some programs start a UTF-8 text with this.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// The delimiters to look for.
const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];
/// The bytes at the beginning of a file in which to look for the delimiter.
const LOOKED_AT: usize = 1 << 16;

/// Says how to read a file.
#[derive(Clone, Debug)]
pub(super) struct Csv {
    compressed: bool,
    delimiter: u8,
    schema: SchemaRef,
}

impl Csv {
    pub(super) fn open(path: &Path, compressed: bool) -> Result<Self, String> {
        let cannot = |error: io::Error| format!("cannot be read: {error}");
        let mut beginning = Vec::new();
        let (mut text, declared) = text(path, compressed).map_err(cannot)?;
        text.by_ref()
            .take(LOOKED_AT as u64)
            .read_to_end(&mut beginning)
            .map_err(cannot)?;
        if beginning.is_empty() {
            return Err("is empty; a CSV file begins with the names of its columns".into());
        }
        if beginning.starts_with(b"\xff\xfe") || beginning.starts_with(b"\xfe\xff") {
            return Err("is in UTF-16; write it in UTF-8, as `iconv -f UTF-16 -t UTF-8` does".into());
        }
        let delimiter = declared.unwrap_or_else(|| delimiter(&beginning));
        let (text, _) = self::text(path, compressed).map_err(cannot)?;
        let header = Format::default().with_header(true).with_delimiter(delimiter);
        let (header, _) = header
            .infer_schema(text, Some(0))
            .map_err(|error| format!("cannot be read as CSV: {}", format::said(error)))?;
        let names = header
            .fields()
            .iter()
            .map(|field| field.name().trim().trim_start_matches('\u{feff}'));
        let fields: Vec<Field> = names.map(|name| Field::new(name, DataType::Utf8, true)).collect();
        let mut known = HashSet::new();
        if let Some(twice) = fields.iter().find(|field| !known.insert(field.name())) {
            return Err(format!(
                "has two columns {:?}; give each a name of its own",
                twice.name()
            ));
        }
        let names: Vec<&str> = fields.iter().map(|field| field.name().as_str()).collect();
        if are_values(&names) {
            let shown: Vec<_> = names.iter().take(5).copied().collect();
            return Err(format!(
                "begins with values ({}) where the names of its columns belong; add a line of names",
                shown.join(", ")
            ));
        }
        Ok(Self {
            compressed,
            delimiter,
            schema: Arc::new(Schema::new(fields)),
        })
    }

    pub(super) fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Reads columns of the schema, batch by batch.
    pub(super) fn scan(
        &self,
        path: &Path,
        columns: &[usize],
        mut take: impl FnMut(RecordBatch) -> Result<(), String>,
    ) -> Result<(), String> {
        let (text, _) = text(path, self.compressed).map_err(|error| format!("cannot be read: {error}"))?;
        let reader = ReaderBuilder::new(self.schema.clone())
            .with_header(true)
            .with_delimiter(self.delimiter)
            .with_batch_size(BATCH_ROWS)
            .with_projection(columns.to_vec())
            .build_buffered(text)
            .map_err(|error| format!("cannot be read as CSV: {}", format::said(error)))?;
        for batch in reader {
            take(batch.map_err(broken)?)?;
        }
        Ok(())
    }

    /// Returns the type of each column: numeric if every value that is present is a number (booleans included),
    /// otherwise categorical; empty if no row has a value.
    pub(super) fn kinds(&self, path: &Path) -> Result<(Vec<Kind>, u64), String> {
        let columns: Vec<usize> = (0..self.schema.fields().len()).collect();
        let mut is_number = vec![true; columns.len()];
        let mut is_boolean = vec![true; columns.len()];
        let mut has_value = vec![false; columns.len()];
        let mut rows = 0;
        self.scan(path, &columns, |batch| {
            rows += batch.num_rows() as u64;
            for (place, array) in batch.columns().iter().enumerate() {
                if has_value[place] && !is_number[place] && !is_boolean[place] {
                    continue;
                }
                for text in array.as_string::<i32>().iter().flatten() {
                    let text = text.trim();
                    if NO_VALUE.contains(&text) {
                        continue;
                    }
                    has_value[place] = true;
                    is_number[place] = is_number[place] && text.parse::<f64>().is_ok();
                    is_boolean[place] =
                        is_boolean[place] && ["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word));
                }
            }
            Ok(())
        })?;
        let kind = |place: usize| match (has_value[place], is_number[place], is_boolean[place]) {
            (false, _, _) => Kind::Empty,
            (true, true, _) => Kind::Numeric,
            (true, false, true) => Kind::Boolean,
            (true, false, false) => Kind::Categorical,
        };
        Ok(((0..columns.len()).map(kind).collect(), rows))
    }
}

/// Opens a text after the line `sep=;`, with which Excel names the delimiter, and returns that delimiter.
fn text(path: &Path, compressed: bool) -> io::Result<(impl BufRead + use<>, Option<u8>)> {
    let mut text = format::text(path, compressed)?;
    let beginning = text.fill_buf()?;
    let mark = if beginning.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let declared = match beginning.get(mark..).unwrap_or_default() {
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, b'\r', b'\n', ..] => Some((*delimiter, mark + 7)),
        [b's' | b'S', b'e' | b'E', b'p' | b'P', b'=', delimiter, b'\n', ..] => Some((*delimiter, mark + 6)),
        _ => None,
    };
    text.consume(declared.map_or(0, |(_, line)| line));
    Ok((text, declared.map(|(delimiter, _)| delimiter)))
}

/// Returns what is wrong with a file that its reader could not continue.
fn broken(error: ArrowError) -> String {
    let said = format::said(error);
    let mend = match said.contains("incorrect number of fields") {
        true => "; fix that line, or quote the fields that hold the delimiter",
        false => "",
    };
    format!("breaks while it is read: {said}{mend}")
}

/// Returns whether the first line has values because the file has no header. Column names are not numbers, except for
/// consecutive ones, such as years or the 0, 1, 2 of tables without names.
fn are_values(names: &[&str]) -> bool {
    let numbers: Vec<f64> = names.iter().filter_map(|name| name.parse().ok()).collect();
    let counts =
        numbers.windows(2).all(|pair| pair[1] == pair[0] + 1.0) && numbers.iter().all(|number| number.fract() == 0.0);
    match numbers[..] {
        [] => false,
        [alone] => alone != 0.0,
        _ => !counts,
    }
}

/// Returns the delimiter that splits the first lines into more than one field, and most of them into the same number; a
/// comma if none does.
fn delimiter(beginning: &[u8]) -> u8 {
    let evenness = |delimiter: u8| {
        let fields = fields_of_lines(beginning, delimiter);
        let header = fields.first().copied().unwrap_or_default();
        let even = fields.iter().filter(|fields| **fields == header).count();
        match header > 1 && even * 10 >= fields.len() * 9 {
            true => (even, header),
            false => (0, 0),
        }
    };
    let mut best = (b',', evenness(b','));
    for other in &DELIMITERS[1..] {
        let even = evenness(*other);
        if even > best.1 {
            best = (*other, even);
        }
    }
    best.0
}

/// Returns how many fields each record has, treating quoted fields as one. Skips the last record, which may be cut off.
fn fields_of_lines(text: &[u8], delimiter: u8) -> Vec<usize> {
    let (mut lines, mut fields, mut quoted) = (Vec::new(), 1, false);
    for byte in text {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => {
                lines.push(fields);
                fields = 1;
            }
            byte if *byte == delimiter && !quoted => fields += 1,
            _ => {}
        }
    }
    if lines.is_empty() {
        lines.push(fields);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{are_values, delimiter};

    #[test]
    fn tells_values_from_names_when_names_are_numbers() {
        for (names, expected) in [
            (&["x", "k"][..], false),
            (&["1.2882", "a"], true),
            (&["x", "-4"], true),
            (&["0", "1", "2"], false),
            (&["country", "2019", "2020", "2021"], false),
            (&["3", "1", "2"], true),
            (&["0"], false),
            (&["0.5", "1.5"], true),
            (&["a", "NaN"], true),
        ] {
            assert_eq!(are_values(names), expected, "{names:?}");
        }
    }

    /// The delimiter is the one that divides lines evenly, whatever else the fields hold.
    #[test]
    fn sees_delimiter_when_fields_hold_others() {
        for (text, expected) in [
            ("a,b\n1,2\n3,4\n", b','),
            ("x;c\n1,5;a\n2,5;b\n", b';'),
            ("a\tb\n1\t2\n", b'\t'),
            ("a|b|c\n1|2|3\n", b'|'),
            ("only\n1\n2\n", b','),
            ("a,b\n\"x;y\nz;\",2\n\"p;q\",4\n", b','),
            ("a;b", b';'),
        ] {
            assert_eq!(delimiter(text.as_bytes()) as char, expected as char, "{text:?}");
        }
    }
}
