//! What a record is made into, by the format of its source.

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
/// The example of [`Intake`] has one.
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
/// The example of [`Intake`] has one.
#[derive(Debug)]
pub struct Decoder {
    format: Format,
    naming: Naming,
    most_bytes: usize,
    holds: Holds,
}

/// What records are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Holds {
    #[default]
    Predictions,
    Outcomes,
}

/// What a record says.
pub(crate) enum Decoded<'a> {
    Row(Row<'a>),
    Half(Half),
    Outcome(Outcome<'a>),
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
            holds: Holds::Predictions,
        }
    }

    /// Reads records as outcomes: each has a `prediction_id` and a `label`, and goes where a service's
    /// [`record_outcome`](modelwatch_log::ModelLog::record_outcome) puts labels.
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

    /// What an event says, that came whole.
    pub(crate) fn event<'a>(
        &self,
        event: CloudEvent<'a>,
        arrived: i64,
        holds: Holds,
    ) -> Result<Decoded<'a>, Rejection> {
        if holds == Holds::Outcomes {
            // Its id is that of the event; what it is about is the prediction.
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
