//! Rows become columns: what is collected between two row groups of a file.

use std::io::Write;

use bytes::Bytes;
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::writer::SerializedFileWriter;

use crate::shape::Shape;
use crate::slot::{COMMON, Slot};

/// The rows of one row group to be.
#[derive(Debug)]
pub(crate) struct Batch {
    times: Vec<i64>,
    /// Each version with how many rows in succession it has.
    versions: Vec<(Bytes, usize)>,
    scores: Numbers,
    /// Class, id, trace, route and pipeline.
    common: [Texts; COMMON],
    features: Vec<Values>,
    text_bytes: usize,
    outcomes: bool,
}

#[derive(Debug)]
enum Values {
    Numbers(Numbers),
    Texts(Texts),
}

/// A nullable column, as the Parquet writer wants it: levels tell which rows have a value.
#[derive(Debug, Default)]
struct Numbers {
    levels: Vec<i16>,
    values: Vec<f64>,
}

/// The same of text, one value behind the other.
#[derive(Debug, Default)]
struct Texts {
    levels: Vec<i16>,
    lengths: Vec<u32>,
    text: Vec<u8>,
}

const PRESENT: i16 = 1;
const MISSING: i16 = 0;

impl Batch {
    pub(crate) fn new(shape: &Shape) -> Self {
        let values = |categorical| match categorical {
            true => Values::Texts(Texts::default()),
            false => Values::Numbers(Numbers::default()),
        };
        Self {
            times: Vec::new(),
            versions: Vec::new(),
            scores: Numbers::default(),
            common: Default::default(),
            features: shape
                .columns()
                .iter()
                .map(|column| values(column.categorical))
                .collect(),
            text_bytes: 0,
            outcomes: shape.is_of_outcomes(),
        }
    }

    /// Takes one more feature, which the rows so far lack.
    pub(crate) fn add(&mut self, categorical: bool) {
        let levels = vec![MISSING; self.rows()];
        self.features.push(match categorical {
            true => Values::Texts(Texts {
                levels,
                ..Texts::default()
            }),
            false => Values::Numbers(Numbers {
                levels,
                ..Numbers::default()
            }),
        });
    }

    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    /// About the memory its rows take.
    pub(crate) fn bytes(&self) -> usize {
        const PER_CELL: usize = size_of::<f64>() + size_of::<i16>();
        self.rows() * (self.features.len() + 3 + COMMON) * PER_CELL + self.text_bytes
    }

    pub(crate) fn push(&mut self, version: &Bytes, slot: &Slot) {
        self.times.push(slot.time);
        match self.versions.last_mut() {
            Some((last, rows)) if last == version => *rows += 1,
            _ => self.versions.push((version.clone(), 1)),
        }
        self.scores.push(slot.score);
        let (mut numbers, mut texts) = (slot.numbers.iter(), slot.texts());
        for values in &mut self.features {
            match values {
                Values::Numbers(column) => column.push(numbers.next().copied().unwrap_or(f64::NAN)),
                Values::Texts(column) => self.text_bytes += column.push(texts.next().flatten()),
            }
        }
        for column in &mut self.common {
            self.text_bytes += column.push(texts.next().flatten());
        }
    }

    /// Writes the rows as one row group, and is empty then, whether it went well or not.
    pub(crate) fn write_to<W: Write + Send>(&mut self, file: &mut SerializedFileWriter<W>) -> Result<(), ParquetError> {
        let written = self.write_columns(file);
        self.times.clear();
        self.versions.clear();
        self.scores.clear();
        self.common.iter_mut().for_each(Texts::clear);
        for values in &mut self.features {
            match values {
                Values::Numbers(column) => column.clear(),
                Values::Texts(column) => column.clear(),
            }
        }
        self.text_bytes = 0;
        written
    }

    fn write_columns<W: Write + Send>(&mut self, file: &mut SerializedFileWriter<W>) -> Result<(), ParquetError> {
        let mut group = file.next_row_group()?;
        let mut position = 0;
        while let Some(mut column) = group.next_column()? {
            match (column.untyped(), position) {
                (ColumnWriter::Int64ColumnWriter(writer), 0) => _ = writer.write_batch(&self.times, None, None)?,
                // Id and label, which stands where a prediction has its class.
                (writer, position) if self.outcomes => {
                    self.common[2_usize.saturating_sub(position)].write_to(writer)?
                }
                (ColumnWriter::ByteArrayColumnWriter(writer), 1) => {
                    let versions: Vec<ByteArray> = (self.versions.iter())
                        .flat_map(|(version, rows)| std::iter::repeat_n(version, *rows))
                        .map(|version| version.clone().into())
                        .collect();
                    writer.write_batch(&versions, None, None)?;
                }
                (writer, 2) => self.scores.write_to(writer)?,
                (writer, 3) => self.common[0].write_to(writer)?,
                (writer, _) => match self.features.get_mut(position - 4) {
                    Some(Values::Numbers(numbers)) => numbers.write_to(writer)?,
                    Some(Values::Texts(texts)) => texts.write_to(writer)?,
                    // Behind the features.
                    None => self.common[position - 3 - self.features.len()].write_to(writer)?,
                },
            }
            column.close()?;
            position += 1;
        }
        group.close().map(|_| ())
    }
}

impl Numbers {
    #[inline]
    fn push(&mut self, number: f64) {
        if number.is_nan() {
            self.levels.push(MISSING);
        } else {
            self.levels.push(PRESENT);
            self.values.push(number);
        }
    }

    fn write_to(&self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        match writer {
            ColumnWriter::DoubleColumnWriter(writer) => writer.write_batch(&self.values, Some(&self.levels), None)?,
            _ => return Err(unlike_the_schema()),
        };
        Ok(())
    }

    fn clear(&mut self) {
        self.levels.clear();
        self.values.clear();
    }
}

impl Texts {
    /// Returns how many bytes it took.
    #[inline]
    fn push(&mut self, text: Option<&str>) -> usize {
        let Some(text) = text else {
            self.levels.push(MISSING);
            return 0;
        };
        self.levels.push(PRESENT);
        self.lengths.push(text.len() as u32);
        self.text.extend_from_slice(text.as_bytes());
        text.len()
    }

    fn write_to(&mut self, writer: &mut ColumnWriter<'_>) -> Result<(), ParquetError> {
        let ColumnWriter::ByteArrayColumnWriter(writer) = writer else {
            return Err(unlike_the_schema());
        };
        let mut text = Bytes::from(std::mem::take(&mut self.text));
        let values: Vec<ByteArray> = (self.lengths.iter())
            .map(|length| text.split_to(*length as usize).into())
            .collect();
        writer.write_batch(&values, Some(&self.levels), None)?;
        Ok(())
    }

    fn clear(&mut self) {
        self.levels.clear();
        self.lengths.clear();
        self.text.clear();
    }
}

fn unlike_the_schema() -> ParquetError {
    ParquetError::General("a column's type is not that of its values".into())
}
