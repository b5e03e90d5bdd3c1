//! The five questions, in the order in which operators ask them, and their answers.

use super::ask::{Asked, Topic};
use super::locate::Located;
use super::report::{Answer, Finding, Place, Released, Who};
use crate::localization::Slice;
use crate::log::Logged;
use crate::onset::{Onset, Unknown};
use crate::release::{Judged, Kind, Verdict};
use crate::symptom::Side;
use crate::words::{self, name};

/// Answers the five questions.
pub(super) fn five(
    located: Option<&Located>,
    findings: &[Finding],
    releases: &[Judged],
    released: &Released,
    who: Option<&Who>,
    asked: &Asked,
    logged: Option<&Logged>,
) -> Vec<Answer> {
    // Metrics show features, or the rows do: those since the trouble began, compared with earlier ones.
    let watched = !asked.rows(Topic::Observations).is_empty()
        || !asked.rows(Topic::FeatureDrift).is_empty()
        || logged.is_some_and(|logged| logged.before.is_some());
    let answer = |question, (known, answer): (bool, String)| Answer {
        question,
        known,
        answer,
    };
    vec![
        answer("Is it isolated to one model version?", version(located)),
        answer("Is it only one route?", route(located)),
        answer(
            "Is it the request path or the input data?",
            path_or_data(located, findings, watched),
        ),
        answer("Did it start after a release?", release(located, releases, released)),
        answer("Who acts, and what first?", actor(located, who)),
    ]
}

/// Marks every answer as unknown.
pub(super) fn unknown(answers: &mut [Answer], why: &str) {
    for answer in answers {
        answer.known = false;
        answer.answer = format!("Unknown: {why}.");
    }
}

/// Answers every question by saying that there is no trouble to ask about.
pub(super) fn calm(answers: &mut [Answer], findings: &[Finding]) {
    let said = match findings.is_empty() {
        true => NO_TROUBLE,
        false => "Requests are as usual, and what is below is not.",
    };
    for answer in answers {
        said.clone_into(&mut answer.answer);
    }
}

const NO_TROUBLE: &str = "Nothing is wrong that the metrics show.";

fn version(located: Option<&Located>) -> (bool, String) {
    let Some(located) = located else {
        return (true, NO_TROUBLE.to_owned());
    };
    sliced(
        located,
        &located.trouble.versions,
        "version",
        located.only_version.as_deref(),
    )
}

fn route(located: Option<&Located>) -> (bool, String) {
    let Some(located) = located else {
        return (true, NO_TROUBLE.to_owned());
    };
    let routes = &located.trouble.routes;
    if located.trouble.symptom.side() != Side::Serving {
        return (
            true,
            "Features, scores and outcomes are counted for a model, whatever the route.".to_owned(),
        );
    }
    sliced(located, routes, "route", located.only(routes).as_deref())
}

/// Returns whether one value of a label holds the trouble, and the sentence that says so.
fn sliced(located: &Located, slices: &[Slice], label: &str, only: Option<&str>) -> (bool, String) {
    let symptom = &located.trouble.symptom;
    let amount = |slice: &Slice| slice.ratio().map_or("unknown".to_owned(), words::share);
    let with_trials: Vec<_> = slices.iter().filter(|slice| slice.trials > 0.0).collect();
    match (&with_trials[..], only) {
        ([], _) => (
            false,
            format!(
                "Unknown: no metric tells {label}s apart for {}.",
                name(&symptom.to_string())
            ),
        ),
        ([one], _) if one.value.is_empty() => (false, format!("Unknown: these metrics have no {label}.")),
        ([one], _) => (
            true,
            format!(
                "There is one {label} with traffic, {}, and nothing to compare it with.",
                name(&one.value)
            ),
        ),
        (all, Some(only)) => {
            let (ours, others): (Vec<_>, Vec<_>) = all.iter().partition(|slice| slice.value == only);
            let sum = |slices: &[&&Slice], of: fn(&Slice) -> f64| slices.iter().map(|slice| of(slice)).sum::<f64>();
            let rest = sum(&others, |slice| slice.events) / sum(&others, |slice| slice.trials);
            let own = ours.first().map_or("unknown".to_owned(), |slice| amount(slice));
            (
                true,
                format!("Yes: {label} {}, {own}; the others {}.", name(only), words::share(rest)),
            )
        }
        (all, None) => {
            let worst: Vec<_> = all
                .iter()
                .filter(|slice| located.beyond(slice) > 0.0)
                .take(3)
                .map(|slice| format!("{} {}", name(&slice.value), amount(slice)))
                .collect();
            (
                true,
                format!("No: {} {label}s have it: {}.", all.len(), worst.join(", ")),
            )
        }
    }
}

fn path_or_data(located: Option<&Located>, findings: &[Finding], watched: bool) -> (bool, String) {
    let Some(located) = located else {
        return (true, NO_TROUBLE.to_owned());
    };
    // A fault that has lasted for hours can't explain a trouble that began since.
    let data: Vec<_> = findings
        .iter()
        .filter(|finding| finding.side == Side::Data && finding.since.is_some())
        .collect();
    let path: Vec<_> = findings
        .iter()
        .filter(|finding| finding.side == Side::Serving)
        .collect();
    let first = |findings: &[&Finding]| findings.first().map_or(String::new(), |finding| finding.what.clone());
    match located.trouble.symptom.side() {
        Side::Serving if !data.is_empty() => (true, format!("Both: the request path, and {}.", first(&data))),
        Side::Serving if watched => (
            true,
            "The request path: no feature is missing more, out of range or in drift.".to_owned(),
        ),
        Side::Serving => (
            true,
            "The request path. Of the input data nothing is known: no metric of features.".to_owned(),
        ),
        Side::Data if path.is_empty() => (true, "The input data: requests succeed in time as before.".to_owned()),
        Side::Data => (true, format!("Both: the input data, and {}.", first(&path))),
        Side::Model if !data.is_empty() => (true, format!("The input data: {}.", first(&data))),
        Side::Model if !path.is_empty() => (true, format!("The request path: {}.", first(&path))),
        Side::Model if watched => (
            true,
            "Neither shows: requests succeed in time, and no feature is missing more, out of range or in drift. \
             That leaves the model or a threshold."
                .to_owned(),
        ),
        Side::Model => (
            false,
            "Unknown: no metric of features. The request path is as before.".to_owned(),
        ),
    }
}

fn release(located: Option<&Located>, releases: &[Judged], released: &Released) -> (bool, String) {
    let Some(located) = located else {
        return (true, NO_TROUBLE.to_owned());
    };
    let suspects: Vec<_> = releases.iter().filter(|judged| judged.verdict.is_suspect()).collect();
    let since = match &located.trouble.onset {
        Onset::Since(moment) => Some(moment),
        Onset::Unknown(_) => None,
    };
    if let (Some(first), Some(since)) = (suspects.first(), since) {
        let others = match suspects.len() {
            1 => String::new(),
            more => format!(" {} more below.", more - 1),
        };
        return (
            true,
            format!("Yes: {}, {}.{others}", described(first), distance(first, since.at)),
        );
    }
    match released {
        Released::Nothing { reported } => {
            let acquitted = if releases.is_empty() {
                ""
            } else {
                " What was released about that time is acquitted below."
            };
            let words: Vec<_> = reported.iter().map(|kind| kind.word()).collect();
            (
                true,
                format!(
                    "No: nothing was released that it could come from ({}).{acquitted}",
                    words.join(", ")
                ),
            )
        }
        Released::Something => {
            let open: Vec<_> = releases
                .iter()
                .filter(|judged| judged.verdict == Verdict::Unknown)
                .map(|judged| format!("{} {}", judged.release.kind.word(), name(&judged.release.name)))
                .collect();
            (
                false,
                format!("Unknown: whether {} is to blame can't be told.", open.join(", ")),
            )
        }
        Released::Unknown(why) => {
            let began = match located.trouble.onset {
                Onset::Unknown(Unknown::BeforeTheSeries) => ": it began before the hours that were looked at",
                _ => "",
            };
            (false, format!("Unknown: {why}{began}."))
        }
    }
}

/// Describes a release in words.
pub(crate) fn described(judged: &Judged) -> String {
    let release = &judged.release;
    let share = match release.share {
        Some((before, after)) => format!(" (traffic {} to {})", words::share(before), words::share(after)),
        None => String::new(),
    };
    let kind = match (release.kind, release.share) {
        (Kind::Traffic, _) => "traffic moved to version",
        (kind, _) => kind.word(),
    };
    format!(
        "{kind} {}{share} at {}",
        name(&release.name),
        words::minute(release.latest)
    )
}

/// Describes how far a release is from the onset.
fn distance(judged: &Judged, at: i64) -> String {
    // A release that may have come at that very moment counts as having done so.
    let released = at.clamp(judged.release.earliest, judged.release.latest);
    match at - released {
        seconds if seconds >= 60 => format!("{} before it began", words::span(seconds)),
        seconds if seconds <= -60 => format!(
            "{} after the likeliest beginning, within its uncertainty",
            words::span(seconds)
        ),
        _ => "as it began".to_owned(),
    }
}

/// Describes a verdict in words.
pub(crate) fn verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Suspect => "suspect".to_owned(),
        Verdict::After => "acquitted: it came after the trouble began".to_owned(),
        Verdict::Elsewhere { share } => format!("acquitted: {} of the excess is on it", words::share(*share)),
        Verdict::OneVersion { version } => format!(
            "acquitted: only version {} is in trouble, and it reaches all",
            name(version)
        ),
        Verdict::Shared { models } => {
            format!("acquitted: {models} other models that it does not touch are in the same trouble")
        }
        Verdict::RanWell { seconds, trials } => {
            format!(
                "acquitted: it ran well for {} and {} requests",
                words::span(*seconds),
                words::figure(*trials)
            )
        }
        Verdict::Unrelated => "acquitted: it changes what drift is measured with, not what is answered".to_owned(),
        Verdict::Unknown => "unknown".to_owned(),
    }
}

fn actor(located: Option<&Located>, who: Option<&Who>) -> (bool, String) {
    if located.is_none() {
        return (true, NO_TROUBLE.to_owned());
    }
    let Some(who) = who else {
        return (false, "Unknown: no owner.".to_owned());
    };
    let first = who
        .mitigation
        .first()
        .map_or(String::new(), |first| format!(": {first}"));
    (true, format!("{} ({}){first}.", name(&who.team), who.role))
}

/// Describes the place in one line.
pub(crate) fn place(place: &Place) -> String {
    match place {
        Place::In(candidates) => {
            let Some(first) = candidates.first() else {
                return "unknown".to_owned();
            };
            let labels: Vec<_> = first
                .labels
                .iter()
                .map(|(label, value)| format!("{} {}", short(label), name(value)))
                .collect();
            format!(
                "{}: {} of the excess, p = {:.2}",
                labels.join(", "),
                words::share(first.share),
                first.p_value
            )
        }
        Place::Everywhere => "everywhere: no version, route or replica stands out".to_owned(),
        Place::Unknown => "unknown".to_owned(),
    }
}

/// Returns the everyday word for a label.
fn short(label: &str) -> &str {
    match label {
        "model_version" => "version",
        "instance" => "replica",
        other => other,
    }
}
