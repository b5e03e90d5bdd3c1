//! The columns of a file, from the features a version declared.

use std::sync::Arc;

use modelwatch::Feature;
use modelwatch_log_format::{columns, metadata};
use parquet::basic::{Compression, ConvertedType, Encoding, LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::errors::ParquetError;
use parquet::file::metadata::KeyValue;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::schema::types::{ColumnPath, Type, TypePtr};

/// The columns of a file: those of predictions with these features, in the order they were declared, or those of outcomes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Shape {
    features: Vec<Column>,
    outcomes: bool,
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Column {
    name: Box<str>,
    pub(crate) categorical: bool,
    /// Among the columns of its kind.
    pub(crate) place: usize,
}

impl Shape {
    pub(crate) fn new(features: &[Feature]) -> Self {
        let mut places = [0; 2];
        let column = |feature: &Feature| {
            let categorical = feature.is_categorical();
            let next = &mut places[usize::from(categorical)];
            *next += 1;
            Column {
                name: feature.name().into(),
                categorical,
                place: *next - 1,
            }
        };
        Self {
            features: features.iter().map(column).collect(),
            outcomes: false,
        }
    }

    pub(crate) fn of_outcomes() -> Self {
        Self {
            features: Vec::new(),
            outcomes: true,
        }
    }

    pub(crate) fn is_of_outcomes(&self) -> bool {
        self.outcomes
    }

    /// Takes one more feature, behind the others.
    pub(crate) fn add(&mut self, name: &str, categorical: bool) {
        let place = if categorical {
            self.categorical()
        } else {
            self.numeric()
        };
        self.features.push(Column {
            name: name.into(),
            categorical,
            place,
        });
    }

    /// Of the feature with this name, looked for from a guess on.
    pub(crate) fn position(&self, name: &str, guess: usize) -> Option<usize> {
        let mut order = (guess..self.features.len()).chain(0..guess);
        order.find(|position| *self.features[*position].name == *name)
    }

    pub(crate) fn columns(&self) -> &[Column] {
        &self.features
    }

    pub(crate) fn categorical(&self) -> usize {
        self.features.iter().filter(|column| column.categorical).count()
    }

    pub(crate) fn numeric(&self) -> usize {
        self.features.len() - self.categorical()
    }

    /// Of predictions: time, version, score, class, one column for each feature, and what the prediction belongs to. Of outcomes: time,
    /// id and label.
    pub(crate) fn schema(&self) -> Result<TypePtr, ParquetError> {
        let time = Type::primitive_type_builder(columns::TIME, Physical::INT64)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::MICROS)))
            .build()?;
        if self.outcomes {
            let fields = vec![
                Arc::new(time),
                text(columns::PREDICTION_ID, Repetition::OPTIONAL)?,
                text(columns::LABEL, Repetition::OPTIONAL)?,
            ];
            let outcome = Type::group_type_builder("outcome").with_fields(fields).build()?;
            return Ok(Arc::new(outcome));
        }
        let mut fields = vec![
            Arc::new(time),
            text(columns::MODEL_VERSION, Repetition::REQUIRED)?,
            number(columns::SCORE)?,
            text(columns::CLASS, Repetition::OPTIONAL)?,
        ];
        for column in &self.features {
            let name = columns::feature(&column.name);
            fields.push(if column.categorical {
                text(&name, Repetition::OPTIONAL)?
            } else {
                number(&name)?
            });
        }
        for name in [
            columns::PREDICTION_ID,
            columns::TRACE_ID,
            columns::ROUTE,
            columns::PIPELINE_VERSION,
        ] {
            fields.push(text(name, Repetition::OPTIONAL)?);
        }
        Ok(Arc::new(
            Type::group_type_builder("prediction").with_fields(fields).build()?,
        ))
    }

    /// Times lie close together, so their differences are written. Scores and numbers are written as they are where a
    /// dictionary of them would be long.
    pub(crate) fn properties(&self, model: &str) -> WriterPropertiesPtr {
        let time = || ColumnPath::new(vec![columns::TIME.into()]);
        let notes = [(metadata::MODEL, model), (metadata::FORMAT, metadata::VERSION)];
        let notes = notes.map(|(key, value)| KeyValue::new(key.to_owned(), value.to_owned()));
        let properties = WriterProperties::builder()
            .set_created_by(concat!("modelwatch-log version ", env!("CARGO_PKG_VERSION")).into())
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .set_column_dictionary_enabled(time(), false)
            .set_column_encoding(time(), Encoding::DELTA_BINARY_PACKED)
            .set_key_value_metadata(Some(notes.into()));
        Arc::new(properties.build())
    }
}

fn text(name: &str, repetition: Repetition) -> Result<TypePtr, ParquetError> {
    let field = Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
        .with_repetition(repetition)
        .with_converted_type(ConvertedType::UTF8)
        .with_logical_type(Some(LogicalType::String))
        .build()?;
    Ok(Arc::new(field))
}

fn number(name: &str) -> Result<TypePtr, ParquetError> {
    let field = Type::primitive_type_builder(name, Physical::DOUBLE)
        .with_repetition(Repetition::OPTIONAL)
        .build()?;
    Ok(Arc::new(field))
}
