//! Outcomes as a table, and as sentences.

use std::fmt::Write as _;

use crate::outcome::{Change, Heard, Outcome, Summary};

/// Writes a table of outcomes in Markdown, which a terminal shows as well, and the summaries under it.
#[must_use]
pub fn text(outcomes: &[Outcome]) -> String {
    let mut rows = Vec::new();
    let header = [
        "incident", "half", "receiver", "minutes", "culprits", "change", "wakings", "false",
    ];
    for outcome in outcomes {
        rows.push(row(outcome));
    }
    let mut text = columns(&header.map(str::to_owned), &rows);
    text.push('\n');
    let header = [
        "of",
        "found",
        "median",
        "pages",
        "tickets",
        "all culprits",
        "change right, wrong",
        "most wakings",
        "false messages",
    ];
    let rows: Vec<_> = Summary::of_halves(outcomes).iter().map(summary).collect();
    text + &columns(&header.map(str::to_owned), &rows)
}

/// Writes what each first message says.
#[must_use]
pub fn messages(outcomes: &[Outcome]) -> String {
    let mut text = String::new();
    for outcome in outcomes {
        let Outcome { incident, about, .. } = outcome;
        // Writing into a string can't fail.
        let _ = writeln!(text, "{incident}: {about}");
        match (&outcome.heard, &outcome.expected) {
            (Some(heard), _) => say(&mut text, "", heard),
            (None, Some(expected)) => {
                let _ = writeln!(text, "  {} hears nothing", expected.receiver);
            }
            (None, None) => {}
        }
        for unnamed in &outcome.unnamed {
            let _ = writeln!(text, "  does not name the {unnamed}");
        }
        outcome.others.iter().for_each(|heard| say(&mut text, "also ", heard));
        outcome
            .false_messages
            .iter()
            .for_each(|heard| say(&mut text, "false: ", heard));
    }
    text
}

fn say(text: &mut String, word: &str, heard: &Heard) {
    let _ = writeln!(
        text,
        "  {word}{} at {:+.1} min: {}",
        heard.receiver,
        heard.minutes,
        heard.alerts.join(", ")
    );
    for line in &heard.text {
        let _ = writeln!(text, "    {}", line.replace('\n', " "));
    }
}

fn row(outcome: &Outcome) -> [String; 8] {
    let none = || "–".to_owned();
    let culprits = match &outcome.expected {
        Some(expected) if outcome.is_found() => {
            let all = expected.culprits.len();
            format!("{} of {all}", all - outcome.unnamed.len())
        }
        _ => none(),
    };
    let change = match (outcome.change, &outcome.heard) {
        (_, None) => none(),
        (Change::Right, _) => "right".to_owned(),
        (Change::Wrong, _) => "wrong".to_owned(),
        (Change::Unsaid, _) => "not said".to_owned(),
    };
    [
        outcome.incident.clone(),
        outcome.half.to_owned(),
        outcome
            .expected
            .as_ref()
            .map_or_else(none, |expected| expected.receiver.clone()),
        match (&outcome.heard, &outcome.expected) {
            (Some(heard), _) => format!("{:.1}", heard.minutes),
            (None, Some(_)) => "never".to_owned(),
            (None, None) => none(),
        },
        culprits,
        change,
        outcome.wakings.to_string(),
        outcome.false_messages.len().to_string(),
    ]
}

fn summary(summary: &Summary) -> [String; 9] {
    let minutes = |minutes: Option<f64>| minutes.map_or("–".to_owned(), |minutes| format!("{minutes:.1}"));
    [
        summary.of.clone(),
        format!("{} of {}", summary.found, summary.incidents),
        minutes(summary.median),
        minutes(summary.median_pages),
        minutes(summary.median_tickets),
        summary.named.to_string(),
        format!("{}, {}", summary.changes, summary.wrong_changes),
        summary.wakings.to_string(),
        format!("{} ({} quiet stretches)", summary.false_messages, summary.quiet),
    ]
}

/// A Markdown table whose columns line up.
fn columns<const N: usize>(header: &[String; N], rows: &[[String; N]]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().chain([header]).map(|row| row[column].chars().count());
        cells.max().unwrap_or(0)
    };
    let mut text = String::new();
    let mut line = |cells: &[String; N]| {
        for (column, cell) in cells.iter().enumerate() {
            let _ = write!(text, "| {cell:<width$} ", width = width(column));
        }
        text.push_str("|\n");
    };
    line(header);
    line(&std::array::from_fn(|column| "-".repeat(width(column).max(3))));
    rows.iter().for_each(line);
    text
}
