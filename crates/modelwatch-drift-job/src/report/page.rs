//! Writes a report as a self-contained HTML page: no script, no other files.

use maud::{DOCTYPE, Markup, PreEscaped, html};
use modelwatch_drift::baseline::Counts;
use modelwatch_drift::change::{Explanation, Summary};

use super::drawing::{distributions, history, percent};
use super::words::{UNKNOWN, rows_of, source, together, verdict, word};
use crate::joint_report::JointReport;
use crate::window_report::{SubjectReport, Verdict, WindowReport, above};

/// Every colour has a contrast of at least 4.5 against its background, in light and in dark mode.
const STYLE: &str = "\
:root{--ground:#fff;--text:#1b1f24;--quiet:#4b535d;--drift:#a8201a;--line:#d0d7de;--old:#8b949e;--new:#0757b0;--note:#fff8c5}\
@media (prefers-color-scheme:dark){:root{--ground:#0d1117;--text:#e6edf3;--quiet:#a9b3be;--drift:#ff9d94;--line:#3d444d;--old:#7d8590;--new:#6cb2ff;--note:#3d2e00}}\
*{box-sizing:border-box}\
body{font:15px/1.45 system-ui,sans-serif;margin:0 auto;max-width:1020px;padding:1em;color:var(--text);background:var(--ground);overflow-wrap:anywhere}\
h1{font-size:1.5em;margin:.6em 0 .2em}h2{font-size:1.15em;margin:1.6em 0 .4em}h3{font-size:1em;margin:0}p{margin:.25em 0}\
.verdict{font-size:1.15em;font-weight:600}.drift{color:var(--drift);font-weight:600}.quiet{color:var(--quiet)}\
.warning{background:var(--note);padding:.35em .6em}\
.subjects{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,23em),1fr));gap:1.2em}\
svg{width:100%;height:auto;display:block;margin-top:.4em}text{font-size:12px;fill:var(--quiet)}line{stroke:var(--line)}\
.b{fill:var(--old);fill-opacity:.55}.w{fill:none;stroke:var(--new);stroke-width:2}.wb{fill:var(--new)}.above{fill:var(--drift)}\
.threshold{stroke:var(--text);stroke-dasharray:4 3}\
table{border-collapse:collapse;margin-top:.4em;font-size:.9em;width:100%;table-layout:fixed}th,td{text-align:left;padding:.1em .4em .1em 0;font-weight:400}";

/// Writes reports as one HTML page. The verdict is on top, columns that drift come first, and each subject has drawings
/// of both distributions: the baseline as an area, the window as a line.
#[must_use]
pub fn page(reports: &[WindowReport]) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "Drift" @for report in reports { " " (clean(&report.model)) } }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main { @for report in reports { (model(report)) } }
            }
        }
    };
    page.into_string()
}

fn model(report: &WindowReport) -> Markup {
    let about = report.baseline.about();
    html! {
        h1 { "Drift of " (clean(&report.model)) }
        p class=(if report.detected().next().is_some() || report.joint_drift().is_some() { "verdict drift" } else { "verdict" }) { (clean(&verdict(report))) }
        p.quiet {
            (rows_of(report)) ": " (report.rows) " rows of " (clean(&source(report))) ". Baseline " (clean(&about.version)) " of "
            (about.rows) " rows, made " (about.created.format("%Y-%m-%d %H:%M UTC")) "."
        }
        @for warning in report.warnings() { p.warning { (clean(&warning.to_string())) } }
        p.quiet { "Grey: the baseline. Blue: the window. Both are shares of the rows that have a value." }
        @if let Some(joint) = &report.joint { (how_together(joint)) }
        (subjects(&report.verdict))
        @for version in &report.versions {
            h2 { "Version " (clean(version.name())) ", " (version.rows) " rows" }
            (scored(&version.verdict))
        }
        @for segment in &report.segments {
            h2 { (clean(&segment.segment)) " = " (clean(segment.name())) ", " (segment.rows) " rows" }
            (scored(&segment.verdict))
        }
    }
}

/// Writes how the numbers go together, before the individual columns: no drawing shows this drift.
fn how_together(joint: &JointReport) -> Markup {
    let (sentence, pairs) = together(joint);
    html! {
        h2 { "Together" }
        p class=[joint.detected.then_some("drift")] { (clean(&sentence)) }
        @if !pairs.is_empty() { ul { @for pair in pairs { li { (clean(&pair)) } } } }
    }
}

/// Writes the subjects that drift under their own heading, before the rest.
fn subjects(verdict: &Verdict) -> Markup {
    let (drifting, quiet): (Vec<_>, Vec<_>) = ordered(verdict).into_iter().partition(|report| report.detected);
    html! {
        @if verdict.subjects().is_empty() { (scored(verdict)) }
        @for (title, subjects) in [("Drifts", drifting), ("Does not drift", quiet)] {
            @if !subjects.is_empty() {
                h2 { (title) }
                div.subjects { @for report in subjects { (subject(report)) } }
            }
        }
    }
}

fn scored(verdict: &Verdict) -> Markup {
    html! {
        @match verdict {
            Verdict::NoRows => p { "No score: there are no rows." },
            Verdict::TooFewRows { minimum } => p { "No score: fewer than " (minimum) " rows, of which a distance is mostly chance." },
            Verdict::Scored(_) => div.subjects { @for report in ordered(verdict) { (subject(report)) } },
        }
    }
}

/// Sorts what drifts first, then what is above its threshold, then by distance relative to the threshold.
fn ordered(verdict: &Verdict) -> Vec<&SubjectReport> {
    let nearness = |report: &SubjectReport| {
        let score = report.measurement.as_ref().map_or(0.0, |measurement| measurement.score);
        score / report.rule.threshold
    };
    let mut subjects: Vec<_> = verdict.subjects().iter().collect();
    subjects.sort_by(|one, other| {
        let rank = |report: &SubjectReport| (report.detected, above(report).unwrap_or(false));
        rank(other)
            .cmp(&rank(one))
            .then_with(|| nearness(other).total_cmp(&nearness(one)))
    });
    subjects
}

fn subject(report: &SubjectReport) -> Markup {
    let name = report.subject.to_string();
    let shares = [
        ("missing", report.counts.missing_ratio()),
        ("outside training", report.counts.out_of_range_ratio()),
    ];
    let shares: Vec<_> = shares
        .into_iter()
        .filter_map(|(what, ratio)| Some(format!("{} {what}", percent(ratio?))))
        .collect();
    html! {
        section {
            h3 { (clean(&name)) }
            p {
                @match &report.measurement {
                    Ok(measurement) => {
                        (report.rule.statistic) " " (format!("{:.4}", measurement.score)) " (threshold " (report.rule.threshold)
                        (format!(", p = {:.1e}", measurement.p_value)) ") "
                    },
                    Err(problem) => { (clean(problem)) " " },
                }
                span.drift { (word(report)) }
            }
            @for change in report.explanation.iter().flat_map(|explanation| &explanation.changes) {
                p { (clean(&format!("{name} {change}."))) }
            }
            @if report.explanation.as_ref().is_some_and(|explanation| explanation.changes.is_empty()) {
                p { (clean(&format!("{name} {UNKNOWN}."))) }
            }
            p.quiet { (shares.join(", ")) }
            (new_names(report))
            (distributions(report))
            @if let Some(explanation) = &report.explanation { (numbers(explanation)) }
            (history(report))
        }
    }
}

/// Lists the categories that training did not have.
fn new_names(report: &SubjectReport) -> Markup {
    let Counts::Categorical(counts) = &report.counts else {
        return html! {};
    };
    let present = counts.present().max(1) as f64;
    let names: Vec<String> = counts
        .unnamed
        .top(10)
        .into_iter()
        .map(|(name, rows)| format!("{name} ({})", percent(rows as f64 / present)))
        .collect();
    html! {
        @if !names.is_empty() {
            p { (if counts.unseen > 0 { "Not in training: " } else { "Rare or not in training: " }) (clean(&names.join(", "))) }
        }
    }
}

/// Writes mean and quantiles of both sides.
fn numbers(explanation: &Explanation) -> Markup {
    let sides: [(&str, &Summary); 2] = [("training", &explanation.training), ("window", &explanation.window)];
    if sides.iter().all(|(_, summary)| summary.numbers.is_none()) {
        return html! {};
    }
    let number = |value: f64| {
        format!("{value:.4}")
            .trim_end_matches('0')
            .trim_end_matches('.')
            .to_owned()
    };
    html! {
        table {
            tr { th scope="col" { "" } @for head in ["mean", "5 %", "median", "95 %"] { th scope="col" { (head) } } }
            @for (name, summary) in sides {
                @if let Some(numbers) = summary.numbers {
                    tr {
                        th scope="row" { (name) }
                        td { (numbers.mean.map(number).unwrap_or_default()) }
                        td { (number(numbers.p05)) }
                        td { (number(numbers.p50)) }
                        td { (number(numbers.p95)) }
                    }
                }
            }
        }
    }
}

/// Removes control characters, which HTML does not allow.
fn clean(text: &str) -> String {
    text.replace(|character: char| character.is_control(), "\u{fffd}")
}
