//! The fields of a record in any format, from which rows are made.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// Fields in order. If a name occurs twice, the first one counts.
pub(crate) type Fields<'a> = Vec<(Cow<'a, str>, Field<'a>)>;

/// One value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Field<'a> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'a, str>),
    /// Microseconds since the epoch, from a format with a time type.
    Time(i64),
    Group(Fields<'a>),
    List(Vec<Field<'a>>),
    /// A type that the log can't store, by name.
    Other(&'static str),
}

impl Field<'_> {
    /// Returns the type's name for a message.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a text",
            Self::Time(_) => "a time",
            Self::Group(_) => "an object",
            Self::List(_) => "a list",
            Self::Other(kind) => kind,
        }
    }
}

/// Parses the fields of a JSON object.
pub(crate) fn parse_json(bytes: &[u8]) -> Result<Field<'_>, serde_json::Error> {
    serde_json::from_slice(bytes)
}

impl<'de: 'a, 'a> Deserialize<'de> for Field<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfField;

        impl<'de> Visitor<'de> for OfField {
            type Value = Field<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON value")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
                Ok(Field::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Self::Value, E> {
                Ok(Field::Number(value as f64))
            }

            fn visit_u64<E>(self, value: u64) -> Result<Self::Value, E> {
                Ok(Field::Number(value as f64))
            }

            fn visit_f64<E>(self, value: f64) -> Result<Self::Value, E> {
                Ok(Field::Number(value))
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Field::Text(Cow::Borrowed(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Field::Text(Cow::Owned(value.to_owned())))
            }

            fn visit_unit<E>(self) -> Result<Self::Value, E> {
                Ok(Field::Null)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    list.push(item);
                }
                Ok(Field::List(list))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self::Value, A::Error> {
                let mut fields = Fields::new();
                while let Some(Name(name)) = entries.next_key()? {
                    fields.push((name, entries.next_value()?));
                }
                Ok(Field::Group(fields))
            }
        }

        deserializer.deserialize_any(OfField)
    }
}

/// A field's name, borrowed if it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfName;

        impl<'de> Visitor<'de> for OfName {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a field's name")
            }

            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Borrowed(value)))
            }

            fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
                Ok(Name(Cow::Owned(value.to_owned())))
            }
        }

        deserializer.deserialize_str(OfName)
    }
}

impl Field<'_> {
    /// Returns the same field, independent of the record's text.
    pub(crate) fn into_owned(self) -> Field<'static> {
        match self {
            Self::Null => Field::Null,
            Self::Bool(value) => Field::Bool(value),
            Self::Number(number) => Field::Number(number),
            Self::Text(text) => Field::Text(Cow::Owned(text.into_owned())),
            Self::Time(micros) => Field::Time(micros),
            Self::List(list) => Field::List(list.into_iter().map(Self::into_owned).collect()),
            Self::Other(kind) => Field::Other(kind),
            Self::Group(fields) => {
                let owned = fields
                    .into_iter()
                    .map(|(name, field)| (Cow::Owned(name.into_owned()), field.into_owned()));
                Field::Group(owned.collect())
            }
        }
    }
}
