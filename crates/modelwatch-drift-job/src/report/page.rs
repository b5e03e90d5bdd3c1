//! A report as an HTML page that needs nothing else: no script, no other file.

use std::fmt::Write as _;

use modelwatch_drift::baseline::{Counts, NumericCounts, NumericProfile, Profile};

use super::table::word;
use crate::window_report::{SubjectReport, Verdict, WindowReport};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 130.0;
/// Categories that get a bar of their own; the rest share one.
const MOST_BARS: usize = 20;

const STYLE: &str = "body{font:14px/1.4 system-ui,sans-serif;margin:2em auto;max-width:1000px;padding:0 1em;color:#1b1f24;background:#fff}\
h1{font-size:1.4em}h2{font-size:1.1em;margin-top:2em}section{display:inline-block;width:480px;vertical-align:top;margin:0 0 1.2em}\
h3{font-size:1em;margin:0}p{margin:.2em 0}.drift{color:#b3261e;font-weight:600}.quiet{color:#57606a}\
.b{fill:#57606a;fill-opacity:.35}.w{fill:none;stroke:#0969da;stroke-width:1.6}.wb{fill:#0969da;fill-opacity:.75}\
text{font-size:10px;fill:#57606a}line{stroke:#d0d7de}.warning{background:#fff8c5;padding:.3em .6em}\
@media(prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}.warning{background:#3d2e00}.b{fill:#8b949e}.w{stroke:#58a6ff}.wb{fill:#58a6ff}line{stroke:#30363d}}";

/// One page of reports. Each feature has the two distributions drawn over each other: the baseline as an area, the window as
/// a line.
#[must_use]
pub fn page(reports: &[WindowReport]) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width\">\
         <title>Drift</title><style>{STYLE}</style></head><body>\n"
    );
    for report in reports {
        model(&mut html, report);
    }
    html += "</body></html>\n";
    html
}

fn model(html: &mut String, report: &WindowReport) {
    let about = report.baseline.about();
    *html += &format!(
        "<h1>{}</h1>\n<p>{}: {} rows of {} files. Baseline {} of {} rows, made {}.</p>\n",
        escape(&report.model),
        super::table::rows_of(report),
        report.rows,
        report.files,
        escape(&about.version),
        about.rows,
        about.created.format("%Y-%m-%d %H:%M UTC"),
    );
    *html += "<p class=\"quiet\">Grey area: the baseline. Blue line: the window. Both are shares of the rows that have a value.</p>\n";
    for warning in report.warnings() {
        *html += &format!("<p class=\"warning\">{}</p>\n", escape(&warning));
    }
    verdict(html, &report.verdict);
    for version in &report.versions {
        *html += &format!("<h2>Version {}, {} rows</h2>\n", escape(version.name()), version.rows);
        verdict(html, &version.verdict);
    }
}

fn verdict(html: &mut String, verdict: &Verdict) {
    match verdict {
        Verdict::NoRows => *html += "<p>No score: there are no rows.</p>\n",
        Verdict::TooFewRows { minimum } => {
            *html += &format!("<p>No score: fewer than {minimum} rows, of which a distance is mostly chance.</p>\n");
        }
        Verdict::Scored(subjects) => subjects.iter().for_each(|subject| section(html, subject)),
    }
}

fn section(html: &mut String, report: &SubjectReport) {
    let name = escape(&report.subject.to_string());
    *html += &format!("<section><h3>{name}</h3><p>");
    match &report.measurement {
        Ok(measurement) => {
            *html += &format!(
                "{} {:.4} (threshold {}, p = {:.1e}) ",
                report.rule.statistic, measurement.score, report.rule.threshold, measurement.p_value
            );
        }
        Err(problem) => *html += &escape(problem),
    }
    *html += &format!("<span class=\"drift\">{}</span></p>", word(report));
    let shares = [
        ("missing", report.counts.missing_ratio()),
        ("outside training", report.counts.out_of_range_ratio()),
    ];
    let shares: Vec<_> = shares
        .into_iter()
        .filter_map(|(what, ratio)| Some(format!("{:.1} % {what}", 100.0 * ratio?)))
        .collect();
    *html += &format!("<p class=\"quiet\">{}</p>", shares.join(", "));
    *html += &format!(
        "<svg width=\"{WIDTH}\" height=\"{}\" role=\"img\" aria-label=\"distributions of {name}\">",
        HEIGHT + 16.0
    );
    match (&report.profile, &report.counts) {
        (Profile::Numeric(profile), Counts::Numeric(window)) => numeric(html, profile, window),
        (Profile::Categorical(profile), Counts::Categorical(window)) => {
            let reference = profile.counts();
            let shown = profile.bins().names().len().min(MOST_BARS);
            let total = |named: &[u64], rest: u64| named[shown..].iter().sum::<u64>() + rest;
            let names = profile.bins().names()[..shown]
                .iter()
                .map(String::as_str)
                .chain(["all others"]);
            let baseline = reference.named[..shown]
                .iter()
                .copied()
                .chain([total(&reference.named, reference.other.iter().sum())]);
            let rows = window.named[..shown]
                .iter()
                .copied()
                .chain([total(&window.named, window.other.iter().sum::<u64>() + window.unseen)]);
            bars(
                html,
                names.zip(baseline.zip(rows)).collect(),
                reference.present(),
                window.present(),
            );
        }
        _ => {}
    }
    *html += &format!("<line x1=\"0\" y1=\"{HEIGHT}\" x2=\"{WIDTH}\" y2=\"{HEIGHT}\"/></svg></section>\n");
}

/// Equal widths over the range of both, so that the eye reads areas; a bin's rows lie evenly in it.
fn numeric(html: &mut String, profile: &NumericProfile, window: &NumericCounts) {
    let edges = profile.bins().edges();
    let (Some(first), Some(last)) = (edges.first(), edges.last()) else {
        return;
    };
    let from = window.least.map_or(*first, |least| least.min(*first));
    let to = window.largest.map_or(*last, |largest| largest.max(*last));
    let baseline = spread(profile.counts(), edges, from, to);
    let rows = spread(window, edges, from, to);
    let highest = baseline.iter().chain(&rows).copied().fold(f64::MIN_POSITIVE, f64::max);
    let points = |shares: &[f64]| {
        let step = WIDTH / shares.len() as f64;
        let mut points = String::new();
        for (column, share) in shares.iter().enumerate() {
            let y = HEIGHT - share / highest * (HEIGHT - 6.0);
            let x = column as f64 * step;
            // Writing to a string does not fail.
            let _ = write!(points, "{x:.1},{y:.1} {:.1},{y:.1} ", x + step);
        }
        points
    };
    *html += &format!(
        "<polygon class=\"b\" points=\"0,{HEIGHT} {}{WIDTH},{HEIGHT}\"/>",
        points(&baseline)
    );
    *html += &format!("<polyline class=\"w\" points=\"{}\"/>", points(&rows));
    let y = HEIGHT + 12.0;
    *html += &format!("<text x=\"0\" y=\"{y}\">{}</text>", short(from));
    *html += &format!("<text x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">{}</text>", short(to));
}

/// Shares of the rows with a value in so many columns of equal width.
fn spread(counts: &NumericCounts, edges: &[f64], from: f64, to: f64) -> Vec<f64> {
    const COLUMNS: usize = 60;
    let mut columns = vec![0.0; COLUMNS];
    let present = counts.present().max(1) as f64;
    let width = (to - from) / COLUMNS as f64;
    let mut add = |low: f64, high: f64, rows: u64| {
        let place = |value: f64| (((value - from) / width).max(0.0) as usize).min(COLUMNS - 1);
        let (first, last) = (place(low), place(high.next_down().max(low)));
        for (column, share) in columns.iter_mut().enumerate().take(last + 1).skip(first) {
            let left = from + column as f64 * width;
            let overlap = (high.min(left + width) - low.max(left)).max(0.0);
            let part = if first == last || high <= low {
                1.0
            } else {
                overlap / (high - low)
            };
            *share += rows as f64 * part / present;
        }
    };
    for (bin, rows) in edges.windows(2).zip(&counts.bins) {
        add(bin[0], bin[1], *rows);
    }
    if let (Some(first), Some(last)) = (edges.first(), edges.last()) {
        add(counts.least.unwrap_or(from).min(*first), *first, counts.below);
        add(*last, counts.largest.unwrap_or(to).max(*last), counts.above);
    }
    columns
}

fn bars(html: &mut String, bars: Vec<(&str, (u64, u64))>, baseline: u64, window: u64) {
    let share = |rows: u64, of: u64| rows as f64 / of.max(1) as f64;
    let highest = bars
        .iter()
        .map(|(_, (old, new))| share(*old, baseline).max(share(*new, window)))
        .fold(f64::MIN_POSITIVE, f64::max);
    let step = WIDTH / bars.len() as f64;
    let room = ((step / 6.0) as usize).max(1);
    for (column, (name, (old, new))) in bars.iter().enumerate() {
        let x = column as f64 * step;
        for (class, offset, share) in [("b", 0.08, share(*old, baseline)), ("wb", 0.5, share(*new, window))] {
            let height = share / highest * (HEIGHT - 6.0);
            *html += &format!(
                "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{height:.1}\"/>",
                x + offset * step,
                HEIGHT - height,
                step * 0.42,
            );
        }
        let label: String = name.chars().take(room).collect();
        *html += &format!(
            "<text x=\"{:.1}\" y=\"{}\">{}</text>",
            x + 0.08 * step,
            HEIGHT + 12.0,
            escape(&label)
        );
    }
}

fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.2e}")
    }
}

/// Text that is only text, whatever is in it.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\'' => escaped += "&#39;",
            control if control.is_control() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}
