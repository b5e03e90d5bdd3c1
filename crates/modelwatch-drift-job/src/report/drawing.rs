//! Draws a report: both distributions of a subject, and its scores over the windows. Each drawing has a text with the
//! same content.

use std::fmt::Write as _;

use maud::{Markup, html};
use modelwatch_drift::baseline::{
    CategoricalCounts, CategoricalProfile, Counts, NumericCounts, NumericProfile, Profile,
};

use crate::window_report::{Past, SubjectReport};

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 120.0;
/// The space below a drawing, for its scale.
const SCALE: f64 = 18.0;
/// The number of columns of a histogram.
const COLUMNS: usize = 60;
/// The maximum number of categories with their own bar; the rest share one.
const MOST_BARS: usize = 12;
/// If the range of both is this many times that of one, each gets its own scale. Otherwise one of them would be a line.
const APART: f64 = 4.0;

/// Draws both distributions.
pub(super) fn distributions(report: &SubjectReport) -> Markup {
    match (&report.profile, &report.counts) {
        (Profile::Numeric(profile), Counts::Numeric(window)) => numbers(profile, window),
        (Profile::Categorical(profile), Counts::Categorical(window)) => categories(profile, window),
        _ => html! {},
    }
}

fn numbers(profile: &NumericProfile, window: &NumericCounts) -> Markup {
    let edges = profile.bins().edges();
    let (Some(&first), Some(&last)) = (edges.first(), edges.last()) else {
        return html! {};
    };
    let training = Range(first, last);
    let Some(present) = window
        .least
        .zip(window.largest)
        .map(|(least, largest)| Range(least, largest))
    else {
        let text = format!(
            "Training lies between {} and {}; the window has no value.",
            short(first),
            short(last)
        );
        return panel(&text, training, &[("b", spread(profile.counts(), edges, training))]);
    };
    let text = format!(
        "Training lies between {} and {}, the window between {} and {}.",
        short(first),
        short(last),
        short(present.0),
        short(present.1)
    );
    let both = training.and(present);
    if both.width() <= APART * training.width().min(present.width().max(both.width() / 1e3)) {
        let layers = [
            ("b", spread(profile.counts(), edges, both)),
            ("w", spread(window, edges, both)),
        ];
        return panel(&text, both, &layers);
    }
    // The bins don't show values beyond them; the window's sample does.
    let mut sampled = vec![0.0; COLUMNS];
    let values = window.sample.values();
    for value in values {
        sampled[present.column(*value)] += 1.0 / values.len().max(1) as f64;
    }
    html! {
        p.quiet { "Training and window lie too far apart for one scale: each has its own." }
        (panel(&format!("Training lies between {} and {}.", short(first), short(last)), training, &[("b", spread(profile.counts(), edges, training))]))
        (panel(&format!("The window lies between {} and {}.", short(present.0), short(present.1)), present, &[("w", sampled)]))
    }
}

/// Spans from the minimum to the maximum.
#[derive(Clone, Copy)]
struct Range(f64, f64);

impl Range {
    fn and(self, other: Self) -> Self {
        Self(self.0.min(other.0), self.1.max(other.1))
    }

    fn width(self) -> f64 {
        // Halved before the subtraction: the width of the full range of doubles is not a finite double.
        2.0 * (self.1 / 2.0 - self.0 / 2.0).min(f64::MAX / 4.0)
    }

    /// Returns the column of a value.
    fn column(self, value: f64) -> usize {
        let place = (value / 2.0 - self.0 / 2.0) / (self.width() / 2.0).max(f64::MIN_POSITIVE) * COLUMNS as f64;
        (place.max(0.0) as usize).min(COLUMNS - 1)
    }
}

/// Returns the shares of the rows with a value in columns of equal width, so that areas are comparable. A bin's rows
/// are spread evenly over it.
fn spread(counts: &NumericCounts, edges: &[f64], range: Range) -> Vec<f64> {
    let mut columns = vec![0.0; COLUMNS];
    let present = counts.present().max(1) as f64;
    let mut add = |low: f64, high: f64, rows: u64| {
        if rows == 0 {
            return;
        }
        let (first, last) = (range.column(low), range.column(high.next_down().max(low)));
        let each = rows as f64 / present / (last - first + 1) as f64;
        columns[first..=last].iter_mut().for_each(|share| *share += each);
    };
    for (bin, rows) in edges.windows(2).zip(&counts.bins) {
        add(bin[0], bin[1], *rows);
    }
    if let (Some(first), Some(last)) = (edges.first(), edges.last()) {
        add(counts.least.unwrap_or(range.0).min(*first), *first, counts.below);
        add(*last, counts.largest.unwrap_or(range.1).max(*last), counts.above);
    }
    columns
}

/// Draws layers over each other on one scale: training as an area, the window as a line.
fn panel(text: &str, range: Range, layers: &[(&str, Vec<f64>)]) -> Markup {
    let highest = layers
        .iter()
        .flat_map(|(_, shares)| shares)
        .copied()
        .fold(f64::MIN_POSITIVE, f64::max);
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
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {}", HEIGHT + SCALE)) role="img" aria-label=(text) {
            title { (text) }
            @for (class, shares) in layers {
                @if *class == "b" {
                    polygon.b points=(format!("0,{HEIGHT} {}{WIDTH},{HEIGHT}", points(shares))) {}
                } @else {
                    polyline.w points=(points(shares)) {}
                }
            }
            line x1="0" y1=(HEIGHT) x2=(WIDTH) y2=(HEIGHT) {}
            text x="0" y=(HEIGHT + 14.0) { (short(range.0)) }
            text x=(WIDTH) y=(HEIGHT + 14.0) text-anchor="end" { (short(range.1)) }
        }
    }
}

/// Draws names with both shares, as rows of two bars.
fn categories(profile: &CategoricalProfile, window: &CategoricalCounts) -> Markup {
    let training = profile.counts();
    let share = |rows: u64, of: u64| rows as f64 / of.max(1) as f64;
    let of_training = |rows: u64| share(rows, training.present());
    let of_window = |rows: u64| share(rows, window.present());
    let mut bars: Vec<(String, f64, f64)> = profile
        .bins()
        .names()
        .iter()
        .zip(training.named.iter().zip(&window.named))
        .map(|(name, (before, now))| (name.clone(), of_training(*before), of_window(*now)))
        .collect();
    bars.sort_by(|one, other| other.1.max(other.2).total_cmp(&one.1.max(one.2)));
    let rest = bars.split_off(bars.len().min(MOST_BARS));
    let others = rest.iter().fold((0.0, 0.0), |sum, bar| (sum.0 + bar.1, sum.1 + bar.2));
    let other_groups = (
        of_training(training.other.iter().sum()),
        of_window(window.other.iter().sum()),
    );
    let others = (others.0 + other_groups.0, others.1 + other_groups.1);
    if others.0 > 0.0 || others.1 > 0.0 {
        bars.push(("(all others)".into(), others.0, others.1));
    }
    if window.unseen > 0 {
        bars.push(("(not in training)".into(), 0.0, of_window(window.unseen)));
    }
    let highest = bars
        .iter()
        .map(|bar| bar.1.max(bar.2))
        .fold(f64::MIN_POSITIVE, f64::max);
    let text = bars
        .iter()
        .map(|(name, before, now)| {
            format!(
                "{name}: {} in training, {} in the window",
                percent(*before),
                percent(*now)
            )
        })
        .collect::<Vec<_>>()
        .join("; ");
    let row = 22.0;
    let height = row * bars.len() as f64;
    // Names on the left, their bars on the right.
    let (left, width) = (150.0, WIDTH - 150.0);
    html! {
        svg viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(text) {
            title { (text) }
            @for (place, (name, before, now)) in bars.iter().enumerate() {
                @let y = place as f64 * row;
                text x=(left - 6.0) y=(y + 14.0) text-anchor="end" { (cut(name)) }
                rect.b x=(left) y=(y + 2.0) width=(format!("{:.1}", before / highest * width)) height="8" {}
                rect.wb x=(left) y=(y + 11.0) width=(format!("{:.1}", now / highest * width)) height="8" {}
            }
        }
    }
}

/// Draws the scores of the earlier windows and of this one, with the threshold.
pub(super) fn history(report: &SubjectReport) -> Markup {
    let now = report.measurement.as_ref().ok().map(|measurement| measurement.score);
    let mut windows: Vec<(Option<f64>, bool)> = report
        .history
        .iter()
        .map(|past: &Past| (past.score, past.above))
        .collect();
    if windows.is_empty() {
        return html! {};
    }
    windows.push((now, report.in_a_row > 0));
    let height = 40.0;
    let highest = windows
        .iter()
        .filter_map(|(score, _)| *score)
        .chain([report.rule.threshold])
        .fold(f64::MIN_POSITIVE, f64::max);
    let step = WIDTH / windows.len() as f64;
    let scores: Vec<String> = windows
        .iter()
        .map(|(score, _)| score.map_or_else(|| "none".to_owned(), |score| format!("{score:.2}")))
        .collect();
    let text = format!(
        "Scores of the last {} windows, the earliest first: {}. The threshold is {}.",
        windows.len(),
        scores.join(", "),
        report.rule.threshold
    );
    let y = |score: f64| height - score / highest * (height - 2.0);
    html! {
        svg.history viewBox=(format!("0 0 {WIDTH} {height}")) role="img" aria-label=(text) {
            title { (text) }
            @for (place, (score, above)) in windows.iter().enumerate() {
                @if let Some(score) = score {
                    rect class=(if *above { "above" } else { "b" }) x=(format!("{:.1}", place as f64 * step + 1.0))
                        y=(format!("{:.1}", y(*score))) width=(format!("{:.1}", (step - 2.0).clamp(1.0, 24.0)))
                        height=(format!("{:.1}", height - y(*score))) {}
                }
            }
            line.threshold x1="0" x2=(WIDTH) y1=(format!("{:.1}", y(report.rule.threshold))) y2=(format!("{:.1}", y(report.rule.threshold))) {}
        }
    }
}

/// Formats a share as a percentage.
pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", 100.0 * share)
}

fn cut(name: &str) -> String {
    const MOST: usize = 20;
    match name.chars().count() <= MOST {
        true => name.to_owned(),
        false => name.chars().take(MOST - 1).chain(['…']).collect(),
    }
}

/// Formats a number in a few characters.
fn short(value: f64) -> String {
    if value == 0.0 || (1e-3..1e7).contains(&value.abs()) {
        let text = format!("{value:.3}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.2e}")
    }
}
