//! What a record is made into, by the format of its source.

use crate::cloud_event::{CloudEvent, malformed};
use crate::fields::{Field, parse_json};
use crate::incoming::Incoming;
use crate::kserve::{self, Half};
#[cfg(feature = "avro")]
use crate::registry::{Registry, Unavailable};
use crate::rejection::{Reason, Rejection};
use crate::row::{Envelope, Naming, Row};

/// The format of a source's records.
#[derive(Debug)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object a record, one row.
    Json,
    /// CloudEvents 1.0 in JSON, structured or binary. Those of KServe's logger are joined, others carry one row each.
    CloudEvents,
    /// Avro in Confluent's wire format, one row a record.
    #[cfg(feature = "avro")]
    Avro(Box<Registry>),
}

/// Makes rows of records.
#[derive(Debug)]
pub struct Decoder {
    format: Format,
    naming: Naming,
    most_bytes: usize,
}

/// What a record says.
pub(crate) enum Decoded<'a> {
    Row(Row<'a>),
    Half(Half),
}

/// Why it says nothing.
#[derive(Debug)]
pub(crate) enum NotDecoded {
    Rejected(Rejection),
    /// What it takes to read it is not to be had now.
    #[cfg(feature = "avro")]
    Later(Unavailable),
}

impl From<Rejection> for NotDecoded {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl Decoder {
    /// Reads records of a format, with names as given. Longer records than 1 MiB are refused.
    #[must_use]
    pub fn new(format: Format, naming: Naming) -> Self {
        Self {
            format,
            naming,
            most_bytes: 1 << 20,
        }
    }

    /// Sets the most bytes of a record. Defaults to 1 MiB.
    #[must_use]
    pub fn most_bytes(mut self, bytes: usize) -> Self {
        self.most_bytes = bytes;
        self
    }

    pub(crate) fn naming(&self) -> &Naming {
        &self.naming
    }

    pub(crate) fn decode<'a>(&mut self, record: &'a Incoming<'_>) -> Result<Decoded<'a>, NotDecoded> {
        let value = match record.value {
            None | Some([]) => return Err(Rejection::new(Reason::Empty, "has no value").into()),
            Some(value) => value,
        };
        if value.len() > self.most_bytes {
            let problem = format!(
                "has {} bytes, and {} are the most that are taken",
                value.len(),
                self.most_bytes
            );
            return Err(Rejection::new(Reason::TooLarge, problem).into());
        }
        match &mut self.format {
            Format::Json => {
                let fields = match parse_json(value).map_err(|error| malformed(&error))? {
                    Field::Group(fields) => fields,
                    other => {
                        let problem = format!("is {}, not an object", other.kind());
                        return Err(Rejection::new(Reason::Malformed, problem).into());
                    }
                };
                Ok(Decoded::Row(self.naming.row(fields, arrived(record))?))
            }
            Format::CloudEvents => Ok(self.event(CloudEvent::of(record, value)?, record.time)?),
            #[cfg(feature = "avro")]
            Format::Avro(registry) => match crate::avro::fields(value, registry) {
                Ok(fields) => Ok(Decoded::Row(self.naming.row(fields, arrived(record))?)),
                Err(crate::avro::NotRead::Rejected(rejection)) => Err(rejection.into()),
                Err(crate::avro::NotRead::Later(unavailable)) => Err(NotDecoded::Later(unavailable)),
            },
        }
    }

    /// What an event says, that came whole.
    pub(crate) fn event<'a>(&self, event: CloudEvent<'a>, arrived: i64) -> Result<Decoded<'a>, Rejection> {
        match kserve::is_of_kserve(&event) {
            true => Ok(Decoded::Half(Half::of(event, arrived, &self.naming)?)),
            false => {
                let envelope = event.envelope(arrived)?;
                Ok(Decoded::Row(self.naming.row(event.fields()?, envelope)?))
            }
        }
    }
}

fn arrived(record: &Incoming<'_>) -> Envelope<'static> {
    Envelope {
        time: record.time,
        ..Envelope::default()
    }
}
