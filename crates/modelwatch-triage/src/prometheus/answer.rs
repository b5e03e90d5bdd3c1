//! Parses answers of the HTTP API into rows.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::source::{Grid, Row, SourceError};

#[derive(Deserialize)]
struct Answer<R> {
    status: String,
    data: Option<Data<R>>,
    error: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<R> {
    result: Vec<R>,
}

type Sample = (f64, String);

#[derive(Deserialize)]
struct Matrix {
    metric: BTreeMap<String, String>,
    #[serde(default)]
    values: Vec<Sample>,
}

#[derive(Deserialize)]
struct Vector {
    metric: BTreeMap<String, String>,
}

/// Parses the rows of a range query over a grid.
pub(super) fn matrix(body: &[u8], grid: Grid, most: usize) -> Result<Vec<Row>, SourceError> {
    let rows = result::<Matrix>(body, most)?.into_iter().map(|series| {
        let mut values = vec![None; grid.steps];
        for (time, value) in series.values {
            // A sample's time is the end of its step.
            let step = ((time - grid.start as f64) / grid.step as f64).round() - 1.0;
            let value = number(&value);
            if step >= 0.0
                && let Some(place) = values.get_mut(step as usize)
            {
                *place = value;
            }
        }
        Row {
            labels: series.metric,
            values,
        }
    });
    Ok(rows.collect())
}

/// Parses the labels of an instant query's series.
pub(super) fn labels(body: &[u8], most: usize) -> Result<Vec<BTreeMap<String, String>>, SourceError> {
    let series = result::<Vector>(body, most)?.into_iter();
    Ok(series.map(|series| series.metric).collect())
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

fn result<R: DeserializeOwned>(body: &[u8], most: usize) -> Result<Vec<R>, SourceError> {
    let answer: Answer<R> = serde_json::from_slice(body).map_err(|_| {
        let start: String = String::from_utf8_lossy(body)
            .chars()
            .map(|character| if character.is_control() { ' ' } else { character })
            .take(120)
            .collect();
        SourceError::Refused(format!("not an answer of Prometheus: {}", start.trim()))
    })?;
    match answer.data {
        Some(data) if answer.status == "success" => {
            if data.result.len() > most {
                return Err(SourceError::TooLarge(format!(
                    "{} series, more than {most}",
                    data.result.len()
                )));
            }
            Ok(data.result)
        }
        _ => {
            Err(SourceError::Refused(answer.error.unwrap_or_else(|| {
                "it answers with neither data nor an error".to_owned()
            })))
        }
    }
}
