//! The triage of a model: answers an operator's first five questions from the data of a source.
//!
//! [`triage`] asks in two rounds. The first round asks for the model's counts over the past hours, by version only. It shows what
//! is wrong and since when. The second round asks about the symptom, by every label, in a few windows around the onset. It shows
//! where. All further steps are pure functions.
//!
//! If there is a prediction log, [`triage`] also asks it how the data changed since the onset.
//!
//! Data that a source lacks is reported as unknown, in [`Report::unknown`] and in the answers. A release is accused only when
//! both its time and its scope are known.

mod answers;
mod ask;
mod changes;
mod evidence;
mod locate;
mod performance;
mod released;
mod replicas;
mod report;
mod rows;
mod signal;
mod signals;
mod subject;
mod who;

use std::thread;

use modelwatch_config::Config;

use crate::log::{Log, LogError};
use crate::onset::Settings;
use crate::source::{Source, SourceError};

pub(crate) use answers::{described, place, verdict};
pub(crate) use rows::summary;

pub use report::{Answer, Finding, Place, Released, Report, Trouble, Who};
pub use subject::Subject;

/// Answers the five questions about a subject. Objectives and owners come from the configuration, counts from the source, and
/// rows from the log, if there is one.
///
/// # Errors
///
/// Returns an error when the source does not answer at all. If single questions fail, or the log has no answer,
/// [`Report::unknown`] names them.
///
/// # Example: a canary fails
///
/// ```
/// use modelwatch_config::Config;
/// use modelwatch_triage::log::{Column, Log, LogError, LogQuestion, Logged, Moved};
/// use modelwatch_triage::source::{Question, Row, Source, SourceError};
/// use modelwatch_triage::symptom::Symptom;
/// use modelwatch_triage::triage::{Answer, Finding, Place, Released, Report, Subject, Trouble, Who, triage};
///
/// /// An hour of requests: ten a second to each version, of which half fail in version 2 since ten minutes ago.
/// struct Requests;
///
/// impl Source for Requests {
///     fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError> {
///         let (grid, mut rows) = (question.grid, Vec::<Row>::new());
///         if question.metric != "ml_inference_requests_total" {
///             return Ok(rows);
///         }
///         for (version, status) in [("1", "success"), ("2", "success"), ("2", "error")] {
///             let labels = [("model_name", "claims-risk"), ("model_version", version), ("route", "/predict"), ("status", status)];
///             let has = |name: &str, values: &[String]| {
///                 labels.iter().any(|(known, value)| *known == name && values.iter().any(|one| one == value))
///             };
///             if !question.only.iter().all(|(name, values)| has(name, values)) {
///                 continue;
///             }
///             let asked = labels.iter().filter(|(name, _)| question.by.iter().any(|by| by == name));
///             let labels = asked.map(|(name, value)| (name.to_string(), value.to_string())).collect();
///             let share = |fails: bool| match (version, status) {
///                 ("1", _) => 1.0,
///                 ("2", "error") => if fails { 0.5 } else { 0.0 },
///                 _ => if fails { 0.5 } else { 1.0 },
///             };
///             let values: Vec<_> = (0..grid.steps)
///                 .map(|step| Some((10 * grid.step) as f64 * share(grid.begins(step) >= NOW - 600)))
///                 .collect();
///             match rows.iter_mut().find(|row| row.labels == labels) {
///                 Some(row) => row.values.iter_mut().zip(values).for_each(|(sum, value)| *sum = sum.zip(value).map(|(a, b)| a + b)),
///                 None => rows.push(Row { labels, values }),
///             }
///         }
///         Ok(rows)
///     }
/// }
/// const NOW: i64 = 1_775_037_600;
///
/// /// A log that knows what became of a column, where it is asked of this model.
/// struct Rows;
///
/// impl Log for Rows {
///     fn compare(&self, question: &LogQuestion) -> Result<Logged, LogError> {
///         if question.model != "claims-risk" {
///             return Err(LogError("there is no such folder".to_owned()));
///         }
///         let mut logged = Logged::rows(question, 12_000);
///         logged.moved.push(Moved::new(Column::Feature("income".to_owned()), "income is multiplied by 100"));
///         Ok(logged)
///     }
/// }
///
/// # let text = r##"
/// #     environment = "production"
/// #     [links]
/// #     grafana = "https://grafana.example.com"
/// #     runbooks = "https://runbooks.example.com"
/// #     prometheus = "https://prometheus.example.com"
/// #     [[prometheus.jobs]]
/// #     job = "model-inference"
/// #     plane = "inference"
/// #     targets = ["model-api:8000"]
/// #     [teams.platform]
/// #     slack = { channel = "#platform", api_url_file = "/slack" }
/// #     [owners]
/// #     serving = "platform"
/// #     model = "platform"
/// #     data = "platform"
/// #     [[models]]
/// #     name = "claims-risk"
/// #     routes = ["/predict"]
/// # "##;
/// let config = Config::parse("modelwatch.toml", text)?;
/// let report: Report = triage(&Requests, Some(&Rows), &config, &Subject::model("claims-risk", NOW))?;
///
/// let trouble: &Trouble = report.trouble.as_ref().expect("a canary fails");
/// assert_eq!(trouble.symptom, Symptom::Errors);
/// let Place::In(culprits) = &trouble.place else { panic!("{:?}", trouble.place) };
/// assert_eq!(culprits[0].value("model_version"), Some("2"));
/// let first: &Answer = &report.answers[0];
/// assert!(first.answer.contains("version 2"), "{}", first.answer);
/// let findings: &[Finding] = &report.findings;
/// assert!(findings.iter().any(|finding| finding.what.contains("income is multiplied by 100")), "{findings:?}");
/// assert!(!matches!(report.released, Released::Something), "{:?}", report.released);
/// assert!(matches!(&report.who, Some(Who { team, .. }) if team == "platform"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn triage(
    source: &dyn Source,
    log: Option<&dyn Log>,
    config: &Config,
    subject: &Subject,
) -> Result<Report, SourceError> {
    let asked = ask::first(source, config, subject)?;
    let mut unknown = asked.unknown();
    let signals = signals::all(&asked, config, subject);
    let settings = Settings::default();
    let primary = signals.primary(subject, &settings);
    let (trouble, logged) = thread::scope(|scope| {
        let onset = primary.as_ref().map(|(_, onset, _)| onset.clone());
        let logged = log.map(|log| scope.spawn(move || rows::asked(log, subject, onset.as_ref())));
        let trouble = primary.map(|(signal, onset, version)| {
            locate::locate(source, subject, &asked, signal, onset, version, &mut unknown)
        });
        let failed = || Err(LogError("reading it failed".to_owned()));
        (trouble, logged.map(|logged| logged.join().unwrap_or_else(|_| failed())))
    });
    unknown.extend(rows::unknown(logged.as_ref()));
    let logged = logged.and_then(Result::ok);
    let symptom = trouble.as_ref().map(|located| &located.trouble.symptom);
    let onset = trouble.as_ref().map(|located| &located.trouble.onset);
    let mut findings = rows::findings(logged.as_ref(), onset);
    findings.extend(changes::findings(&asked, symptom, |feature| {
        rows::says_of(logged.as_ref(), feature)
    }));
    findings.extend(signals.findings(symptom, &settings));
    let (releases, released) = released::judged(&asked, trouble.as_ref());
    let who = who::who(config, subject, trouble.as_ref(), &releases);
    let mut findings = locate::with_neighbours(findings, trouble.as_ref());
    findings.extend(replicas::findings(&asked));
    findings.extend(performance::findings(&asked));
    let blind = if trouble.is_none() { asked.blind() } else { None };
    let mut answers = answers::five(
        trouble.as_ref(),
        &findings,
        &releases,
        &released,
        who.as_ref(),
        &asked,
        logged.as_ref(),
    );
    match &blind {
        Some(why) => answers::unknown(&mut answers, why),
        None if trouble.is_none() => answers::calm(&mut answers, &findings),
        None => {}
    }
    unknown.sort();
    unknown.dedup();
    Ok(Report {
        subject: subject.clone(),
        trouble: trouble.map(|located| located.trouble),
        blind,
        answers,
        findings,
        logged,
        releases,
        released,
        who,
        unknown,
    })
}
