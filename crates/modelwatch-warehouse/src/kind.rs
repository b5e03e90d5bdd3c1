//! The kind of a table's column, from the driver's description of an empty answer.

use arrow::datatypes::{DataType, Field};
use modelwatch_drift_job::ColumnHolds;
use modelwatch_drift_job::engine::type_in_words;

/// The kind of a column's values.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Boolean,
    Integer,
    Decimal,
    Double,
    Float,
    Text,
    /// Neither a number nor a category. Holds the type's name for reports.
    Other(String),
}

/// The metadata key under which PostgreSQL's driver gives the server's type.
const POSTGRES_TYPE: &str = "POSTGRESQL:type";

impl Kind {
    pub(crate) fn of(field: &Field) -> Self {
        match field.metadata().get(POSTGRES_TYPE) {
            Some(name) => Self::of_postgres(name, field.data_type()),
            None => Self::of_type(field.data_type()),
        }
    }

    /// What a baseline can use the column for.
    pub(crate) fn holds(&self) -> ColumnHolds {
        match self {
            Self::Boolean => ColumnHolds::Booleans,
            Self::Integer | Self::Decimal | Self::Double | Self::Float => ColumnHolds::Numbers,
            Self::Text => ColumnHolds::Texts,
            Self::Other(_) => ColumnHolds::Other,
        }
    }

    fn of_postgres(name: &str, has: &DataType) -> Self {
        match name {
            "bool" => Self::Boolean,
            "int2" | "int4" | "int8" => Self::Integer,
            "numeric" => Self::Decimal,
            "float8" => Self::Double,
            "float4" => Self::Float,
            "bytea" => Self::Other(type_in_words(has)),
            // Enumerations, addresses, JSON and other types without an Arrow equivalent arrive as text.
            _ if matches!(has, DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View) => Self::Text,
            _ if matches!(
                has,
                DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_)
            ) =>
            {
                Self::Text
            }
            "money" | "oid" => Self::Other(name.to_owned()),
            _ => Self::Other(type_in_words(has)),
        }
    }

    fn of_type(has: &DataType) -> Self {
        match has {
            DataType::Boolean => Self::Boolean,
            DataType::Float64 => Self::Double,
            DataType::Float16 | DataType::Float32 => Self::Float,
            DataType::Decimal32(..) | DataType::Decimal64(..) | DataType::Decimal128(..) | DataType::Decimal256(..) => {
                Self::Decimal
            }
            integer if integer.is_integer() => Self::Integer,
            text if text.is_string() => Self::Text,
            DataType::Dictionary(_, values) => Self::of_type(values),
            DataType::Null => Self::Text,
            other => Self::Other(type_in_words(other)),
        }
    }
}

/// The kind of a time column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeKind {
    /// Instants, with a time zone.
    Instant,
    /// Times without a zone, read as UTC.
    Local,
    /// Days, read as midnight in UTC.
    Date,
    /// Nanoseconds since the epoch, as integers.
    #[cfg(feature = "spark")]
    Nanoseconds,
}

/// Returns the kind of a time column, or `None` if it holds no times.
pub(crate) fn time_kind(has: &DataType) -> Option<TimeKind> {
    match has {
        DataType::Timestamp(_, Some(_)) => Some(TimeKind::Instant),
        DataType::Timestamp(_, None) => Some(TimeKind::Local),
        DataType::Date32 | DataType::Date64 => Some(TimeKind::Date),
        _ => None,
    }
}
