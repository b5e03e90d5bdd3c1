//! Rows laid aside by their ids, so that those of one id meet however far apart they came, in bounded memory: each part of the ids
//! is held in memory for a while and on disk beyond that, and read back on its own.

use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek as _, Write};

use tempfile::SpooledTempFile;
use twox_hash::XxHash3_128;

/// Parts of the ids. While rows are laid aside as many blocks are in memory; when they are read back one part is.
const PARTS: usize = 64;
/// Bytes of a part before it goes to disk.
const IN_MEMORY: usize = 1 << 20;
/// Stands for a text that is absent.
const ABSENT: u32 = u32::MAX;

/// A row with an id.
#[derive(Clone, Debug, PartialEq, PartialOrd)]
pub(super) struct Record {
    /// The hash of its id: of two billion different ones two are equal with a probability of 1 in 10^20.
    pub(super) id: u128,
    /// Microseconds; the earliest where there is none.
    pub(super) time: i64,
    pub(super) numbers: Vec<f64>,
    pub(super) texts: Vec<Option<String>>,
}

impl Record {
    /// Whether it says otherwise than another, whatever their ids and times.
    pub(super) fn differs(&self, other: &Self) -> bool {
        let same = |one: &f64, other: &f64| one.total_cmp(other).is_eq();
        let numbers = self.numbers.iter().zip(&other.numbers);
        !numbers.into_iter().all(|(one, other)| same(one, other)) || self.texts != other.texts
    }
}

pub(super) fn hash(id: &str) -> u128 {
    XxHash3_128::oneshot(id.as_bytes())
}

/// Rows of as many numbers and texts each.
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

    /// The parts in order, each sorted by id, time and then by what the rows hold, so that the order they came in changes nothing.
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

/// Nothing at the end of the file.
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
