//! Remembers results from one window to the next, and judges a window by them.

use std::collections::{HashMap, VecDeque};

use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::Profile;
use modelwatch_drift::decision::{Detector, Measurement, Rule};
use modelwatch_drift::joint::JointProfile;
use modelwatch_drift::sketch::RowSample;

use super::explained::explained;
use crate::engine::ColumnCounts;
use crate::joint_report::JointReport;
use crate::subject::Subject;
use crate::time_window::TimeWindow;
use crate::window_report::{Past, SubjectReport, Verdict, above};

/// The maximum number of past windows that a report shows per subject.
const MOST_PAST: usize = 96;

/// A group that is counted separately: `None` for all rows, or a column and one of its values (`None` for all other
/// values).
pub(crate) type Group = Option<(String, Option<String>)>;

/// Holds, for every subject of every group, how many windows in a row were above the threshold, and their results.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory {
    subjects: HashMap<(Group, Subject), Remembered>,
    joint: Remembered,
}

#[derive(Clone, Debug, Default)]
struct Remembered {
    detector: Detector,
    /// When the first window in the row began.
    since: Option<DateTime<Utc>>,
    past: VecDeque<Past>,
}

/// Holds one group's rows of a window.
pub(crate) struct Counted<'a> {
    pub(crate) group: Group,
    pub(crate) window: Option<TimeWindow>,
    pub(crate) rows: u64,
    /// The counts, in the order of the subjects.
    pub(crate) columns: &'a [ColumnCounts],
    /// Why there is nothing to compare a subject with; empty if there always is something.
    pub(crate) problems: &'a [Option<String>],
}

impl Memory {
    /// Judges a window that has at least the minimum number of rows, and remembers the result.
    pub(crate) fn judge(
        &mut self,
        counted: &Counted<'_>,
        subjects: &[(Subject, Profile)],
        rule: impl Fn(&Subject, &Profile) -> Rule,
        minimum: u64,
    ) -> Verdict {
        if counted.rows == 0 {
            return Verdict::NoRows;
        }
        if counted.rows < minimum {
            return Verdict::TooFewRows { minimum };
        }
        let judged =
            subjects
                .iter()
                .zip(counted.columns)
                .enumerate()
                .map(|(position, ((subject, profile), column))| {
                    let remembered = self
                        .subjects
                        .entry((counted.group.clone(), subject.clone()))
                        .or_default();
                    let rule = rule(subject, profile);
                    let measurement = match counted.problems.get(position) {
                        Some(Some(problem)) => Err(problem.clone()),
                        _ => {
                            Measurement::of(profile, &column.counts, rule.statistic).map_err(|error| error.to_string())
                        }
                    };
                    let mut report = SubjectReport {
                        subject: subject.clone(),
                        rule,
                        measurement,
                        detected: false,
                        in_a_row: 0,
                        since: None,
                        profile: profile.clone(),
                        counts: column.counts.clone(),
                        other_type: column.other_type,
                        found_type: column.found_type.clone(),
                        explanation: None,
                        history: remembered.past.iter().copied().collect(),
                    };
                    let above = above(&report);
                    if let Some(above) = above {
                        report.detected = remembered.detector.observe_window(above, &rule);
                        let start = || counted.window.map(|window| window.start());
                        remembered.since = above.then(|| remembered.since.or_else(start)).flatten();
                    }
                    report.in_a_row = remembered.detector.in_a_row();
                    report.since = remembered.since;
                    if let Some(window) = counted.window {
                        remembered.past.push_back(Past {
                            window,
                            score: report.measurement.as_ref().ok().map(|measurement| measurement.score),
                            above: above.unwrap_or(false),
                        });
                        if remembered.past.len() > MOST_PAST {
                            remembered.past.pop_front();
                        }
                    }
                    report
                });
        Verdict::Scored(explained(judged.collect()))
    }

    /// Judges how the numbers of all rows go together, and remembers the result; `None` if there are too few rows for
    /// any score.
    pub(crate) fn judge_together(
        &mut self,
        profile: &JointProfile,
        rows: &RowSample,
        window: Option<TimeWindow>,
        rule: &Rule,
    ) -> Option<JointReport> {
        if rows.offered() < rule.minimum_rows {
            return None;
        }
        let measurement = profile.measure(rows, window.map(|window| window.length()));
        let remembered = &mut self.joint;
        let mut detected = false;
        if let Ok(measurement) = &measurement {
            let above = measurement.drifts();
            detected = remembered.detector.observe_window(above, rule);
            let start = || window.map(|window| window.start());
            remembered.since = above.then(|| remembered.since.or_else(start)).flatten();
        }
        Some(JointReport {
            measurement: measurement.map_err(|problem| problem.to_string()),
            detected,
            in_a_row: remembered.detector.in_a_row(),
            since: remembered.since,
        })
    }
}
