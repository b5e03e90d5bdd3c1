//! Formats numbers and names for people.

use crate::onset::Moment;
use crate::symptom::Symptom;

/// Formats a date and time of day in UTC: `2026-05-01 14:03`.
#[must_use]
pub fn time(seconds: i64) -> String {
    let (date, minute) = civil(seconds);
    format!("{date} {minute}")
}

/// Formats a time of day in UTC: `14:03`.
#[must_use]
pub fn minute(seconds: i64) -> String {
    civil(seconds).1
}

/// Date and minute in the proleptic Gregorian calendar.
fn civil(seconds: i64) -> (String, String) {
    let time = chrono::DateTime::from_timestamp(seconds, 0).unwrap_or_default();
    (time.format("%Y-%m-%d").to_string(), time.format("%H:%M").to_string())
}

/// Formats a share as a percentage of two or three digits: `5.1%`, `0.02%`.
#[must_use]
pub fn share(ratio: f64) -> String {
    format!("{}%", figure(ratio * 100.0))
}

/// Formats a number with about three digits.
#[must_use]
pub fn figure(number: f64) -> String {
    let size = number.abs();
    let digits = if size >= 100.0 || size == 0.0 {
        0
    } else if size >= 1.0 {
        1
    } else if size >= 0.1 {
        2
    } else {
        4
    };
    let text = format!("{number:.digits$}");
    if text.contains('.') {
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        text
    }
}

/// Formats a duration: `12ms`, `3.5s`.
#[must_use]
pub fn seconds(seconds: f64) -> String {
    if seconds.abs() < 1.0 {
        format!("{}ms", figure(seconds * 1000.0))
    } else {
        format!("{}s", figure(seconds))
    }
}

/// Formats a long duration: `40 seconds`, `3 minutes`, `2.5 hours`.
#[must_use]
pub fn span(seconds: i64) -> String {
    let seconds = seconds.unsigned_abs();
    let (number, unit) = match seconds {
        0..=119 => {
            return if seconds == 1 {
                "1 second".to_owned()
            } else {
                format!("{seconds} seconds")
            };
        }
        120..=7199 => (seconds as f64 / 60.0, "minutes"),
        7200..=172_799 => (seconds as f64 / 3600.0, "hours"),
        _ => (seconds as f64 / 86_400.0, "days"),
    };
    let number = if unit == "minutes" {
        number.round()
    } else {
        (number * 10.0).round() / 10.0
    };
    format!("{number} {unit}")
}

/// Formats the amount of a symptom: a share, a rate, or a distance.
#[must_use]
pub fn amount(symptom: &Symptom, ratio: f64) -> String {
    match symptom {
        Symptom::Traffic | Symptom::FeatureDrift(_) | Symptom::PredictionDrift => figure(ratio),
        _ => share(ratio),
    }
}

/// Says that a symptom left its usual ratio: `31% of observations lack income (0.1% before)`.
#[must_use]
pub fn moved(symptom: &Symptom, moment: &Moment, version: Option<&str>) -> String {
    let of = version.map_or(String::new(), |version| format!(" in version {}", name(version)));
    format!(
        "{} {}{of} ({} before)",
        amount(symptom, moment.since),
        symptom_words(symptom),
        amount(symptom, moment.before)
    )
}

/// Names what the amount counts, with names made safe for one line.
#[must_use]
pub fn symptom_words(symptom: &Symptom) -> String {
    name(&symptom.of_what())
}

/// Makes a name safe for one line of text: replaces control characters and those that change the direction of writing, and cuts
/// very long names. So a name can neither break a line nor hide one.
#[must_use]
pub fn name(name: &str) -> String {
    cut(name, 120)
}

/// Makes a sentence with names in it safe in the same way. It may be longer.
#[must_use]
pub fn line(sentence: &str) -> String {
    cut(sentence, 400)
}

fn cut(text: &str, longest: usize) -> String {
    let safe = |character| if is_unsafe(character) { '\u{fffd}' } else { character };
    let mut cut: String = text.chars().take(longest).map(safe).collect();
    if text.chars().nth(longest).is_some() {
        cut.push('…');
    }
    cut
}

/// Whether a character could break a line, hide it, or change the direction of writing. All such characters are in the basic
/// plane.
pub(crate) fn is_unsafe(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}
