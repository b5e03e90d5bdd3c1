//! Names the types of columns in words that readers of a report use.

use arrow_schema::DataType;

/// Returns a plural for values of a type, for use in a sentence: "numbers", "text", "dates and times", "objects";
/// Arrow's name of the type if there is no such word.
#[must_use]
pub fn type_in_words(data_type: &DataType) -> String {
    let word = match data_type {
        DataType::Dictionary(_, values) => return type_in_words(values),
        DataType::RunEndEncoded(_, values) => return type_in_words(values.data_type()),
        DataType::Boolean => "booleans",
        DataType::Null => "text",
        DataType::Timestamp(..) | DataType::Date32 | DataType::Date64 => "dates and times",
        DataType::Time32(_) | DataType::Time64(_) => "times of day",
        DataType::Duration(_) | DataType::Interval(_) => "durations",
        DataType::Struct(_) | DataType::Map(..) => "objects",
        DataType::Binary | DataType::LargeBinary | DataType::BinaryView | DataType::FixedSizeBinary(_) => "bytes",
        text if text.is_string() => "text",
        number if number.is_numeric() => "numbers",
        list if list.is_list() => "lists",
        other => return other.to_string(),
    };
    word.to_owned()
}
