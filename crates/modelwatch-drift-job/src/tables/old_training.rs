//! The files a model was trained on: Parquet, CSV with a header, or JSON-lines.

use std::collections::HashMap;
use std::path::{Path, absolute};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use datafusion::arrow::array::{Array, AsArray};
use datafusion::arrow::datatypes::{DataType, Field, Float64Type, Schema, TimeUnit, TimestampMicrosecondType};
use datafusion::common::DataFusionError;
use datafusion::logical_expr::{cast, col, ident, try_cast};
use datafusion::prelude::{
    CsvReadOptions, DataFrame, JsonReadOptions, ParquetReadOptions, SessionConfig, SessionContext,
};
use futures::TryStreamExt as _;
use object_store::ObjectStoreExt as _;

use super::error::EngineError;
use super::store::Store;

/// Values of numbers held in memory at the same time, about; more columns than fit are read in several passes.
const VALUES_AT_ONCE: u64 = 1 << 25;
/// What stands for no value in CSV.
const NO_VALUE: [&str; 8] = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"];

/// How a column of training is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Integers, floats, decimals, booleans as 0 and 1; and strings where the user says so, of which those that are no
    /// number count as missing.
    Numeric,
    /// Strings; and numbers where the user says so.
    Categorical,
}

/// One column, read whole.
#[derive(Clone, Debug)]
pub enum TrainingColumn {
    /// Values in no order, and how many rows have none.
    Numbers(Vec<f64>, u64),
    /// Rows by category, and how many rows have none.
    Categories(HashMap<String, u64>, u64),
}

/// One file.
#[derive(Clone, Debug)]
pub struct TrainingFile {
    /// Its path or URL.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// The times of its first and its last row, where a column of times was named.
    pub times: Option<(DateTime<Utc>, DateTime<Utc>)>,
    table: DataFrame,
    /// Whether every value is text as the file has it.
    text: bool,
}

/// Files that were found and can be read.
#[derive(Clone, Debug)]
pub struct Training {
    files: Vec<TrainingFile>,
    columns: Vec<(String, Option<Kind>)>,
}

impl Training {
    /// Finds files by paths, URLs and globs (`data/train-*.parquet`), and what columns they have. The ending of a name tells its
    /// format: `.parquet`, `.csv`, `.jsonl`, `.ndjson` or `.json`. `time` names the column of the rows' time.
    ///
    /// # Errors
    ///
    /// A pattern that finds nothing, an ending or a file that cannot be read, files that disagree about a column, or no such column
    /// of times.
    pub async fn open(patterns: &[String], time: Option<&str>, threads: usize) -> Result<Self, EngineError> {
        let context = SessionContext::new_with_config(SessionConfig::new().with_target_partitions(threads.max(1)));
        let mut training = Self {
            files: Vec::new(),
            columns: Vec::new(),
        };
        for pattern in patterns {
            for address in expand(pattern, &context).await? {
                let (table, schema) = open(&context, &address)
                    .await
                    .map_err(|problem| refused(&address, problem))?;
                training.add(&address, &schema)?;
                let counted = table.clone().count().await;
                let rows = counted.map_err(|error| refused(&address, error.strip_backtrace()))? as u64;
                let times = match time {
                    Some(time) => times(&table, time)
                        .await
                        .map_err(|problem| refused(&address, problem))?,
                    None => None,
                };
                training.files.push(TrainingFile {
                    text: ending(&address) == "csv",
                    name: address,
                    rows,
                    times,
                    table,
                });
            }
        }
        if training.files.is_empty() {
            return Err(refused("training files", "none is named; name at least one"));
        }
        Ok(training)
    }

    fn add(&mut self, address: &str, schema: &Schema) -> Result<(), EngineError> {
        for field in schema.fields() {
            let kind = kind(field.data_type());
            match self.columns.iter_mut().find(|(name, _)| name == field.name()) {
                // A column without a single value in one file has the type another file gives it.
                Some((_, known)) if known.is_none() => *known = kind,
                Some((_, known)) if *known != kind && *field.data_type() != DataType::Null => {
                    return Err(refused(
                        address,
                        format!(
                            "has another type in the column {:?} than the files before it; say which it is",
                            field.name()
                        ),
                    ));
                }
                Some(_) => {}
                None => self.columns.push((field.name().clone(), kind)),
            }
        }
        Ok(())
    }

    /// The files, in the order in which they were named.
    #[must_use]
    pub fn files(&self) -> &[TrainingFile] {
        &self.files
    }

    /// The columns in the order of the files, with what they are taken for: nothing for what is neither, such as times and lists.
    #[must_use]
    pub fn columns(&self) -> &[(String, Option<Kind>)] {
        &self.columns
    }

    /// Rows of all files.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.files.iter().map(|file| file.rows).sum()
    }

    /// Reads columns whole, as many in one pass as fit into memory, and hands them over one after the other.
    ///
    /// # Errors
    ///
    /// A file that breaks while it is read, or what `take` returns.
    pub async fn read<E: From<EngineError>>(
        &self,
        columns: &[(String, Kind)],
        mut take: impl FnMut(&str, TrainingColumn) -> Result<(), E>,
    ) -> Result<(), E> {
        let at_once = (VALUES_AT_ONCE / self.rows().max(1)).clamp(1, 1_000) as usize;
        for columns in columns.chunks(at_once) {
            let mut read: Vec<_> = columns.iter().map(|(_, kind)| TrainingColumn::empty(*kind)).collect();
            for file in &self.files {
                let broken = |error: DataFusionError| refused(&file.name, error.strip_backtrace());
                file.read(columns, &mut read).await.map_err(broken)?;
            }
            for ((name, _), column) in columns.iter().zip(read) {
                take(name, column)?;
            }
        }
        Ok(())
    }
}

impl TrainingFile {
    async fn read(&self, columns: &[(String, Kind)], into: &mut [TrainingColumn]) -> Result<(), DataFusionError> {
        let has = |name: &str| self.table.schema().fields().iter().any(|field| field.name() == name);
        let mut places = Vec::new();
        let mut selected = Vec::new();
        for (place, (name, kind)) in columns.iter().enumerate() {
            if has(name) {
                places.push(place);
                selected.push(match kind {
                    Kind::Numeric => try_cast(ident(name), DataType::Float64).alias(place.to_string()),
                    Kind::Categorical => cast(ident(name), DataType::Utf8View).alias(place.to_string()),
                });
            } else {
                into[place].add_missing(self.rows);
            }
        }
        if selected.is_empty() {
            return Ok(());
        }
        let mut batches = self.table.clone().select(selected)?.execute_stream().await?;
        while let Some(batch) = batches.try_next().await? {
            for (place, values) in places.iter().zip(batch.columns()) {
                into[*place].add(values, self.text);
            }
        }
        Ok(())
    }
}

impl TrainingColumn {
    fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Numeric => Self::Numbers(Vec::new(), 0),
            Kind::Categorical => Self::Categories(HashMap::new(), 0),
        }
    }

    fn add_missing(&mut self, rows: u64) {
        let (Self::Numbers(_, missing) | Self::Categories(_, missing)) = self;
        *missing += rows;
    }

    fn add(&mut self, values: &dyn Array, text: bool) {
        match self {
            Self::Numbers(numbers, missing) => {
                for value in values.as_primitive::<Float64Type>() {
                    match value.filter(|value| !value.is_nan()) {
                        Some(value) => numbers.push(value),
                        None => *missing += 1,
                    }
                }
            }
            Self::Categories(categories, missing) => {
                for value in values.as_string_view() {
                    match value.filter(|value| !text || !NO_VALUE.contains(value)) {
                        None => *missing += 1,
                        Some(value) => match categories.get_mut(value) {
                            Some(rows) => *rows += 1,
                            None => {
                                categories.insert(value.to_owned(), 1);
                            }
                        },
                    }
                }
            }
        }
    }
}

fn refused(address: &str, problem: impl Into<String>) -> EngineError {
    EngineError::Store {
        address: address.into(),
        problem: problem.into(),
    }
}

fn kind(data_type: &DataType) -> Option<Kind> {
    match data_type {
        DataType::Boolean => Some(Kind::Numeric),
        numeric if numeric.is_numeric() => Some(Kind::Numeric),
        string if string.is_string() => Some(Kind::Categorical),
        DataType::Dictionary(_, values) => kind(values),
        _ => None,
    }
}

/// The paths or URLs that a pattern stands for, sorted.
async fn expand(pattern: &str, context: &SessionContext) -> Result<Vec<String>, EngineError> {
    let local = match pattern.split_once("://") {
        None => pattern,
        Some(("file", path)) => path,
        Some(_) => return remote(pattern, context).await,
    };
    if Path::new(local).is_file() {
        return Ok(vec![local.into()]);
    }
    let found = glob::glob(local).map_err(|error| refused(pattern, format!("is no pattern of paths: {error}")))?;
    let mut paths = Vec::new();
    for path in found {
        let path = path.map_err(|error| refused(pattern, error.to_string()))?;
        if path.is_file() {
            paths.push(path.to_string_lossy().into_owned());
        }
    }
    if paths.is_empty() {
        return Err(refused(pattern, "there is no such file; mend the path or the pattern"));
    }
    Ok(paths)
}

/// One object of a bucket.
async fn remote(address: &str, context: &SessionContext) -> Result<Vec<String>, EngineError> {
    let store = Store::open(address)?;
    store
        .objects
        .head(&store.prefix)
        .await
        .map_err(|error| EngineError::list(&store, &error))?;
    let host = address.split('/').take(3).collect::<Vec<_>>().join("/");
    let url = datafusion::execution::object_store::ObjectStoreUrl::parse(&host);
    let url = url.map_err(|error| refused(address, error.strip_backtrace()))?;
    context.register_object_store(url.as_ref(), store.objects);
    Ok(vec![address.into()])
}

/// The ending of a name, which tells its format.
fn ending(address: &str) -> String {
    let ending = address.rsplit_once('.').map(|(_, ending)| ending.to_ascii_lowercase());
    ending.unwrap_or_default()
}

/// The file as a table, and the types its columns have.
async fn open(context: &SessionContext, address: &str) -> Result<(DataFrame, Schema), String> {
    let url = if address.contains("://") {
        address.to_owned()
    } else {
        let path = absolute(address).map_err(|error| error.to_string())?;
        let encoded = percent_encoding::utf8_percent_encode(&path.to_string_lossy(), UNSAFE_IN_PATHS).to_string();
        format!("file://{encoded}")
    };
    let ending = ending(address);
    let table = match ending.as_str() {
        "parquet" => {
            let options = ParquetReadOptions::default();
            context
                .read_parquet(
                    url,
                    ParquetReadOptions {
                        file_extension: "",
                        ..options
                    },
                )
                .await
        }
        "csv" => {
            return csv(context, url)
                .await
                .map_err(|error| format!("cannot be read as csv: {}", error.strip_backtrace()));
        }
        "jsonl" | "ndjson" | "json" => {
            let options = JsonReadOptions::default()
                .file_extension("")
                .schema_infer_max_records(usize::MAX);
            context.read_json(url, options).await
        }
        _ => {
            return Err(
                "has a name that does not tell its format; end it in .parquet, .csv, .jsonl, .ndjson or .json".into(),
            );
        }
    };
    let table = table.map_err(|error| format!("cannot be read as {ending}: {}", error.strip_backtrace()))?;
    let schema = table.schema().as_arrow().clone();
    Ok((table, schema))
}

/// The types are those of the values that are any. The table has them as text: the reader knows one way only to write that
/// there is no value, and gives up on the others.
async fn csv(context: &SessionContext, url: String) -> Result<(DataFrame, Schema), DataFusionError> {
    let no_value = format!("^({})$", NO_VALUE.join("|"));
    let options = CsvReadOptions::new().file_extension("");
    let guess = options
        .clone()
        .schema_infer_max_records(usize::MAX)
        .null_regex(Some(no_value));
    let schema = context.read_csv(&url, guess).await?.schema().as_arrow().clone();
    let text = |field: &Arc<Field>| match field.data_type() {
        DataType::Boolean => field.clone(),
        _ => Arc::new(Field::new(field.name(), DataType::Utf8, true)),
    };
    let texts = Schema::new(schema.fields().iter().map(text).collect::<Vec<_>>());
    let table = context.read_csv(&url, options.schema(&texts)).await?;
    Ok((table, schema))
}

/// What has a meaning of its own in a URL, and what is no part of one.
const UNSAFE_IN_PATHS: &percent_encoding::AsciiSet = &percent_encoding::CONTROLS
    .add(b' ')
    .add(b'%')
    .add(b'?')
    .add(b'#')
    .add(b'*')
    .add(b'[')
    .add(b']')
    .add(b'"')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The times of the first and the last row.
async fn times(table: &DataFrame, time: &str) -> Result<Option<(DateTime<Utc>, DateTime<Utc>)>, String> {
    use datafusion::functions_aggregate::expr_fn::{max, min};
    if !table.schema().fields().iter().any(|field| field.name() == time) {
        let names: Vec<_> = table
            .schema()
            .fields()
            .iter()
            .map(|field| field.name().as_str())
            .collect();
        return Err(format!("has no column {time:?} of times; it has {}", names.join(", ")));
    }
    let instant = DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let instant = cast(ident(time), instant);
    let range = async {
        let times = table.clone().select(vec![instant.alias("time")])?;
        times
            .aggregate(Vec::new(), vec![min(col("time")), max(col("time"))])?
            .collect()
            .await
    };
    let range = range
        .await
        .map_err(|error| format!("has no times in the column {time:?}: {}", error.strip_backtrace()))?;
    let end = |column: usize| {
        let times = range.first()?.column(column).as_primitive::<TimestampMicrosecondType>();
        DateTime::from_timestamp_micros(times.iter().next()??)
    };
    Ok(end(0).zip(end(1)))
}
