//! A report as plain text that fits one screen.

use std::fmt::Write as _;

use crate::onset::{Onset, Unknown};
use crate::triage::{Place, Report, described, place, summary, verdict};
use crate::words::{self, line, name};

/// Renders the report in about forty lines at most, for a terminal or a chat.
#[must_use]
pub fn text(report: &Report) -> String {
    let mut text = String::new();
    // Writing into a string can't fail.
    let _ = write(&mut text, report);
    text
}

/// The most findings, releases and unknowns to show, each.
const MOST: usize = 6;

fn write(text: &mut String, report: &Report) -> std::fmt::Result {
    let subject = &report.subject;
    let alert = subject
        .alert
        .as_ref()
        .map_or(String::new(), |alert| format!("{} · ", name(alert)));
    let at = words::time(subject.at);
    match &report.trouble {
        None => {
            let what = match &report.blind {
                None if report.findings.is_empty() => "nothing is wrong that the metrics show".to_owned(),
                None => "requests are as usual, and what is below is not".to_owned(),
                Some(why) => format!("unknown: {why}"),
            };
            writeln!(text, "{alert}model {} · {at} UTC · {what}", name(&subject.model))?;
        }
        Some(trouble) => {
            writeln!(
                text,
                "{alert}model {} · {} · {at} UTC",
                name(&subject.model),
                name(&trouble.symptom.to_string())
            )?;
            if let (Some(before), Some(since)) = (trouble.before, trouble.since) {
                writeln!(
                    text,
                    "{} {}; {} before.",
                    words::amount(&trouble.symptom, since),
                    words::symptom_words(&trouble.symptom),
                    words::amount(&trouble.symptom, before)
                )?;
            }
        }
    }
    writeln!(text)?;
    for (index, answer) in report.answers.iter().enumerate() {
        writeln!(text, "{}. {} {}", index + 1, answer.question, answer.answer)?;
    }
    if let Some(trouble) = &report.trouble {
        writeln!(text, "\nWhere    {}", place(&trouble.place))?;
        if let Place::In(candidates) = &trouble.place {
            for candidate in candidates.iter().skip(1) {
                writeln!(text, "         {}", place(&Place::In(vec![candidate.clone()])))?;
            }
        }
        writeln!(text, "Since    {}", since(&trouble.onset))?;
    }
    section(text, "What", &report.findings, |finding| match finding.since {
        Some(since) => format!("{}, since {}", finding.what, words::minute(since)),
        None => finding.what.clone(),
    })?;
    if let Some(logged) = &report.logged {
        writeln!(text, "Log      {}", summary(logged))?;
    }
    section(text, "Released", &report.releases, |judged| {
        format!("{}: {}", described(judged), verdict(&judged.verdict))
    })?;
    if let Some(who) = &report.who {
        writeln!(text, "Who      {} ({})", name(&who.team), who.role)?;
        for step in &who.mitigation {
            writeln!(text, "         {step}")?;
        }
        for (word, url) in &who.links {
            writeln!(text, "         {word}: {url}")?;
        }
    }
    if let Some(trouble) = &report.trouble {
        writeln!(text, "Query    {}", trouble.query)?;
    }
    section(text, "Unknown", &report.unknown, |unknown| line(unknown))
}

fn section<T>(text: &mut String, title: &str, items: &[T], line: impl Fn(&T) -> String) -> std::fmt::Result {
    for (index, item) in items.iter().take(MOST).enumerate() {
        let title = if index == 0 { title } else { "" };
        writeln!(text, "{title:<8} {}", line(item))?;
    }
    if items.len() > MOST {
        writeln!(text, "         and {} more", items.len() - MOST)?;
    }
    Ok(())
}

/// Formats the onset in words.
pub(crate) fn since(onset: &Onset) -> String {
    match onset {
        Onset::Since(moment) => {
            let until = moment
                .until
                .map_or(String::new(), |until| format!(", until {}", words::minute(until)));
            format!(
                "{} UTC (between {} and {}){until}",
                words::time(moment.at),
                words::minute(moment.earliest),
                words::minute(moment.latest)
            )
        }
        Onset::Unknown(Unknown::NoData) => "unknown: there are too few samples".to_owned(),
        Onset::Unknown(Unknown::Steady) => {
            "unknown: the series stays what it was in the hours that were looked at".to_owned()
        }
        Onset::Unknown(Unknown::BeforeTheSeries) => {
            "unknown: it was so when the hours that were looked at began".to_owned()
        }
    }
}
