//! A report as a self-contained HTML page: no scripts, no other files, no requests.

mod plot;

use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::localization::Candidate;
use crate::release::Judged;
use crate::text::since;
use crate::triage::{Place, Report, described, place, summary, verdict};
use crate::words::{self, line, name};

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:960px;padding:0 1em;color:#1b1f24;background:#fff}\
h1{font-size:1.35em;margin-bottom:0}h2{font-size:1em;margin:1.6em 0 .3em}p,ol,ul{margin:.3em 0}dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1em}\
dt{font-weight:600}dd{margin:0}.suspect{color:#b3261e;font-weight:600}.quiet{color:#57606a}.unknown{color:#9a6700}code{overflow-wrap:anywhere}\
svg{display:block;margin:.6em 0;overflow:visible}.line{fill:none;stroke:#0969da;stroke-width:1.6}.band{fill:#b3261e;fill-opacity:.13}.onset{stroke:#b3261e}.mark{stroke:#57606a;stroke-dasharray:3 3}\
.axis{stroke:#d0d7de}text{font-size:11px;fill:#57606a}@media(max-width:600px){text{font-size:20px}}\
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}.line{stroke:#58a6ff}.suspect{color:#ff7b72}.unknown{color:#d29922}.axis{stroke:#30363d}a{color:#58a6ff}}";

/// Renders a report as a page.
#[must_use]
pub fn page(report: &Report) -> String {
    let title = format!("{}: what changed", name(&report.subject.model));
    document(&title, &body(report))
}

/// Renders a page that lists what you can ask about: one line of text for each address.
#[must_use]
pub fn index(entries: &[(String, String)], note: &str) -> String {
    document(
        "modelwatch triage",
        &html! {
            h1 { "What changed?" }
            p.quiet { (note) }
            ul {
                @for (words, address) in entries {
                    li { a href=(address) { (name(words)) } }
                }
            }
        },
    )
}

/// Renders a page that says why there is no answer.
#[must_use]
pub fn problem(what: &str) -> String {
    document(
        "modelwatch triage",
        &html! {
            h1 { "No answer" }
            p.unknown { (name(what)) }
        },
    )
}

fn document(title: &str, body: &Markup) -> String {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    }
    .into_string()
}

fn body(report: &Report) -> Markup {
    let subject = &report.subject;
    html! {
        h1 {
            (name(&subject.model))
            @if let Some(trouble) = &report.trouble { ": " (name(&trouble.symptom.to_string())) }
        }
        p.quiet {
            @if let Some(alert) = &subject.alert { (name(alert)) ", " }
            (words::time(subject.at)) " UTC"
            @for (label, value) in &subject.only { ", " (label) " " (name(value)) }
        }
        @match &report.trouble {
            None => {
                @match &report.blind {
                    None if report.findings.is_empty() => p { "Nothing is wrong that the metrics show." },
                    None => p { "Requests are as usual, and what is below is not." },
                    Some(why) => p.unknown { "Unknown: " (why) "." },
                }
            },
            Some(trouble) => {
                @if let (Some(before), Some(now)) = (trouble.before, trouble.since) {
                    p {
                        b { (words::amount(&trouble.symptom, now)) } " " (words::symptom_words(&trouble.symptom)) "; "
                        (words::amount(&trouble.symptom, before)) " before."
                    }
                }
                (plot::plot(trouble, &report.releases))
            }
        }
        h2 { "The first five questions" }
        ol {
            @for answer in &report.answers {
                li { (answer.question) " " span.unknown[!answer.known] { (answer.answer) } }
            }
        }
        @if let Some(trouble) = &report.trouble {
            dl {
                dt { "Where" }
                dd { (places(&trouble.place)) }
                dt { "Since" }
                dd { (since(&trouble.onset)) }
                @if let Some(who) = &report.who {
                    dt { "Who" }
                    dd {
                        (name(&who.team)) " (" (who.role) ")"
                        ul { @for step in &who.mitigation { li { (step) } } }
                        @for (word, address) in &who.links { a href=(address) { (word) } " " }
                    }
                }
                dt { "Query" }
                dd { code { (trouble.query) } }
            }
        }
        @if !report.findings.is_empty() {
            h2 { "What else changed" }
            ul {
                @for finding in &report.findings {
                    li {
                        (finding.what)
                        @if let Some(since) = finding.since { ", since " (words::minute(since)) }
                    }
                }
            }
        }
        @if let Some(logged) = &report.logged {
            p.quiet { "Prediction log: " (summary(logged)) }
        }
        @if !report.releases.is_empty() {
            h2 { "Released" }
            ul { @for judged in &report.releases { (released(judged)) } }
        }
        @if !report.unknown.is_empty() {
            h2 { "Unknown" }
            ul.unknown { @for unknown in &report.unknown { li { (line(unknown)) } } }
        }
    }
}

fn places(found: &Place) -> Markup {
    let one = |candidate: &Candidate| place(&Place::In(vec![candidate.clone()]));
    html! {
        @match found {
            Place::In(candidates) => { @for candidate in candidates { div { (one(candidate)) } } },
            other => (place(other)),
        }
    }
}

fn released(judged: &Judged) -> Markup {
    html! {
        li {
            (described(judged)) ": "
            span.suspect[judged.verdict.is_suspect()] { (verdict(&judged.verdict)) }
        }
    }
}
