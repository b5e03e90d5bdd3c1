//! The triage of a model: the five questions an operator asks first, answered from what a source knows.
//!
//! [`triage`] asks twice. First how the model's counts went over the hours before, by version alone: that shows what is wrong
//! and since when. Then, for what is wrong, by every label in a few windows around that moment: that shows where. Everything
//! that follows is pure.
//!
//! What a source does not know is said to be unknown, in [`Report::unknown`] and in the answers. A release is accused only when
//! both its time and its scope are known.

mod answers;
mod ask;
mod changes;
mod locate;
mod performance;
mod released;
mod replicas;
mod report;
mod signal;
mod signals;
mod subject;
mod who;

use modelwatch_config::Config;

use crate::onset::Settings;
use crate::source::{Source, SourceError};

pub(crate) use answers::{described, place, verdict};

pub use report::{Answer, Finding, Place, Released, Report, Trouble, Who};
pub use subject::Subject;

/// Answers the five questions for a subject, with the objectives and owners of a configuration.
///
/// # Errors
///
/// The source does not answer at all. A question that fails while others are answered is named in [`Report::unknown`].
pub fn triage(source: &dyn Source, config: &Config, subject: &Subject) -> Result<Report, SourceError> {
    let asked = ask::first(source, config, subject)?;
    let mut unknown = asked.unknown();
    let signals = signals::all(&asked, config, subject);
    let settings = Settings::default();
    let primary = signals.primary(subject, &settings);
    let trouble = primary
        .map(|(signal, onset, version)| locate::locate(source, subject, &asked, signal, onset, version, &mut unknown));
    let symptom = trouble.as_ref().map(|located| &located.trouble.symptom);
    let mut findings = changes::findings(&asked, symptom);
    findings.extend(signals.findings(symptom, &settings));
    let (releases, released) = released::judged(&asked, trouble.as_ref());
    let who = who::who(config, subject, trouble.as_ref(), &releases);
    let mut findings = locate::with_neighbours(findings, trouble.as_ref());
    findings.extend(replicas::findings(&asked));
    findings.extend(performance::findings(&asked));
    let blind = if trouble.is_none() { asked.blind() } else { None };
    let mut answers = answers::five(trouble.as_ref(), &findings, &releases, &released, who.as_ref(), &asked);
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
        releases,
        released,
        who,
        unknown,
    })
}
