//! Decodes records, by the format of their source.

use std::borrow::Cow;

use crate::cloud_event::{CloudEvent, malformed};
use crate::fields::{Field, Fields, parse_json};
use crate::incoming::Incoming;
use crate::kserve::{self, Half};
use crate::outcome::Outcome;
#[cfg(feature = "avro")]
use crate::registry::{Registry, Unavailable};
use crate::rejection::{Reason, Rejection};
use crate::row::{Envelope, Naming, Row};

/// The format of a source's records.
/// The example of [`Intake`](crate::intake::Intake) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum Format {
    /// One JSON object per record, one row.
    Json,
    /// CloudEvents 1.0 in JSON, structured or binary. Joins those of KServe's logger; each other event is one row.
    CloudEvents,
    /// Avro in Confluent's wire format, one row per record.
    #[cfg(feature = "avro")]
    Avro(Box<Registry>),
}

/// Turns records into rows.
/// The example of [`Intake`](crate::intake::Intake) has one.
#[derive(Debug)]
pub struct Decoder {
    format: Format,
    naming: Naming,
    most_bytes: usize,
    holds: Holds,
}

/// The contents of records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Holds {
    #[default]
    Predictions,
    Outcomes,
}

/// The contents of a record.
pub(crate) enum Decoded<'a> {
    Row(Row<'a>),
    Half(Half),
    Outcome(Outcome<'a>),
}

/// Why a record could not be decoded.
#[derive(Debug)]
pub(crate) enum NotDecoded {
    Rejected(Rejection),
    /// Something that is needed to read it is not available now.
    #[cfg(feature = "avro")]
    Later(Unavailable),
}

impl From<Rejection> for NotDecoded {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

impl Decoder {
    /// Makes a decoder for records of a format, with these names of fields. It refuses records longer than 1 MiB.
    #[must_use]
    pub fn new(format: Format, naming: Naming) -> Self {
        Self {
            format,
            naming,
            most_bytes: 1 << 20,
            holds: Holds::Predictions,
        }
    }

    /// Reads records as outcomes. Each must have a `prediction_id` and a `label`, and goes where
    /// [`record_outcome`](modelwatch_log::ModelLog::record_outcome) of a service puts labels.
    ///
    /// ```
    /// # use modelwatch_ingest::{Counts, Decoder, Format, Incoming, Intake, Limits, Naming};
    /// # let root = std::env::temp_dir().join(format!("modelwatch-ingest-outcomes-{}", std::process::id()));
    /// # std::fs::create_dir_all(&root)?;
    /// # let counts = Counts::new("labels", &modelwatch::Monitor::new());
    /// let decoder = Decoder::new(Format::Json, Naming::default()).outcomes();
    /// let mut intake = Intake::open(&root, "labels", "all", decoder, Limits::default(), counts)?;
    /// let mut record = Incoming::default();
    /// record.value = Some(br#"{"model": "claims", "time": "2026-04-15T08:00:00Z", "prediction_id": "claim-4711", "label": "honest"}"#);
    /// intake.take(&record)?;
    /// intake.commit()?;
    /// assert!(root.join("outcomes/model=claims/date=2026-04-15/hour=08").is_dir());
    /// # std::fs::remove_dir_all(root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn outcomes(mut self) -> Self {
        self.holds = Holds::Outcomes;
        self
    }

    /// Sets the largest record in bytes. Defaults to 1 MiB.
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
                Ok(self.fields(fields, arrived(record))?)
            }
            Format::CloudEvents => Ok(self.event(CloudEvent::of(record, value)?, record.time, self.holds)?),
            #[cfg(feature = "avro")]
            Format::Avro(registry) => match crate::avro::fields(value, registry) {
                Ok(fields) => Ok(self.fields(fields, arrived(record))?),
                Err(crate::avro::NotRead::Rejected(rejection)) => Err(rejection.into()),
                Err(crate::avro::NotRead::Later(unavailable)) => Err(NotDecoded::Later(unavailable)),
            },
        }
    }

    fn fields<'a>(&self, fields: Fields<'a>, envelope: Envelope<'a>) -> Result<Decoded<'a>, Rejection> {
        Ok(match self.holds {
            Holds::Predictions => Decoded::Row(self.naming.row(fields, envelope)?),
            Holds::Outcomes => Decoded::Outcome(self.naming.outcome(fields, envelope)?),
        })
    }

    /// Decodes a structured event.
    pub(crate) fn event<'a>(
        &self,
        event: CloudEvent<'a>,
        arrived: i64,
        holds: Holds,
    ) -> Result<Decoded<'a>, Rejection> {
        if holds == Holds::Outcomes {
            // The id is the event's; its subject is the prediction.
            let envelope = Envelope {
                id: event.attribute("subject").map(|subject| Cow::Owned(subject.to_owned())),
                ..event.envelope(arrived)?
            };
            return Ok(Decoded::Outcome(self.naming.outcome(event.fields()?, envelope)?));
        }
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
