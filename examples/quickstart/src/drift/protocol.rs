//! What the demo and its drift job tell each other: a line of JSON each, orders on the job's standard input and news on its
//! standard output.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// From when to when predictions are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its first instant.
    pub start: DateTime<Utc>,
    /// The first instant after it.
    pub end: DateTime<Utc>,
}

impl Window {
    /// The day in its middle, as a person says it.
    #[must_use]
    pub fn day(&self) -> String {
        let middle = self.start + (self.end - self.start) / 2;
        middle.format("%-d %B %Y").to_string()
    }
}

/// What the demo asks for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Make the baseline: the first order, and given once. [`News::Ready`] answers it.
    Start {
        /// The folder of the flight files.
        data: PathBuf,
        /// The folder of the prediction log, which gets the baseline, too.
        folder: PathBuf,
        /// How long a window is.
        window: Duration,
    },
    /// Compare a window with training. [`News::Compared`] answers it.
    Compare(Window),
}

/// What the job has to say.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum News {
    /// It runs: before any order.
    Started,
    /// The baseline is made.
    Ready {
        /// What the job exports, as Prometheus text.
        page: String,
    },
    /// A window was compared.
    Compared {
        /// What that says.
        report: Report,
        /// What the job exports, as Prometheus text.
        page: String,
    },
    /// It ends: the line names culprit and fix.
    Failed(String),
}

/// What a window says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// The window.
    pub window: Window,
    /// The number of its rows.
    pub rows: u64,
    /// Whether everything is as far from training as days of the training quarter are from each other.
    pub usual: bool,
    /// Features, score and classes, in the order of the baseline; none when there are too few rows.
    pub subjects: Vec<Subject>,
}

/// What a window says of a feature, the score or the classes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subject {
    /// Its name, as a person reads it.
    pub name: String,
    /// The distance from training as the population stability index, or why there is none.
    pub distance: Result<f64, String>,
    /// Whether this window is above the threshold and significant.
    pub drifts: bool,
    /// Whether a ticket would be opened: in as many windows in a row as the rule asks for.
    pub detected: bool,
}

/// A duration as dates count it.
#[must_use]
pub fn length(duration: Duration) -> TimeDelta {
    TimeDelta::from_std(duration).unwrap_or(TimeDelta::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_a_line_and_is_read_back() {
        let window = Window {
            start: DateTime::UNIX_EPOCH,
            end: DateTime::UNIX_EPOCH + TimeDelta::days(1),
        };
        let orders = [
            Order::Start {
                data: "data".into(),
                folder: "log\n2".into(),
                window: Duration::from_millis(1_500),
            },
            Order::Compare(window),
        ];
        for order in orders {
            let line = serde_json::to_string(&order).expect("JSON");
            assert_eq!(line.lines().count(), 1, "{line}");
            assert_eq!(serde_json::from_str::<Order>(&line).expect("an order"), order);
        }
        let subjects = [Ok(0.25), Err("too few rows".to_owned())].map(|distance| Subject {
            name: "temp".into(),
            distance,
            drifts: true,
            detected: false,
        });
        let report = Report {
            window,
            rows: 900,
            usual: false,
            subjects: subjects.into(),
        };
        let page = "# TYPE a gauge\na 1\n".to_owned();
        for news in [
            News::Started,
            News::Ready { page: page.clone() },
            News::Compared { report, page },
            News::Failed("no room".into()),
        ] {
            let line = serde_json::to_string(&news).expect("JSON");
            assert_eq!(line.lines().count(), 1, "{line}");
            assert_eq!(serde_json::from_str::<News>(&line).expect("news"), news);
        }
    }
}
