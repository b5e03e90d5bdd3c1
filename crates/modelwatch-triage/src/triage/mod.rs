//! The triage of a model: the five questions an operator asks first, answered from what a source knows.
//!
//! [`triage`] asks twice. First how the model's counts went over the hours before, by version alone: that shows what is wrong
//! and since when. Then, for what is wrong, by every label in a few windows around that moment: that shows where. Everything
//! that follows is pure.
//!
//! Where there is a prediction log, it is asked beside the second round what became of the data since that moment.
//!
//! What a source does not know is said to be unknown, in [`Report::unknown`] and in the answers. A release is accused only when
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

/// Answers the five questions for a subject, with the objectives and owners of a configuration, from a source and, where there is one,
/// from the log.
///
/// # Errors
///
/// The source does not answer at all. A question that fails while others are answered is named in [`Report::unknown`], as is a log that
/// says nothing.
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
