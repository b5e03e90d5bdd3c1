//! Draws the trouble over time as SVG, with its beginning and the releases.

use maud::{Markup, html};

use crate::onset::Onset;
use crate::release::Judged;
use crate::triage::Trouble;
use crate::words;

const WIDTH: f64 = 900.0;
const HEIGHT: f64 = 160.0;
const LEFT: f64 = 60.0;
const BOTTOM: f64 = 20.0;

/// Draws the ratio as a line, the beginning and its uncertainty as a band, and releases as dashed lines.
pub(super) fn plot(trouble: &Trouble, releases: &[Judged]) -> Markup {
    let series = &trouble.series;
    let ratios: Vec<_> = series
        .steps
        .iter()
        .map(|step| step.and_then(|step| step.ratio()))
        .collect();
    let highest = ratios.iter().flatten().copied().fold(0.0, f64::max);
    if highest <= 0.0 || !highest.is_finite() {
        return html! {};
    }
    let length = (series.end() - series.start).max(1) as f64;
    let across = |time: i64| LEFT + (WIDTH - LEFT) * ((time - series.start) as f64 / length).clamp(0.0, 1.0);
    let up = |ratio: f64| (HEIGHT - BOTTOM) * (1.0 - ratio / highest) + 4.0;
    let mut path = String::new();
    let mut pen = "M";
    for (index, ratio) in ratios.iter().enumerate() {
        match ratio {
            Some(ratio) => {
                path += &format!(
                    "{pen}{:.1} {:.1}",
                    across(series.begins(index) + series.step / 2),
                    up(*ratio)
                );
                pen = "L";
            }
            None => pen = "M",
        }
    }
    let ground = HEIGHT - BOTTOM + 4.0;
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {HEIGHT}")) width="100%" role="img" aria-label=(format!("{} over time", trouble.symptom)) {
            line.axis x1=(LEFT) x2=(WIDTH) y1=(ground) y2=(ground) {}
            text x="0" y="12" { (words::amount(&trouble.symptom, highest)) }
            text x="0" y=(ground) { "0" }
            text x=(LEFT) y=(HEIGHT) { (words::minute(series.start)) }
            text x=(WIDTH) y=(HEIGHT) text-anchor="end" { (words::minute(series.end())) " UTC" }
            @if let Onset::Since(moment) = &trouble.onset {
                rect.band x=(across(moment.earliest)) width=((across(moment.latest) - across(moment.earliest)).max(1.0)) y="0" height=(ground) {}
                line.onset x1=(across(moment.at)) x2=(across(moment.at)) y1="0" y2=(ground) {}
                (beside(across(moment.at), &words::minute(moment.at)))
            }
            @for judged in releases {
                line.mark x1=(across(judged.release.latest)) x2=(across(judged.release.latest)) y1="0" y2=(ground) {
                    title { (crate::triage::described(judged)) }
                }
            }
            path.line d=(path) {}
        }
    }
}

/// Writes a word at the top of a vertical line, on the side with more room. The labels of the axis are below.
fn beside(line: f64, word: &str) -> Markup {
    let (by, anchor) = if line > (LEFT + WIDTH) / 2.0 {
        (-6.0, "end")
    } else {
        (6.0, "start")
    };
    html! { text x=(line + by) y="12" text-anchor=(anchor) { (word) } }
}
