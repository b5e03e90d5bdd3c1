//! Events of KServe's logger: one with a request of a model server, and one with its response, in the first or the second
//! inference protocol.
//!
//! A request has rows of features, and its response has a prediction for each row. Both events have the same id.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::cloud_event::CloudEvent;
use crate::fields::{Field, Fields};
use crate::rejection::{Reason, Rejection};
use crate::row::{Naming, Row, Value};

/// The most rows of one request.
const MOST_ROWS: usize = 100_000;

/// One of a request's two events. It outlives its record while it waits for the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Half {
    pub(crate) model: String,
    pub(crate) id: String,
    version: Option<String>,
    trace_id: Option<String>,
    /// The event's time, in microseconds since the epoch.
    pub(crate) time: i64,
    says: Says,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Says {
    /// The features of each row. `None` for a missing one.
    Request(Vec<HeldRow>),
    /// The score and class of each row.
    Response(Vec<Prediction>),
}

/// The features of a row. `None` for a missing one.
type HeldRow = Vec<(String, Option<Held>)>;
/// Score and class.
type Prediction = (Option<f64>, Option<String>);

/// A feature's value. A number that is not finite is stored as text, because JSON has none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Held {
    Number(f64),
    Text(String),
}

/// Whether an event is one of the two.
pub(crate) fn is_of_kserve(event: &CloudEvent<'_>) -> bool {
    event.attribute("type").is_some_and(|kind| kind_of(kind).is_some())
}

fn kind_of(kind: &str) -> Option<bool> {
    match kind.strip_prefix("org.kubeflow.serving.inference.")? {
        "request" => Some(true),
        "response" => Some(false),
        _ => None,
    }
}

impl Half {
    pub(crate) fn of(event: CloudEvent<'_>, arrived: i64, naming: &Naming) -> Result<Self, Rejection> {
        let is_request = event.attribute("type").and_then(kind_of) == Some(true);
        let envelope = event.envelope(arrived)?;
        let model = naming.model_of(envelope.model)?.into_owned();
        let id = envelope.id.map(Cow::into_owned).unwrap_or_default();
        let fields = event.fields()?;
        let version = fields.iter().find(|(name, _)| name == "model_version");
        let version = version.and_then(|(_, version)| match version {
            Field::Text(text) => Some(text.clone().into_owned()),
            _ => None,
        });
        let says = match is_request {
            true => Says::Request(request(fields, naming)?),
            false => Says::Response(response(fields)?),
        };
        Ok(Self {
            model,
            id,
            version,
            trace_id: envelope.trace_id.map(Cow::into_owned),
            time: envelope.time,
            says,
        })
    }

    pub(crate) fn is_request(&self) -> bool {
        matches!(self.says, Says::Request(_))
    }

    /// The approximate memory it takes.
    pub(crate) fn bytes(&self) -> usize {
        const EACH: usize = 64;
        let inside: usize = match &self.says {
            Says::Request(rows) => {
                let of_row = |row: &HeldRow| -> usize {
                    let of_value = |(name, value): &(String, Option<Held>)| {
                        EACH + name.len()
                            + match value {
                                Some(Held::Text(text)) => text.len(),
                                _ => 0,
                            }
                    };
                    EACH + row.iter().map(of_value).sum::<usize>()
                };
                rows.iter().map(of_row).sum()
            }
            Says::Response(rows) => rows.len() * EACH,
        };
        inside + self.model.len() + self.id.len() + 4 * EACH
    }

    /// Makes the rows of a request and its response. If the other half never came, features or scores are missing.
    pub(crate) fn rows(self, other: Option<Self>, naming: &Naming) -> Result<Vec<Row<'static>>, Rejection> {
        let (request, response) = match (self.is_request(), other) {
            (true, other) => (Some(self), other),
            (false, other) => (other, Some(self)),
        };
        let features = match &request {
            Some(Self {
                says: Says::Request(rows),
                ..
            }) => Some(rows),
            _ => None,
        };
        let predictions = match &response {
            Some(Self {
                says: Says::Response(rows),
                ..
            }) => Some(rows),
            _ => None,
        };
        if let (Some(features), Some(predictions)) = (features, predictions)
            && features.len() != predictions.len()
        {
            let problem = format!(
                "the response has {} predictions, and its request {} rows",
                predictions.len(),
                features.len()
            );
            return Err(Rejection::new(Reason::Malformed, problem));
        }
        let count = features.map(Vec::len).or(predictions.map(Vec::len)).unwrap_or(0);
        // The time of the prediction is that of the response.
        let Some(last) = response.as_ref().or(request.as_ref()) else {
            return Ok(Vec::new());
        };
        let version = response.as_ref().and_then(|half| half.version.clone());
        let version = version.or_else(|| request.as_ref().and_then(|half| half.version.clone()));
        let trace_id = request.as_ref().and_then(|half| half.trace_id.clone());
        let trace_id = trace_id.or_else(|| response.as_ref().and_then(|half| half.trace_id.clone()));
        let row = |place: usize| {
            let mut row = Row {
                model: Cow::Owned(last.model.clone()),
                version: naming.version_of(version.clone().map(Cow::Owned)),
                time: last.time,
                id: Some(Cow::Owned(match count {
                    1 => last.id.clone(),
                    _ => format!("{}/{place}", last.id),
                })),
                trace_id: trace_id.clone().map(Cow::Owned),
                ..Row::default()
            };
            if let Some((score, class)) = predictions.and_then(|rows| rows.get(place)) {
                row.score = *score;
                row.class = class.clone().map(Cow::Owned);
            }
            for (name, value) in features.and_then(|rows| rows.get(place)).into_iter().flatten() {
                let value = match value {
                    None => Value::Missing,
                    Some(Held::Number(number)) => Value::Number(*number),
                    Some(Held::Text(text)) => Value::Text(Cow::Owned(text.clone())),
                };
                row.features.push((Cow::Owned(name.clone()), value));
            }
            row.checked()
        };
        (0..count).map(row).collect()
    }
}

fn refused(field: &str, problem: impl Into<String>) -> Rejection {
    Rejection::of_field(Reason::WrongType, field, problem)
}

fn take<'a>(fields: &mut Fields<'a>, name: &str) -> Option<Field<'a>> {
    let place = fields.iter().position(|(known, _)| known == name)?;
    Some(fields.remove(place).1)
}

fn list<'a>(field: Field<'a>, name: &str) -> Result<Vec<Field<'a>>, Rejection> {
    match field {
        Field::List(list) if list.len() <= MOST_ROWS => Ok(list),
        Field::List(list) => Err(refused(
            name,
            format!("has {} rows, and {MOST_ROWS} are the most", list.len()),
        )),
        other => Err(refused(name, format!("is {}, not a list", other.kind()))),
    }
}

fn request(mut fields: Fields<'_>, naming: &Naming) -> Result<Vec<HeldRow>, Rejection> {
    if let Some(instances) = take(&mut fields, "instances") {
        let instances = list(instances, "instances")?;
        return instances
            .into_iter()
            .map(|instance| instance_row(instance, naming))
            .collect();
    }
    let Some(inputs) = take(&mut fields, "inputs") else {
        let problem = "is not there, nor is \"inputs\": it is no request of KServe's protocols";
        return Err(Rejection::of_field(Reason::MissingField, "instances", problem));
    };
    let tensors = list(inputs, "inputs")?;
    let tensors: Vec<Tensor<'_>> = tensors
        .into_iter()
        .map(|tensor| Tensor::of(tensor, "inputs"))
        .collect::<Result<_, _>>()?;
    let count = rows_of(&tensors, "inputs")?;
    let mut rows = vec![Row::default(); count];
    let single = tensors.len() == 1;
    for tensor in tensors {
        let columns = tensor.columns();
        for (place, value) in tensor.values.into_iter().enumerate() {
            let (row, column) = (place / columns, place % columns);
            let name = match (columns, naming.positions.get(column)) {
                (1, _) => tensor.name.clone().into_owned(),
                (_, Some(name)) if single => name.clone(),
                _ => format!("{}.{column}", tensor.name),
            };
            rows[row].feature(Cow::Owned(name), value)?;
        }
    }
    Ok(rows.into_iter().map(held).collect())
}

fn instance_row(instance: Field<'_>, naming: &Naming) -> Result<HeldRow, Rejection> {
    let position = |place: usize| {
        naming
            .positions
            .get(place)
            .cloned()
            .unwrap_or_else(|| place.to_string())
    };
    let mut row = Row::default();
    match instance {
        Field::Group(fields) => {
            for (name, field) in fields {
                row.feature(name, field)?;
            }
        }
        Field::List(values) => {
            for (place, field) in values.into_iter().enumerate() {
                row.feature(Cow::Owned(position(place)), field)?;
            }
        }
        scalar => row.feature(Cow::Owned(position(0)), scalar)?,
    }
    Ok(held(row))
}

fn held(row: Row<'_>) -> HeldRow {
    let values = row.features.into_iter().map(|(name, value)| {
        let value = match value {
            Value::Missing => None,
            Value::Number(number) => Some(Held::Number(number)),
            Value::Text(text) => Some(Held::Text(text.into_owned())),
        };
        (name.into_owned(), value)
    });
    values.collect()
}

fn response(mut fields: Fields<'_>) -> Result<Vec<Prediction>, Rejection> {
    if let Some(predictions) = take(&mut fields, "predictions") {
        return list(predictions, "predictions")?.into_iter().map(prediction).collect();
    }
    let Some(outputs) = take(&mut fields, "outputs") else {
        let problem = "is not there, nor is \"outputs\": it is no response of KServe's protocols";
        return Err(Rejection::of_field(Reason::MissingField, "predictions", problem));
    };
    let tensors = list(outputs, "outputs")?;
    let tensors: Vec<Tensor<'_>> = tensors
        .into_iter()
        .map(|tensor| Tensor::of(tensor, "outputs"))
        .collect::<Result<_, _>>()?;
    let count = rows_of(&tensors, "outputs")?;
    let mut rows = vec![(None, None); count];
    for tensor in tensors {
        let columns = tensor.columns();
        let mut values = tensor.values.into_iter();
        for row in &mut rows {
            let of_row: Vec<Field<'_>> = values.by_ref().take(columns).collect();
            let (score, class) = prediction(match of_row.len() {
                1 => of_row.into_iter().next().unwrap_or(Field::Null),
                _ => Field::List(of_row),
            })?;
            // The first output that has one.
            row.0 = row.0.or(score);
            row.1 = row.1.take().or(class);
        }
    }
    Ok(rows)
}

/// A number is a score, and a text is a class. In a list of probabilities, the highest is the score, and its index is the class.
fn prediction(field: Field<'_>) -> Result<Prediction, Rejection> {
    const FIELD: &str = "predictions";
    match field {
        Field::Null => Ok((None, None)),
        Field::Number(number) => Ok((Some(number), None)),
        Field::Bool(value) => Ok((None, Some(value.to_string()))),
        Field::Text(text) => Ok((None, Some(text.into_owned()))),
        Field::List(values) => {
            let mut highest: Option<(usize, f64)> = None;
            for (place, value) in values.into_iter().enumerate() {
                let Field::Number(number) = value else {
                    return Err(refused(
                        FIELD,
                        format!("has {} in a list of probabilities", value.kind()),
                    ));
                };
                if highest.is_none_or(|(_, most)| number > most) {
                    highest = Some((place, number));
                }
            }
            Ok((
                highest.map(|(_, number)| number),
                highest.map(|(place, _)| place.to_string()),
            ))
        }
        Field::Group(fields) => {
            let row = Naming {
                model: Some(FIELD.into()),
                ..Naming::default()
            };
            let row = row.row(fields, crate::row::Envelope::default())?;
            Ok((row.score, row.class.map(Cow::into_owned)))
        }
        other => Err(refused(FIELD, format!("is {}", other.kind()))),
    }
}

/// A tensor of the second protocol, with flat values.
struct Tensor<'a> {
    name: Cow<'a, str>,
    rows: usize,
    values: Vec<Field<'a>>,
}

impl<'a> Tensor<'a> {
    fn of(field: Field<'a>, of: &str) -> Result<Self, Rejection> {
        let Field::Group(mut fields) = field else {
            return Err(refused(of, format!("has {} instead of a tensor", field.kind())));
        };
        let name = match take(&mut fields, "name") {
            Some(Field::Text(name)) => name,
            _ => return Err(refused(of, "has a tensor without a name")),
        };
        let rows = match take(&mut fields, "shape") {
            Some(Field::List(shape)) => match shape.first() {
                Some(Field::Number(rows)) if *rows >= 0.0 && *rows <= MOST_ROWS as f64 => *rows as usize,
                _ => return Err(refused(&name, format!("has no shape of 0 to {MOST_ROWS} rows"))),
            },
            _ => return Err(refused(&name, "has no shape")),
        };
        let mut values = Vec::new();
        match take(&mut fields, "data") {
            Some(Field::List(data)) => flatten(data, &mut values),
            _ => return Err(refused(&name, "has no data; binary tensors are not read")),
        }
        if rows == 0 && !values.is_empty() || rows > 0 && (values.is_empty() || values.len() % rows != 0) {
            return Err(refused(
                &name,
                format!("has {} values for a shape of {rows} rows", values.len()),
            ));
        }
        Ok(Self { name, rows, values })
    }

    /// The number of values per row.
    fn columns(&self) -> usize {
        self.values.len().checked_div(self.rows).unwrap_or(1).max(1)
    }
}

fn flatten<'a>(list: Vec<Field<'a>>, into: &mut Vec<Field<'a>>) {
    for field in list {
        match field {
            Field::List(inner) => flatten(inner, into),
            value => into.push(value),
        }
    }
}

fn rows_of(tensors: &[Tensor<'_>], of: &str) -> Result<usize, Rejection> {
    let count = tensors.first().map_or(0, |tensor| tensor.rows);
    match tensors.iter().find(|tensor| tensor.rows != count) {
        None => Ok(count),
        Some(other) => Err(refused(
            of,
            format!(
                "has tensors of {count} and of {} rows, and each row takes one of each",
                other.rows
            ),
        )),
    }
}
