//! Makes a row of the log from the fields of a record.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDateTime};
use modelwatch::FeatureValue;
use modelwatch_log_format::{columns, folders};

use crate::fields::{Field, Fields};
use crate::rejection::{Reason, Rejection};

/// The most features of a row.
const MOST_FEATURES: usize = 1_000;
/// The longest name of a folder or column, in bytes.
const MOST_NAME_BYTES: usize = 255;
/// The times that a folder's name can express: the years 1 to 9999.
const FIRST_TIME: i64 = -62_135_596_800_000_000;
const LAST_TIME: i64 = 253_402_300_799_999_999;

/// The names of fields that differ from the log's columns.
/// The example of [`Intake`](crate::intake::Intake) has one.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Naming {
    /// The model of records that do not name one.
    pub model: Option<String>,
    /// The version of records that do not name one. Defaults to `unknown`.
    pub version: Option<String>,
    /// Pairs of a record's field name and the log's name for it.
    pub renamed: Vec<(String, String)>,
    /// Fields that are not features.
    pub left_out: Vec<String>,
    /// The names of features that arrive as a list, in KServe's first protocol.
    pub positions: Vec<String>,
}

/// The contents of a row, apart from its model's folder.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Row<'a> {
    pub(crate) model: Cow<'a, str>,
    pub(crate) version: Cow<'a, str>,
    pub(crate) time: i64,
    pub(crate) score: Option<f64>,
    pub(crate) class: Option<Cow<'a, str>>,
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) trace_id: Option<Cow<'a, str>>,
    pub(crate) route: Option<Cow<'a, str>>,
    pub(crate) pipeline_version: Option<Cow<'a, str>>,
    pub(crate) features: Vec<(Cow<'a, str>, Value<'a>)>,
}

/// A feature's value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value<'a> {
    Missing,
    Number(f64),
    Text(Cow<'a, str>),
}

impl modelwatch::AsFeatureValue for Value<'_> {
    fn as_feature_value(&self) -> FeatureValue<'_> {
        match self {
            Self::Missing => FeatureValue::Missing,
            Self::Number(number) => FeatureValue::Number(*number),
            Self::Text(text) => FeatureValue::Category(text),
        }
    }
}

/// Values from an envelope, for fields that the record lacks.
#[derive(Clone, Debug, Default)]
pub(crate) struct Envelope<'a> {
    pub(crate) model: Option<Cow<'a, str>>,
    pub(crate) id: Option<Cow<'a, str>>,
    pub(crate) trace_id: Option<Cow<'a, str>>,
    pub(crate) time: i64,
}

impl Naming {
    /// Returns the log's name of a field.
    pub(crate) fn ours<'n>(&'n self, theirs: &'n str) -> &'n str {
        let renamed = self.renamed.iter().find(|(name, _)| name == theirs);
        renamed.map_or(theirs, |(_, ours)| ours)
    }

    /// Makes a row from fields.
    pub(crate) fn row<'a>(&self, fields: Fields<'a>, envelope: Envelope<'a>) -> Result<Row<'a>, Rejection> {
        let mut row = Row {
            time: envelope.time,
            features: Vec::with_capacity(fields.len()),
            ..Row::default()
        };
        let (mut model, mut version, mut time) = (None, None, None);
        for (name, field) in fields {
            let known = match self.ours(&name) {
                "model" | "model_name" => text_into(&mut model, &name, field),
                columns::MODEL_VERSION => text_into(&mut version, &name, field),
                columns::TIME => {
                    if time.is_none() {
                        time = time_of(&name, &field)?;
                    }
                    Ok(())
                }
                columns::SCORE => score_into(&mut row.score, &name, &field),
                columns::CLASS => class_into(&mut row.class, &name, field),
                columns::PREDICTION_ID => text_into(&mut row.id, &name, field),
                columns::TRACE_ID => text_into(&mut row.trace_id, &name, field),
                columns::ROUTE => text_into(&mut row.route, &name, field),
                columns::PIPELINE_VERSION => text_into(&mut row.pipeline_version, &name, field),
                "features" => match field {
                    Field::Null => Ok(()),
                    Field::Group(features) => {
                        for (name, field) in features {
                            row.feature(name, field)?;
                        }
                        Ok(())
                    }
                    other => Err(wrong(&name, &other, "an object")),
                },
                _ if self.left_out.iter().any(|left_out| *left_out == name) => Ok(()),
                ours => {
                    let name = match (columns::feature_name(ours), ours == name) {
                        (Some(feature), _) => Cow::Owned(feature.to_owned()),
                        (None, true) => name,
                        (None, false) => Cow::Owned(ours.to_owned()),
                    };
                    row.feature(name, field)
                }
            };
            known?;
        }
        row.time = time.unwrap_or(envelope.time);
        row.id = row.id.or(envelope.id);
        row.trace_id = row.trace_id.or(envelope.trace_id);
        let model = model.or(envelope.model);
        row.model = self.model_of(model)?;
        row.version = self.version_of(version);
        row.checked()
    }

    pub(crate) fn model_of<'a>(&self, model: Option<Cow<'a, str>>) -> Result<Cow<'a, str>, Rejection> {
        model.or_else(|| self.model.clone().map(Cow::Owned)).ok_or_else(|| {
            Rejection::of_field(
                Reason::MissingField,
                "model",
                "is not there; send it, rename a field to it, or name the model of the whole source",
            )
        })
    }

    pub(crate) fn version_of<'a>(&self, version: Option<Cow<'a, str>>) -> Cow<'a, str> {
        let version = version.or_else(|| self.version.clone().map(Cow::Owned));
        version.unwrap_or(Cow::Borrowed("unknown"))
    }
}

impl<'a> Row<'a> {
    /// Takes a feature. Refuses values that are neither numbers nor texts: stored as missing, they would look like drift.
    pub(crate) fn feature(&mut self, name: Cow<'a, str>, field: Field<'a>) -> Result<(), Rejection> {
        let value = match field {
            Field::Null => Value::Missing,
            Field::Bool(value) => Value::Number(f64::from(u8::from(value))),
            Field::Number(number) => Value::Number(number),
            Field::Text(text) => Value::Text(text),
            other => return Err(wrong(&name, &other, "a number, a text or null")),
        };
        if name.is_empty() || name.len() > MOST_NAME_BYTES {
            return Err(Rejection::of_field(
                Reason::WrongType,
                &name,
                format!(
                    "can't be a feature: its name has {} bytes, and 1 to {MOST_NAME_BYTES} are allowed",
                    name.len()
                ),
            ));
        }
        if self.features.len() >= MOST_FEATURES {
            return Err(Rejection::new(
                Reason::TooManyFeatures,
                format!("more than {MOST_FEATURES} features; leave out fields that are none"),
            ));
        }
        self.features.push((name, value));
        Ok(())
    }

    /// Returns the row if a folder can hold it.
    pub(crate) fn checked(self) -> Result<Self, Rejection> {
        check_folder(&self.model, self.time)?;
        Ok(self)
    }
}

/// Checks that a folder can hold rows of this model and time.
pub(crate) fn check_folder(model: &str, time: i64) -> Result<(), Rejection> {
    let folder = folders::model(model);
    if model.is_empty() || folder.len() > MOST_NAME_BYTES {
        return Err(Rejection::of_field(
            Reason::ModelName,
            "model",
            format!(
                "is a name of {} bytes, whose folder would have {}; use 1 to {MOST_NAME_BYTES}, each character but letters, \
                 digits and -._~ counted three times a byte",
                model.len(),
                folder.len()
            ),
        ));
    }
    if !(FIRST_TIME..=LAST_TIME).contains(&time) {
        return Err(outside("time"));
    }
    Ok(())
}

pub(crate) fn wrong(name: &str, field: &Field<'_>, wanted: &str) -> Rejection {
    let problem = format!("is {}, not {wanted}", field.kind());
    Rejection::of_field(Reason::WrongType, name, problem)
}

fn outside(name: &str) -> Rejection {
    let problem =
        "is outside of the years 1 to 9999; send RFC 3339, or seconds, milliseconds or microseconds since 1970";
    Rejection::of_field(Reason::Time, name, problem)
}

pub(crate) fn text_into<'a>(place: &mut Option<Cow<'a, str>>, name: &str, field: Field<'a>) -> Result<(), Rejection> {
    let text = match field {
        Field::Null => return Ok(()),
        Field::Text(text) => text,
        // An id or a version that its sender stores as a number.
        Field::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => {
            Cow::Owned((number as i64).to_string())
        }
        other => return Err(wrong(name, &other, "a text")),
    };
    place.get_or_insert(text);
    Ok(())
}

/// A class that is a number or a boolean becomes text.
pub(crate) fn class_into<'a>(place: &mut Option<Cow<'a, str>>, name: &str, field: Field<'a>) -> Result<(), Rejection> {
    let text = match field {
        Field::Number(number) => Cow::Owned(number.to_string()),
        Field::Bool(value) => Cow::Borrowed(if value { "true" } else { "false" }),
        other => return text_into(place, name, other),
    };
    place.get_or_insert(text);
    Ok(())
}

/// JSON has no NaN, so libraries send it as text, if at all.
pub(crate) fn score_into(place: &mut Option<f64>, name: &str, field: &Field<'_>) -> Result<(), Rejection> {
    let number = match field {
        Field::Null => return Ok(()),
        Field::Number(number) => *number,
        Field::Text(text) if text.eq_ignore_ascii_case("nan") => return Ok(()),
        other => return Err(wrong(name, other, "a number")),
    };
    place.get_or_insert(number);
    Ok(())
}

/// Returns microseconds since the epoch, from a time, a text in RFC 3339, or a number of seconds, milliseconds, microseconds or
/// nanoseconds. The size of the number decides its unit.
pub(crate) fn time_of(name: &str, field: &Field<'_>) -> Result<Option<i64>, Rejection> {
    match field {
        Field::Null => Ok(None),
        Field::Time(micros) => Ok(Some(*micros)),
        Field::Text(text) => parse_time(text).map(Some).ok_or_else(|| {
            let problem = "is no time; send RFC 3339, such as 2026-04-01T10:00:00Z";
            Rejection::of_field(Reason::WrongType, name, problem)
        }),
        Field::Number(number) => {
            let micros = match number.abs() {
                seconds if seconds < 1e11 => number * 1e6,
                millis if millis < 1e14 => number * 1e3,
                micros if micros < 1e17 => *number,
                _ => number / 1e3,
            };
            // Beyond the exact range of a double, it is rounded, as its sender did.
            match micros.is_finite() && micros.abs() < 9e18 {
                true => Ok(Some(micros.round() as i64)),
                false => Err(outside(name)),
            }
        }
        other => Err(wrong(name, other, "a time")),
    }
}

/// A time without a zone is UTC.
pub(crate) fn parse_time(text: &str) -> Option<i64> {
    let text = text.trim();
    match DateTime::parse_from_rfc3339(text) {
        Ok(time) => Some(time.timestamp_micros()),
        Err(_) => {
            let naive = text.parse::<NaiveDateTime>().ok()?;
            Some(naive.and_utc().timestamp_micros())
        }
    }
}
