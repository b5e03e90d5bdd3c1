//! The flights: rows of the Parquet files beside the examples.

use std::fs::File;
use std::ops::RangeInclusive;
use std::path::Path;
use std::time::{Duration, SystemTime};

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};

use crate::error::Failure;

/// The columns the model reads, in the order of a row.
pub const FEATURES: [&str; 10] = [
    "dep_delay",
    "distance",
    "hour",
    "temp",
    "dewp",
    "humid",
    "wind_speed",
    "precip",
    "pressure",
    "visib",
];

/// What can be, in the order of [`FEATURES`] and in their units: a value beyond it is a mistake of somebody's.
pub const RANGES: [RangeInclusive<f64>; FEATURES.len()] = [
    -60.0..=1_440.0, // a day late
    0.0..=6_000.0,
    0.0..=23.0,
    -40.0..=120.0,
    -50.0..=90.0,
    0.0..=100.0,
    0.0..=150.0,
    0.0..=5.0,
    900.0..=1_085.0,
    0.0..=10.0,
];

/// What the model knows of a flight, in the order of [`FEATURES`]; nothing where a value is missing.
pub type Features = [Option<f64>; FEATURES.len()];

/// A flight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Flight {
    /// When it is scheduled to depart.
    pub scheduled: SystemTime,
    /// What was known before it arrived.
    pub features: Features,
    /// Whether it arrived more than 15 minutes late; nothing when it was cancelled or diverted.
    pub late: Option<bool>,
}

/// Reads a file of flights.
///
/// # Errors
///
/// When the file is missing, is no Parquet file or holds no flights, or a row can't be read: names the file, and the
/// row from 1.
pub fn read(path: &Path) -> Result<Vec<Flight>, Failure> {
    let shown = path.display();
    let file = File::open(path).map_err(|error| {
        Failure::new(format!(
            "can't open {shown}: {error}; name the folder of the flight files with --data"
        ))
    })?;
    let mend = "copy the file again";
    let reader = SerializedFileReader::new(file)
        .map_err(|error| Failure::new(format!("{shown} is no Parquet file of flights: {error}; {mend}")))?;
    let rows = reader
        .get_row_iter(None)
        .map_err(|error| Failure::new(format!("can't read the rows of {shown}: {error}; {mend}")))?;
    let flights: Vec<Flight> = rows
        .enumerate()
        .map(|(row, flight)| {
            let flight = flight
                .map_err(|error| error.to_string())
                .and_then(|row| Flight::from_row(&row));
            flight.map_err(|error| Failure::new(format!("can't read row {} of {shown}: {error}; {mend}", row + 1)))
        })
        .collect::<Result<_, _>>()?;
    if flights.is_empty() {
        return Err(Failure::new(format!("{shown} holds no flights; {mend}")));
    }
    Ok(flights)
}

/// The share of flights each feature is missing in, in the order of [`FEATURES`].
#[must_use]
pub fn missing_ratios(flights: &[Flight]) -> [f64; FEATURES.len()] {
    std::array::from_fn(|position| {
        let missing = flights.iter().filter(|flight| flight.features[position].is_none());
        missing.count() as f64 / flights.len().max(1) as f64
    })
}

impl Flight {
    fn from_row(row: &Row) -> Result<Self, String> {
        let mut features = [None; FEATURES.len()];
        let (mut late, mut scheduled) = (None, SystemTime::UNIX_EPOCH);
        let mut found = 0;
        for (name, field) in row.get_column_iter() {
            if let Some(position) = FEATURES.iter().position(|feature| feature == name) {
                features[position] = number(name, field)?;
                found += 1;
            } else if name == "late" {
                late = number(name, field)?.map(|late| late > 0.0);
                found += 1;
            } else if name == "event_time" {
                scheduled = time(name, field)?;
                found += 1;
            }
        }
        if found == FEATURES.len() + 2 {
            Ok(Self {
                scheduled,
                features,
                late,
            })
        } else {
            Err(format!(
                "it has {found} of the columns event_time, {} and late",
                FEATURES.join(", ")
            ))
        }
    }
}

fn time(name: &str, field: &Field) -> Result<SystemTime, String> {
    let since_epoch = match field {
        Field::TimestampMillis(millis) => u64::try_from(*millis).map(Duration::from_millis),
        Field::TimestampMicros(micros) => u64::try_from(*micros).map(Duration::from_micros),
        other => return Err(format!("column {name} holds {other}, which is no time")),
    };
    let since_epoch = since_epoch.map_err(|_| format!("column {name} holds a time before 1970"))?;
    Ok(SystemTime::UNIX_EPOCH + since_epoch)
}

fn number(name: &str, field: &Field) -> Result<Option<f64>, String> {
    let number = match field {
        Field::Null => return Ok(None),
        Field::Double(number) => *number,
        Field::Float(number) => f64::from(*number),
        Field::Long(number) => *number as f64,
        Field::Int(number) => f64::from(*number),
        Field::Short(number) => f64::from(*number),
        Field::Byte(number) => f64::from(*number),
        Field::UInt(number) => f64::from(*number),
        Field::UShort(number) => f64::from(*number),
        Field::UByte(number) => f64::from(*number),
        Field::Bool(truth) => f64::from(u8::from(*truth)),
        other => return Err(format!("column {name} holds {other}, which is no number")),
    };
    Ok((!number.is_nan()).then_some(number))
}
