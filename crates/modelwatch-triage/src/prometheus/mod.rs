//! Prometheus as a source: questions become PromQL, its HTTP API's answers become rows.
//!
//! How a request gets there, with which credentials and how long it may take, is the caller's: a [`Transport`] carries a path
//! and brings back a body. So nothing here knows a socket, and a test needs none.

mod answer;
mod promql;

use std::collections::BTreeMap;

use crate::source::{Question, Row, Source, SourceError};

/// Carries a request to Prometheus' HTTP API.
///
/// [`Prometheus`] has an example.
pub trait Transport: Sync {
    /// Posts a form, as in `query=up&time=1`, to a path such as `/api/v1/query_range`; answers with the body, whatever the
    /// status.
    ///
    /// # Errors
    ///
    /// Nobody answers in time, or the body is larger than it may be.
    fn post(&self, path: &str, form: &[(&str, String)]) -> Result<Vec<u8>, SourceError>;
}

/// A Prometheus 2.42 or newer, or whatever has its API.
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

/// Series in one answer, at most.
const MOST_ROWS: usize = 20_000;

impl<T: Transport> Prometheus<T> {
    /// Makes a source of a way to get there.
    #[must_use]
    pub fn new(transport: T) -> Self {
        Self { transport }
    }

    /// Alerts that fire at a time, in seconds since the epoch: the labels of each.
    ///
    /// # Errors
    ///
    /// As [`Source::ask`].
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

/// The PromQL of a question over one step, to be typed into Prometheus by the reader of an answer.
#[must_use]
pub fn query(question: &Question) -> String {
    promql::query(question)
}
