//! The text formats, read by the parsers of Python's `prometheus_client` in one long-lived Python process.
//!
//! Starting Python for every exposition would make a property test of thousands of cases take minutes; asking a process
//! that is there takes well under a millisecond.

use std::io::{self, Read as _, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};

use serde_json::Value as Json;

use crate::exemplar::Exemplar;
use crate::labels::Labels;
use crate::tools;

/// One line of an exposition, as a parser understood it.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::{Exemplar, Sample, openmetrics_strict};
///
/// let page = "# TYPE jobs counter\njobs_total{kind=\"big\"} 4.0 # {trace_id=\"ab\"} 1.0\n# EOF\n";
/// let samples: Vec<Sample> = openmetrics_strict(page.as_bytes())?;
/// assert_eq!((samples[0].name.as_str(), samples[0].value), ("jobs_total", 4.0));
/// assert_eq!(samples[0].labels["kind"], "big");
/// let exemplar: &Exemplar = samples[0].exemplar.as_ref().unwrap();
/// assert_eq!((exemplar.labels["trace_id"].as_str(), exemplar.value), ("ab", 1.0));
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// The name on the line, suffix included: `ml_inference_requests_total`.
    pub name: String,
    /// The labels, unescaped.
    pub labels: Labels,
    /// The value; NaN and the infinities are themselves.
    pub value: f64,
    /// Seconds since the Unix epoch.
    pub timestamp: Option<f64>,
    /// OpenMetrics only.
    pub exemplar: Option<Exemplar>,
}

/// Reads OpenMetrics text with `prometheus_client.openmetrics.parser`, the strict one.
///
/// It insists on `# EOF`, on metadata before samples, on families in one piece, on `+Inf` buckets equal to their counts, on
/// numbers in canonical form. A series that is there twice is refused too, which the parser alone would let pass.
///
/// Two of its habits can surprise: the `_sum` of a histogram must not be negative, and a quote inside an *exemplar's* label
/// value may confuse it.
///
/// # Errors
///
/// The exposition is refused; the parser's reason.
///
/// # Panics
///
/// If Python or `prometheus_client` can't be run.
pub fn openmetrics_strict(text: &[u8]) -> Result<Vec<Sample>, String> {
    tools::assert_judged(tools::venv_python().as_os_str());
    ask(b'o', text)
}

/// Reads Prometheus text 0.0.4 with `prometheus_client.parser`.
///
/// That parser is more lenient than Go's, so ask [`promtool_check_metrics`](crate::promtool_check_metrics) as well. What this
/// one adds are the samples; a series that is there twice and a last line without its newline are refused on top.
///
/// # Errors
///
/// The exposition is refused; the parser's reason.
///
/// # Panics
///
/// If Python or `prometheus_client` can't be run.
pub fn prometheus_text_strict(text: &[u8]) -> Result<Vec<Sample>, String> {
    tools::assert_judged(tools::venv_python().as_os_str());
    prometheus_text(text)
}

/// The same for tests that have another reader where there is no Python.
pub(crate) fn prometheus_text(text: &[u8]) -> Result<Vec<Sample>, String> {
    ask(b'p', text)
}

/// The process ends when its stdin closes, which it does when the test process ends, however that comes about.
struct Parsers {
    process: Child,
    requests: ChildStdin,
    answers: ChildStdout,
}

static PARSERS: OnceLock<Mutex<Parsers>> = OnceLock::new();

fn ask(format: u8, text: &[u8]) -> Result<Vec<Sample>, String> {
    let parsers = PARSERS.get_or_init(|| Mutex::new(Parsers::start()));
    let answer = {
        let mut parsers = parsers.lock().unwrap_or_else(PoisonError::into_inner);
        match parsers.exchange(format, text) {
            Ok(answer) => answer,
            Err(error) => {
                let end = parsers.process.wait();
                panic!(
                    "the Python parsers are gone ({error}; {end:?}; their words are on stderr): run `make setup` to install them"
                )
            }
        }
    };
    let answer: Json = serde_json::from_slice(&answer).expect("the parsers answer in JSON");
    if let Some(error) = answer["error"].as_str() {
        return Err(error.to_owned());
    }
    Ok(answer["samples"]
        .as_array()
        .expect("an answer is samples or an error")
        .iter()
        .map(sample)
        .collect())
}

impl Parsers {
    fn start() -> Self {
        let python = tools::venv_python();
        let mut process = Command::new(&python)
            .args(["-I", "-c", include_str!("text_parsers.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{}", tools::cannot_run(&python, &error)));
        let requests = process.stdin.take().expect("stdin is piped");
        let answers = process.stdout.take().expect("stdout is piped");
        Self {
            process,
            requests,
            answers,
        }
    }

    fn exchange(&mut self, format: u8, text: &[u8]) -> io::Result<Vec<u8>> {
        let length = u32::try_from(text.len()).expect("an exposition is shorter than 4 GiB");
        let mut head = vec![format];
        head.extend_from_slice(&length.to_be_bytes());
        self.requests.write_all(&head)?;
        self.requests.write_all(text)?;
        let mut length = [0; 4];
        self.answers.read_exact(&mut length)?;
        let mut answer = vec![0; u32::from_be_bytes(length) as usize];
        self.answers.read_exact(&mut answer)?;
        Ok(answer)
    }
}

fn sample(json: &Json) -> Sample {
    Sample {
        name: json[0].as_str().expect("a sample has a name").to_owned(),
        labels: labels(&json[1]),
        value: number(&json[2]).expect("a sample has a value"),
        timestamp: number(&json[3]),
        exemplar: json[4].is_array().then(|| Exemplar {
            labels: labels(&json[4][0]),
            value: number(&json[4][1]).expect("an exemplar has a value"),
            timestamp: number(&json[4][2]),
        }),
    }
}

/// The labels in a JSON object of strings.
pub(crate) fn labels(json: &Json) -> Labels {
    let pairs = json.as_object().into_iter().flatten();
    pairs
        .map(|(name, value)| (name.clone(), value.as_str().unwrap_or_default().to_owned()))
        .collect()
}

fn number(json: &Json) -> Option<f64> {
    Some(json.as_str()?.parse().expect("numbers travel in a form Rust reads"))
}
