//! CloudEvents 1.0: the envelope of an event, in structured or binary mode.

use std::borrow::Cow;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::fields::{Field, Fields, parse_json};
use crate::incoming::Incoming;
use crate::rejection::{Reason, Rejection};
use crate::row::{Envelope, parse_time};

/// The content type of a structured event.
pub(crate) const STRUCTURED: &str = "application/cloudevents+json";
/// The content type of a batch of structured events.
#[cfg(feature = "http")]
pub(crate) const BATCH: &str = "application/cloudevents-batch+json";

/// An event: its attributes, with names in lower case, and its data.
#[derive(Debug)]
pub(crate) struct CloudEvent<'a> {
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
    pub(crate) data: Field<'a>,
}

impl<'a> CloudEvent<'a> {
    /// Reads a record that is an event in either mode.
    pub(crate) fn of(record: &'a Incoming<'_>, value: &'a [u8]) -> Result<Self, Rejection> {
        let structured = record.header("content-type").is_some_and(is_structured);
        let binary = ["ce_specversion", "ce-specversion"]
            .iter()
            .any(|name| record.header(name).is_some());
        match binary && !structured {
            true => Self::binary(record, value),
            false => Self::structured(parse_json(value).map_err(|error| malformed(&error))?),
        }
    }

    /// Reads an event whose attributes are headers and whose data is the value.
    fn binary(record: &'a Incoming<'_>, value: &'a [u8]) -> Result<Self, Rejection> {
        let of_event = |name: &'a str| name.strip_prefix("ce_").or_else(|| name.strip_prefix("ce-"));
        let attributes = record.headers.iter().filter_map(|(name, value)| {
            let value = std::str::from_utf8(value).ok()?;
            Some((Cow::Borrowed(of_event(name)?), Cow::Borrowed(value)))
        });
        let attributes: Vec<_> = attributes.collect();
        let event = Self {
            attributes,
            data: Field::Null,
        }
        .checked()?;
        let data = parse_json(value).map_err(|error| malformed(&error))?;
        Ok(Self { data, ..event })
    }

    /// Reads an event that is one JSON object.
    pub(crate) fn structured(object: Field<'a>) -> Result<Self, Rejection> {
        let Field::Group(fields) = object else {
            let problem = format!("{} instead of a CloudEvent, which is a JSON object", object.kind());
            return Err(Rejection::new(Reason::Malformed, problem));
        };
        let mut event = Self {
            attributes: Vec::with_capacity(fields.len()),
            data: Field::Null,
        };
        for (name, field) in fields {
            match (&*name, field) {
                ("data", field) => event.data = field,
                ("data_base64", Field::Text(text)) => event.data = decode_base64(&text)?,
                ("data_base64", other) => {
                    let problem = format!("is {}, not a text", other.kind());
                    return Err(Rejection::of_field(Reason::WrongType, "data_base64", problem));
                }
                (_, Field::Text(text)) => event.attributes.push((lower(name), text)),
                (_, Field::Number(number)) => event.attributes.push((lower(name), Cow::Owned(number.to_string()))),
                // Extensions of other types are not needed.
                _ => {}
            }
        }
        event.checked()
    }

    fn checked(self) -> Result<Self, Rejection> {
        for required in ["specversion", "id", "source", "type"] {
            if self.attribute(required).is_none_or(str::is_empty) {
                let problem = "is not there; a CloudEvent has specversion, id, source and type";
                return Err(Rejection::of_field(Reason::MissingField, required, problem));
            }
        }
        if !self
            .attribute("specversion")
            .is_some_and(|version| version.starts_with("1."))
        {
            let problem = "is not 1.0, which alone is read";
            return Err(Rejection::of_field(Reason::Malformed, "specversion", problem));
        }
        Ok(self)
    }

    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        let of_name = self.attributes.iter().find(|(known, _)| known == name);
        of_name.map(|(_, value)| &**value)
    }

    /// Returns what the attributes say about a row. The id is the event's own unless the data has one.
    pub(crate) fn envelope(&self, arrived: i64) -> Result<Envelope<'static>, Rejection> {
        let owned = |name: &str| self.attribute(name).map(|value| Cow::Owned(value.to_owned()));
        let time = match self.attribute("time") {
            None => arrived,
            Some(text) => parse_time(text).ok_or_else(|| {
                Rejection::of_field(
                    Reason::Time,
                    "time",
                    "is no time; send RFC 3339, such as 2026-04-01T10:00:00Z",
                )
            })?,
        };
        // W3C trace context: version, trace, parent, flags.
        let trace_id = self
            .attribute("traceparent")
            .and_then(|parent| parent.split('-').nth(1));
        Ok(Envelope {
            model: owned("inferenceservicename"),
            id: owned("id"),
            trace_id: trace_id.map(|trace_id| Cow::Owned(trace_id.to_owned())),
            time,
        })
    }

    /// Returns the fields of the data, which is a JSON object or a string that contains one.
    pub(crate) fn fields(self) -> Result<Fields<'a>, Rejection> {
        match self.data {
            Field::Group(fields) => Ok(fields),
            other => {
                let problem = format!("is {}, not an object", other.kind());
                Err(Rejection::of_field(Reason::WrongType, "data", problem))
            }
        }
    }
}

/// Whether a content type is that of a structured event, with any parameters.
pub(crate) fn is_structured(content_type: &str) -> bool {
    media_type(content_type).eq_ignore_ascii_case(STRUCTURED)
}

/// A content type without its parameters.
pub(crate) fn media_type(content_type: &str) -> &str {
    content_type.split(';').next().unwrap_or_default().trim()
}

fn lower(name: Cow<'_, str>) -> Cow<'_, str> {
    match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(name.to_ascii_lowercase()),
        false => name,
    }
}

fn decode_base64<'a>(text: &str) -> Result<Field<'a>, Rejection> {
    let refused = |problem: String| Rejection::of_field(Reason::Malformed, "data_base64", problem);
    let bytes = BASE64_STANDARD
        .decode(text)
        .map_err(|error| refused(format!("is no base64: {error}")))?;
    let field = parse_json(&bytes).map_err(|error| refused(format!("holds no JSON: {error}")))?;
    Ok(field.into_owned())
}

pub(crate) fn malformed(error: &serde_json::Error) -> Rejection {
    let hint = match error.to_string().contains("expected value") {
        true => "; NaN and Infinity are no JSON: send null",
        false => "",
    };
    Rejection::new(Reason::Malformed, format!("is no JSON: {error}{hint}"))
}
