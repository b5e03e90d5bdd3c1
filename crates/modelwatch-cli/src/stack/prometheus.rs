//! What `stack check` asks a running Prometheus.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::failure::Failure;
use crate::prometheus::{Asking, Client};

/// One that answers.
pub(super) struct Prometheus<'c> {
    asking: Asking<'c>,
    shown: &'c str,
}

#[derive(Deserialize)]
struct Answer<T> {
    data: Option<T>,
    error: Option<String>,
}

#[derive(Deserialize)]
struct Vector {
    result: Vec<Series>,
}

#[derive(Deserialize)]
struct Series {
    metric: BTreeMap<String, String>,
}

impl<'c> Prometheus<'c> {
    pub(super) fn new(client: &'c Client) -> Self {
        Self {
            asking: client.asking(),
            shown: client.shown(),
        }
    }

    /// Every metric name it has in its storage.
    pub(super) fn metrics(&self) -> Result<BTreeSet<String>, Failure> {
        self.ask("label/__name__/values", &[])
    }

    /// The models that are served or watched.
    pub(super) fn models(&self) -> Result<BTreeSet<String>, Failure> {
        self.ask("label/model_name/values", &[("match[]", "ml_model_info")])
    }

    /// The labels of each series that an expression gives now.
    pub(super) fn series(&self, expr: &str) -> Result<Vec<BTreeMap<String, String>>, Failure> {
        let answer: Vector = self.ask("query", &[("query", expr)])?;
        Ok(answer.result.into_iter().map(|series| series.metric).collect())
    }

    fn ask<T: DeserializeOwned>(&self, what: &str, query: &[(&str, &str)]) -> Result<T, Failure> {
        let shown = self.shown;
        let body = self.asking.get(&format!("/api/v1/{what}"), query)?;
        let answer: Answer<T> = serde_json::from_slice(&body).map_err(|error| {
            Failure::new(format!(
                "{shown}: not an answer of Prometheus: {error}; name its address alone"
            ))
        })?;
        answer.data.ok_or_else(|| {
            let error = answer
                .error
                .as_deref()
                .unwrap_or("it answers with neither data nor an error");
            Failure::new(format!("{shown}: {error}"))
        })
    }
}
