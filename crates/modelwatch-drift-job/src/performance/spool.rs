//! Spools rows by their ids, so that those with the same id meet however far apart they came. Memory is bounded: each
//! part of the ids is buffered in memory, then written to disk, and read back separately.

use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek as _, Write};

use tempfile::SpooledTempFile;
use twox_hash::XxHash3_128;

/// The number of parts. While rows are spooled, one block of each is in memory; while they are read back, one part.
const PARTS: usize = 64;
/// The bytes of a part that are buffered before they go to disk.
const IN_MEMORY: usize = 1 << 20;
/// Stands for a missing text.
const ABSENT: u32 = u32::MAX;

/// Holds a row with an id.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(super) struct Record {
    /// The hash of its id: among two billion distinct ids, two collide with a probability of 1 in 10^20.
    pub(super) id: u128,
    /// The time in microseconds; the earliest possible if there is none.
    pub(super) time: i64,
    pub(super) numbers: Vec<f64>,
    pub(super) texts: Vec<Option<String>>,
}

impl Record {
    /// Returns whether its values differ from another's, ignoring ids and times.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let same = |one: &f64, other: &f64| one.total_cmp(other).is_eq();
        let numbers = self.numbers.iter().zip(&other.numbers);
        !numbers.into_iter().all(|(one, other)| same(one, other)) || self.texts != other.texts
    }
}

pub(super) fn hash(id: &str) -> u128 {
    XxHash3_128::oneshot(id.as_bytes())
}

/// Spools rows that all have the same number of numbers and texts.
pub(super) struct Spool {
    numbers: usize,
    texts: usize,
    parts: Vec<BufWriter<SpooledTempFile>>,
}

impl Spool {
    pub(super) fn new(numbers: usize, texts: usize) -> Self {
        let part = |_| BufWriter::with_capacity(1 << 14, SpooledTempFile::new(IN_MEMORY));
        Self {
            numbers,
            texts,
            parts: (0..PARTS).map(part).collect(),
        }
    }

    pub(super) fn push<'a>(
        &mut self,
        id: u128,
        time: i64,
        numbers: &[f64],
        texts: impl Iterator<Item = Option<&'a str>>,
    ) -> io::Result<()> {
        let part = &mut self.parts[(id % PARTS as u128) as usize];
        part.write_all(&id.to_le_bytes())?;
        part.write_all(&time.to_le_bytes())?;
        for number in numbers {
            part.write_all(&number.to_le_bytes())?;
        }
        for text in texts {
            let length = text.map_or(ABSENT, |text| text.len() as u32);
            part.write_all(&length.to_le_bytes())?;
            part.write_all(text.unwrap_or_default().as_bytes())?;
        }
        Ok(())
    }

    /// Returns the number of parts.
    pub(super) fn parts(&self) -> usize {
        self.parts.len()
    }

    /// Returns the parts in order, each sorted by id, time and then content, so that the original order changes
    /// nothing.
    pub(super) fn into_parts(self) -> impl Iterator<Item = io::Result<Vec<Record>>> {
        let (numbers, texts) = (self.numbers, self.texts);
        self.parts.into_iter().map(move |part| {
            let mut file = part.into_inner().map_err(io::IntoInnerError::into_error)?;
            file.rewind()?;
            let mut file = BufReader::with_capacity(1 << 16, file);
            let mut records = Vec::new();
            while let Some(record) = read(&mut file, numbers, texts)? {
                records.push(record);
            }
            records.sort_unstable_by(order);
            Ok(records)
        })
    }
}

fn order(one: &Record, other: &Record) -> std::cmp::Ordering {
    let numbers = || {
        let pairs = one.numbers.iter().zip(&other.numbers);
        pairs
            .map(|(one, other)| one.total_cmp(other))
            .find(|order| order.is_ne())
            .unwrap_or(std::cmp::Ordering::Equal)
    };
    (one.id, one.time)
        .cmp(&(other.id, other.time))
        .then_with(numbers)
        .then_with(|| one.texts.cmp(&other.texts))
}

/// Returns `None` at the end of the file.
fn read(file: &mut impl Read, numbers: usize, texts: usize) -> io::Result<Option<Record>> {
    let id = match bytes::<16>(file) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        id => u128::from_le_bytes(id?),
    };
    let time = i64::from_le_bytes(bytes(file)?);
    let number = |_| bytes(file).map(f64::from_le_bytes);
    let numbers = (0..numbers).map(number).collect::<io::Result<_>>()?;
    let text = |_| {
        let length = u32::from_le_bytes(bytes(file)?);
        if length == ABSENT {
            return Ok(None);
        }
        let mut text = vec![0; length as usize];
        file.read_exact(&mut text)?;
        String::from_utf8(text)
            .map(Some)
            .map_err(|error| io::Error::new(ErrorKind::InvalidData, error))
    };
    let texts = (0..texts).map(text).collect::<io::Result<_>>()?;
    Ok(Some(Record {
        id,
        time,
        numbers,
        texts,
    }))
}

fn bytes<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}
