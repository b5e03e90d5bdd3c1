//! Prometheus as a source: turns questions into PromQL, and answers of the HTTP API into rows.
//!
//! You decide how a request gets there, with which credentials and time limit: implement [`Transport`], which carries a path and
//! returns a body. So this module opens no socket, and its tests need none.

mod answer;
mod promql;

use std::collections::BTreeMap;

use crate::source::{Question, Row, Source, SourceError};

/// Carries a request to Prometheus' HTTP API.
///
/// [`Prometheus`] has an example.
pub trait Transport: Sync {
    /// Posts a form, as in `query=up&time=1`, to a path such as `/api/v1/query_range`. Returns the body, for any status.
    ///
    /// # Errors
    ///
    /// Returns an error when there is no answer in time, or when the body exceeds its limit.
    fn post(&self, path: &str, form: &[(&str, String)]) -> Result<Vec<u8>, SourceError>;
}

/// A Prometheus 2.42 or newer, or a server with the same API.
///
/// # Example: a question, and the answer of a server
///
/// ```
/// use modelwatch_triage::prometheus::{Prometheus, Transport, query};
/// use modelwatch_triage::source::{Grid, Question, Reading, Source, SourceError};
///
/// /// Answers as a server does of which one series is asked.
/// struct Canned;
///
/// impl Transport for Canned {
///     fn post(&self, path: &str, _: &[(&str, String)]) -> Result<Vec<u8>, SourceError> {
///         if path != "/api/v1/query_range" {
///             return Err(SourceError::Refused(path.to_owned()));
///         }
///         let series = r#"{"metric":{"model_version":"2"},"values":[[60,"3"],[120,"5"]]}"#;
///         Ok(format!(r#"{{"status":"success","data":{{"resultType":"matrix","result":[{series}]}}}}"#).into_bytes())
///     }
/// }
///
/// let grid = Grid { start: 0, step: 60, steps: 2 };
/// let question = Question::increase("ml_inference_requests_total", grid).only("status", "error").by(&["model_version"]);
/// assert_eq!(question.reading, Reading::Increase);
/// assert!(query(&question).contains("increase(ml_inference_requests_total{status=\"error\"}[60s])"));
///
/// let rows = Prometheus::new(Canned).ask(&question)?;
/// assert_eq!((rows[0].label("model_version"), &rows[0].values[..]), ("2", &[Some(3.0), Some(5.0)][..]));
/// # Ok::<(), SourceError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Prometheus<T> {
    transport: T,
}

/// The most series in one answer.
const MOST_ROWS: usize = 20_000;

impl<T: Transport> Prometheus<T> {
    /// Makes a source from a transport.
    #[must_use]
    pub fn new(transport: T) -> Self {
        Self { transport }
    }

    /// Returns the labels of each alert that fires at a time, in seconds since the epoch.
    ///
    /// # Errors
    ///
    /// The same errors as [`Source::ask`].
    pub fn firing(&self, name: Option<&str>, at: i64) -> Result<Vec<BTreeMap<String, String>>, SourceError> {
        let mut only = vec![("alertstate", "firing")];
        only.extend(name.map(|name| ("alertname", name)));
        let form = [("query", promql::selector("ALERTS", &only)), ("time", at.to_string())];
        let body = self.transport.post("/api/v1/query", &form)?;
        answer::labels(&body, MOST_ROWS)
    }
}

impl<T: Transport> Source for Prometheus<T> {
    fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError> {
        let grid = question.grid;
        if grid.steps == 0 {
            return Ok(Vec::new());
        }
        let form = [
            ("query", promql::query(question)),
            ("start", grid.begins(1).to_string()),
            ("end", grid.end().to_string()),
            ("step", grid.step.to_string()),
        ];
        let body = self.transport.post("/api/v1/query_range", &form)?;
        answer::matrix(&body, grid, MOST_ROWS)
    }
}

/// Returns the PromQL of a question over one step, for the reader of an answer to paste into Prometheus.
#[must_use]
pub fn query(question: &Question) -> String {
    promql::query(question)
}
