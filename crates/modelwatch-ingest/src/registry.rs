//! A schema registry with Confluent's API. Requests each schema once, by its id.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use apache_avro::Schema;
use serde::Deserialize;
use ureq::http::StatusCode;
use url::Url;

use crate::nesting;
use crate::rejection::{Reason, Rejection};

/// How long an unknown id is remembered, so that a sender of random ids causes only one request for each.
const UNKNOWN_FOR: Duration = Duration::from_secs(60);
/// The most ids to remember, with a schema or without.
const MOST_REMEMBERED: usize = 10_000;
/// The most schemas that one may reference.
const MOST_REFERENCES: usize = 100;
/// The most bytes of one value in a datum, even if its own length claims more.
const MOST_VALUE_BYTES: usize = 16 << 20;
/// The most bytes of an answer.
const MOST_BYTES: u64 = 8 << 20;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A schema, and those that it references.
#[derive(Debug)]
pub(crate) struct AvroSchema {
    pub(crate) schema: Schema,
    pub(crate) names: Vec<Schema>,
}

/// The registry does not answer properly. It may do so later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unavailable {
    registry: String,
    problem: String,
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the schema registry at {}: {}", self.registry, self.problem)
    }
}

impl std::error::Error for Unavailable {}

/// A schema registry.
/// # Example: records whose schemas a registry has
///
/// ```
/// use modelwatch::Monitor;
/// use modelwatch_ingest::{Counts, Decoder, Format, Incoming, IngestError, Intake, Limits, Naming, Registry};
///
/// let root = tempfile::tempdir()?;
/// let registry = Registry::new("http://127.0.0.1:9".parse()?, None, ureq::Agent::new_with_defaults());
/// let decoder = Decoder::new(Format::Avro(Box::new(registry)), Naming::default());
/// let counts = Counts::new("orders", &Monitor::new());
/// let mut intake = Intake::open(root.path(), "orders", "all", decoder, Limits::default(), counts)?;
/// intake.own(0)?;
///
/// let mut record = Incoming::default();
/// record.value = Some(b"\0\0\0\0\x07..."); // written with schema 7
/// let Err(IngestError::Later(problem)) = intake.take(&record) else { unreachable!() };
/// assert!(problem.starts_with("the schema registry at http://127.0.0.1:9"), "{problem}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Registry {
    base: Url,
    authorization: Option<String>,
    agent: ureq::Agent,
    known: HashMap<u32, Known>,
}

enum Known {
    Schema(Arc<AvroSchema>),
    Not(Rejection, Instant),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answer {
    schema: String,
    schema_type: Option<String>,
    #[serde(default)]
    references: Vec<Reference>,
}

#[derive(Deserialize)]
struct Reference {
    subject: String,
    version: i64,
}

/// Why there is no answer.
enum Trouble {
    Rejected(Rejection),
    Unavailable(Unavailable),
}

impl Registry {
    /// Takes a registry's address, the value of its Authorization header, and the agent for requests.
    #[must_use]
    pub fn new(base: Url, authorization: Option<String>, agent: ureq::Agent) -> Self {
        // The first call in a process decides.
        apache_avro::util::max_allocation_bytes(MOST_VALUE_BYTES);
        Self {
            base,
            authorization,
            agent,
            known: HashMap::new(),
        }
    }

    /// Returns the schema with an id, or why a record with it is refused.
    pub(crate) fn schema(&mut self, number: u32) -> Result<Result<Arc<AvroSchema>, Rejection>, Unavailable> {
        match self.known.get(&number) {
            Some(Known::Schema(schema)) => return Ok(Ok(schema.clone())),
            Some(Known::Not(rejection, since)) if since.elapsed() < UNKNOWN_FOR => return Ok(Err(rejection.clone())),
            _ => {}
        }
        let found = match self.ask(number) {
            Ok(schema) => Ok(Arc::new(schema)),
            Err(Trouble::Rejected(rejection)) => Err(rejection),
            Err(Trouble::Unavailable(unavailable)) => return Err(unavailable),
        };
        if self.known.len() >= MOST_REMEMBERED {
            self.known.clear();
        }
        let known = match &found {
            Ok(schema) => Known::Schema(schema.clone()),
            Err(rejection) => Known::Not(rejection.clone(), Instant::now()),
        };
        self.known.insert(number, known);
        Ok(found)
    }

    fn ask(&self, number: u32) -> Result<AvroSchema, Trouble> {
        let refused = |problem: String| Trouble::Rejected(Rejection::new(Reason::Schema, problem));
        let answer = self.get(&["schemas", "ids", &number.to_string()])?;
        let Some(answer) = answer else {
            return Err(refused(format!("schema {number} is not in the registry")));
        };
        if let Some(other) = answer.schema_type.as_deref().filter(|kind| *kind != "AVRO") {
            return Err(refused(format!("schema {number} is {other}, and Avro alone is read")));
        }
        let mut names = Vec::new();
        let mut seen = BTreeSet::new();
        let mut wanted = answer.references;
        while let Some(Reference { subject, version }) = wanted.pop() {
            if !seen.insert((subject.clone(), version)) {
                continue;
            }
            if seen.len() > MOST_REFERENCES {
                return Err(refused(format!(
                    "schema {number} is made of more than {MOST_REFERENCES} others"
                )));
            }
            let named = self.get(&["subjects", &subject, "versions", &version.to_string()])?;
            let Some(named) = named else {
                return Err(refused(format!(
                    "schema {number} names {subject:?} version {version}, which is not in the registry"
                )));
            };
            names.push(named.schema);
            wanted.extend(named.references);
        }
        let broken = |error: apache_avro::Error| refused(format!("schema {number} is no Avro schema: {error}"));
        let (schema, names) = match names.is_empty() {
            true => (Schema::parse_str(&answer.schema).map_err(broken)?, Vec::new()),
            false => Schema::parse_str_with_list(&answer.schema, &names).map_err(broken)?,
        };
        match nesting::problem(&schema, &names) {
            None => Ok(AvroSchema { schema, names }),
            Some(problem) => Err(refused(format!("schema {number} {problem}"))),
        }
    }

    /// Returns an answer, or `None` when the registry does not have it.
    fn get(&self, path: &[&str]) -> Result<Option<Answer>, Trouble> {
        let unavailable = |problem: String| {
            Trouble::Unavailable(Unavailable {
                registry: self.shown(),
                problem,
            })
        };
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => _ = segments.pop_if_empty().extend(path),
            Err(()) => return Err(unavailable("is no address that has paths".into())),
        }
        let mut request = self
            .agent
            .get(url.as_str())
            .config()
            .timeout_global(Some(PATIENCE))
            .http_status_as_error(false)
            .max_redirects(0)
            .build()
            .header("accept", "application/vnd.schemaregistry.v1+json, application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header("authorization", authorization);
        }
        let mut response = request
            .call()
            .map_err(|error| unavailable(format!("does not answer: {error}")))?;
        match response.status() {
            StatusCode::OK => {}
            StatusCode::NOT_FOUND => return Ok(None),
            status @ (StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) => {
                return Err(unavailable(format!(
                    "answers {status}; give it the user and password it wants"
                )));
            }
            status => return Err(unavailable(format!("answers {status}"))),
        }
        let text = response.body_mut().with_config().limit(MOST_BYTES).read_to_string();
        let text = text.map_err(|error| unavailable(format!("breaks off: {error}")))?;
        let answer = serde_json::from_str(&text);
        answer
            .map(Some)
            .map_err(|error| unavailable(format!("answers something else than a schema: {error}")))
    }

    /// The address, without parts that may contain a password.
    fn shown(&self) -> String {
        let port = self.base.port().map(|port| format!(":{port}")).unwrap_or_default();
        format!(
            "{}://{}{port}",
            self.base.scheme(),
            self.base.host_str().unwrap_or_default()
        )
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Registry").field(&self.shown()).finish()
    }
}
