//! Avro in the format of Confluent's serializers: a byte 0, the schema's id in the registry, and the datum.

use std::borrow::Cow;

use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::types::Value;

use crate::fields::{Field, Fields};
use crate::registry::{AvroSchema, Registry, Unavailable};
use crate::rejection::{Reason, Rejection};

/// The length of the byte 0 and the id.
const HEAD: usize = 5;

/// Why a datum could not be read.
#[derive(Debug)]
pub(crate) enum NotRead {
    Rejected(Rejection),
    /// The registry does not answer. Try again later.
    Later(Unavailable),
}

impl From<Rejection> for NotRead {
    fn from(rejection: Rejection) -> Self {
        Self::Rejected(rejection)
    }
}

pub(crate) fn fields(value: &[u8], registry: &mut Registry) -> Result<Fields<'static>, NotRead> {
    let (head, mut datum) = value.split_at_checked(HEAD).unwrap_or((value, &[]));
    let [0, number @ ..] = head else {
        return Err(malformed(
            "does not begin with a byte 0, by which Confluent's wire format is known",
        ));
    };
    let Ok(number) = number.try_into().map(u32::from_be_bytes) else {
        return Err(malformed("is too short for the number of a schema"));
    };
    let schema = match registry.schema(number) {
        Ok(Ok(schema)) => schema,
        Ok(Err(rejection)) => return Err(rejection.into()),
        Err(unavailable) => return Err(NotRead::Later(unavailable)),
    };
    let AvroSchema { schema, names } = &*schema;
    let reader = GenericDatumReader::builder(schema);
    let read = match names.is_empty() {
        true => reader.build(),
        false => reader
            .writer_schemata(names.iter().collect())
            .and_then(|reader| reader.build()),
    };
    let read = read.and_then(|reader| reader.read_value(&mut datum));
    let value = read.map_err(|error| malformed(format!("does not fit schema {number}: {error}")))?;
    if !datum.is_empty() {
        return Err(malformed(format!(
            "has {} bytes more than schema {number}",
            datum.len()
        )));
    }
    match field(value) {
        Field::Group(fields) => Ok(fields),
        other => Err(malformed(format!(
            "is {} by schema {number}, not a record",
            other.kind()
        ))),
    }
}

fn malformed(problem: impl Into<String>) -> NotRead {
    NotRead::Rejected(Rejection::new(Reason::Malformed, problem))
}

fn field(value: Value) -> Field<'static> {
    const MICROS_PER_DAY: i64 = 86_400_000_000;
    match value {
        Value::Null => Field::Null,
        Value::Boolean(value) => Field::Bool(value),
        Value::Int(value) => Field::Number(value.into()),
        Value::Long(value) => Field::Number(value as f64),
        Value::Float(value) => Field::Number(value.into()),
        Value::Double(value) => Field::Number(value),
        Value::String(text) | Value::Enum(_, text) => Field::Text(Cow::Owned(text)),
        Value::Uuid(id) => Field::Text(Cow::Owned(id.to_string())),
        Value::Union(_, value) => field(*value),
        Value::Date(days) => Field::Time(i64::from(days).saturating_mul(MICROS_PER_DAY)),
        Value::TimestampMillis(millis) | Value::LocalTimestampMillis(millis) => {
            Field::Time(millis.saturating_mul(1000))
        }
        Value::TimestampMicros(micros) | Value::LocalTimestampMicros(micros) => Field::Time(micros),
        Value::TimestampNanos(nanos) | Value::LocalTimestampNanos(nanos) => Field::Time(nanos.div_euclid(1000)),
        Value::Record(fields) => group(fields),
        Value::Map(entries) => group(entries),
        Value::Array(items) => Field::List(items.into_iter().map(field).collect()),
        Value::Bytes(_) | Value::Fixed(..) => Field::Other("bytes"),
        Value::Decimal(_) | Value::BigDecimal(_) => Field::Other("a decimal"),
        Value::TimeMillis(_) | Value::TimeMicros(_) => Field::Other("a time of day"),
        Value::Duration(_) => Field::Other("a duration"),
    }
}

fn group(entries: impl IntoIterator<Item = (String, Value)>) -> Field<'static> {
    let fields = entries
        .into_iter()
        .map(|(name, value)| (Cow::Owned(name), field(value)));
    Field::Group(fields.collect())
}
