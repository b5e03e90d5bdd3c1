//! Watches one model: the current content of its baseline file, and its windows one after the other.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_drift::baseline::{Baseline, Profile};
use modelwatch_drift::reference::Reference;
use modelwatch_log_format::columns;

use super::error::{BaselineProblem, JobError};
use super::memory::{Counted, Memory};
use super::progress::{DriftProgress, Listener};
use super::settings::ModelSettings;
use super::subjects::{by_segment, column, joint_columns, subjects};
use crate::engine::{Engine, EngineError, GroupBy, WindowCounts, WindowQuery};
use crate::store::Store;
use crate::subject::Subject;
use crate::time_window::TimeWindow;
use crate::window_report::{SegmentReport, VersionReport, WindowReport};

/// The maximum number of windows before one to look at.
const MOST_BEFORE: u32 = 100;

/// The time after which a window without a baseline is run again.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

#[derive(Debug)]
pub(super) struct Watched {
    pub(super) settings: ModelSettings,
    /// The last window that was begun.
    pub(super) last: Option<TimeWindow>,
    /// The window that had no baseline, and when it ran. A baseline that is being written will be whole a little later.
    unfounded: Option<(TimeWindow, DateTime<Utc>)>,
    loaded: Option<Loaded>,
    memory: Memory,
    /// The last window that was judged, and the memory before it.
    judged: Option<(TimeWindow, Memory)>,
    /// The earlier rows that the last window was compared with.
    earlier: Option<(TimeWindow, Arc<Compared>)>,
}

/// Holds the profiles that a window's subjects are compared with.
#[derive(Debug)]
struct Compared {
    subjects: Vec<(Subject, Profile)>,
    /// Why there is nothing to compare a subject with, in the order of the subjects.
    problems: Vec<Option<String>>,
}

#[derive(Debug)]
struct Loaded {
    digest: u64,
    baseline: Arc<Baseline>,
}

impl Watched {
    pub(super) fn new(settings: ModelSettings) -> Self {
        Self {
            settings,
            last: None,
            unfounded: None,
            loaded: None,
            memory: Memory::default(),
            judged: None,
            earlier: None,
        }
    }

    /// Returns the same model with other settings. The memory stays unless the windows differ.
    pub(super) fn with(self, settings: ModelSettings) -> Self {
        let before = &self.settings;
        let same =
            before.window == settings.window && before.interval == settings.interval && before.log == settings.log;
        let same = same && before.reference == settings.reference;
        Self {
            judged: self.judged.filter(|_| same),
            earlier: self.earlier.filter(|_| same),
            settings,
            ..self
        }
    }

    /// Returns the window that is due: the one that ended last, unless it was already begun. If the clock was set back
    /// by more than an interval, the model starts again from the new time instead of waiting for the old one.
    pub(super) fn due(&self, now: DateTime<Utc>) -> Option<TimeWindow> {
        let settings = &self.settings;
        let window = TimeWindow::last_ended(
            now.checked_sub_signed(settings.grace)?,
            settings.window,
            settings.interval,
        )?;
        let is_due = |last: TimeWindow| {
            let set_back = window
                .end()
                .checked_add_signed(settings.interval)
                .is_some_and(|next| next < last.end());
            last.end() < window.end() || set_back
        };
        let is_due = match self.unfounded {
            Some((unfounded, at)) if unfounded == window => !(at..at + AGAIN).contains(&now),
            _ => self.last.is_none_or(is_due),
        };
        is_due.then_some(window)
    }

    /// Records the result of a window.
    pub(super) fn ran(&mut self, window: TimeWindow, result: &Result<WindowReport, JobError>, now: DateTime<Utc>) {
        let is_unfounded = matches!(result, Err(JobError::Baseline { .. }));
        self.unfounded = is_unfounded.then_some((window, now));
    }

    /// Returns when to run the window without a baseline again.
    pub(super) fn again(&self) -> Option<DateTime<Utc>> {
        self.unfounded.map(|(_, at)| at + AGAIN)
    }

    /// Returns the windows before this one, earliest first: as many as the rule needs for a run of consecutive windows,
    /// or as a report shows.
    fn windows_before(&self, window: TimeWindow, history: u32) -> Vec<TimeWindow> {
        let rules = self.settings.features.values().chain([&self.settings.rule]);
        let in_a_row = rules.map(|rule| rule.consecutive_windows).max().unwrap_or(1);
        let before = in_a_row.saturating_sub(1).max(history).min(MOST_BEFORE);
        let earlier = (1..=before).rev().map(|back| {
            let shift = self.settings.interval.checked_mul(i32::try_from(back).ok()?)?;
            TimeWindow::new(
                window.start().checked_sub_signed(shift)?,
                window.end().checked_sub_signed(shift)?,
            )
        });
        earlier.flatten().collect()
    }

    pub(super) fn baseline(&self) -> Option<&Baseline> {
        self.loaded.as_ref().map(|loaded| &*loaded.baseline)
    }

    /// Judges a window. If it does not follow the last judged window, judges the windows before it first, so that drift
    /// over several windows in a row is known to a process that has just started, after a pause, and with a new
    /// baseline.
    pub(super) async fn run(
        &mut self,
        window: TimeWindow,
        history: u32,
        listener: &Listener,
    ) -> Result<WindowReport, JobError> {
        let baseline = self.load().await?;
        let failed = |error: EngineError| JobError::Engine {
            model: self.settings.model.clone(),
            error,
        };
        let engine = self.settings.open_engine().await.map_err(failed)?;
        let before = match &self.judged {
            // The same window again: judges it as if for the first time.
            Some((judged, before)) if *judged == window => {
                self.memory = before.clone();
                Vec::new()
            }
            Some((judged, _)) if follows(*judged, window, &self.settings) => Vec::new(),
            _ => {
                self.memory = Memory::default();
                self.windows_before(window, history)
            }
        };
        let model = self.settings.model.clone();
        let of = before.len() + 1;
        let tell = |window, done| {
            let model = model.clone();
            listener.tell(&DriftProgress::Counting {
                model,
                window,
                done,
                of,
            });
        };
        for (done, earlier) in before.into_iter().enumerate() {
            tell(earlier, done);
            let compared = self.compared(&baseline, earlier, &*engine).await?;
            let counted = self.counted(&baseline, earlier, &compared.subjects, &*engine).await?;
            self.judge(&baseline, earlier, &compared, counted);
        }
        tell(window, of - 1);
        let compared = self.compared(&baseline, window, &*engine).await?;
        let counted = self.counted(&baseline, window, &compared.subjects, &*engine).await?;
        let before = self.memory.clone();
        let report = self.judge(&baseline, window, &compared, counted);
        self.judged = Some((window, before));
        Ok(report)
    }

    async fn counted(
        &self,
        baseline: &Baseline,
        window: TimeWindow,
        subjects: &[(Subject, Profile)],
        engine: &dyn Engine,
    ) -> Result<WindowCounts, JobError> {
        let counted = engine.count(&self.query(baseline, window, subjects)).await;
        counted.map_err(|error| JobError::Engine {
            model: self.settings.model.clone(),
            error,
        })
    }

    /// Returns the profiles that a window is compared with: training, or earlier rows on training's bins.
    async fn compared(
        &mut self,
        baseline: &Baseline,
        window: TimeWindow,
        engine: &dyn Engine,
    ) -> Result<Arc<Compared>, JobError> {
        let subjects = subjects(baseline);
        let earlier = self.settings.reference.of_window(window.start(), window.end());
        let Some(earlier) = earlier.and_then(|(start, end)| TimeWindow::new(start, end)) else {
            let problems = vec![None; subjects.len()];
            return Ok(Arc::new(Compared { subjects, problems }));
        };
        if let Some((_, known)) = self.earlier.as_ref().filter(|(known, _)| *known == earlier) {
            return Ok(known.clone());
        }
        let counted = self.counted(baseline, earlier, &subjects, engine).await?;
        let minimum = self.settings.rule.minimum_rows;
        let what = format!(
            "{}, from {} to {}",
            self.settings.reference,
            earlier.start(),
            earlier.end()
        );
        let enough = counted.rows >= minimum;
        let compared = subjects.into_iter().enumerate().map(|(position, (subject, profile))| {
            let column = counted.columns.get(position).filter(|_| enough);
            match column.and_then(|column| profile.recounted(&column.counts)) {
                Some(earlier) => ((subject, earlier), None),
                None if enough => ((subject, profile), Some(format!("the reference ({what}) has no value"))),
                None => {
                    let problem = format!(
                        "the reference ({what}) has {} rows and {minimum} are needed",
                        counted.rows
                    );
                    ((subject, profile), Some(problem))
                }
            }
        });
        let (subjects, problems) = compared.unzip();
        let compared = Arc::new(Compared { subjects, problems });
        self.earlier = Some((earlier, compared.clone()));
        Ok(compared)
    }

    fn query(&self, baseline: &Baseline, window: TimeWindow, subjects: &[(Subject, Profile)]) -> WindowQuery {
        let versions = GroupBy {
            column: columns::MODEL_VERSION.into(),
            values: None,
        };
        WindowQuery {
            model: self.settings.model.clone(),
            window: Some(window),
            columns: subjects
                .iter()
                .map(|(subject, profile)| column(subject, profile))
                .collect(),
            groups: self
                .settings
                .per_version
                .then_some(versions)
                .into_iter()
                .chain(self.settings.segments.iter().map(|segment| by_segment(segment)))
                .collect(),
            // Earlier rows that a window is compared with say nothing about pairs.
            joint: match self.settings.reference {
                Reference::Baseline => joint_columns(baseline),
                _ => Vec::new(),
            },
        }
    }

    fn judge(
        &mut self,
        baseline: &Arc<Baseline>,
        window: TimeWindow,
        compared: &Compared,
        counted: WindowCounts,
    ) -> WindowReport {
        let subjects = compared.subjects.as_slice();
        let settings = &self.settings;
        let minimum = settings.rule.minimum_rows;
        let rule = |subject: &Subject, profile: &Profile| settings.rule(subject, profile, Some(window.length()));
        let all = Counted {
            group: None,
            window: Some(window),
            rows: counted.rows,
            columns: &counted.columns,
            problems: &compared.problems,
        };
        let verdict = self.memory.judge(&all, subjects, rule, minimum);
        let joint = baseline
            .joint()
            .zip(counted.joint.as_ref())
            .and_then(|(profile, rows)| self.memory.judge_together(profile, rows, Some(window), &settings.rule));
        let mut versions = Vec::new();
        let mut segments = Vec::new();
        let by = settings.per_version.then_some(None);
        let by = by.into_iter().chain(settings.segments.iter().map(Some));
        for (segment, groups) in by.zip(counted.groups) {
            for group in groups {
                let column = segment.map_or_else(
                    || columns::MODEL_VERSION.to_owned(),
                    |segment| columns::feature(segment),
                );
                let of_group = Counted {
                    group: Some((column, group.value.clone())),
                    window: Some(window),
                    rows: group.rows,
                    columns: &group.columns,
                    problems: &compared.problems,
                };
                let verdict = self.memory.judge(&of_group, subjects, rule, minimum);
                match segment {
                    None => versions.push(VersionReport {
                        version: group.value,
                        rows: group.rows,
                        verdict,
                    }),
                    Some(segment) => segments.push(SegmentReport {
                        segment: segment.clone(),
                        value: group.value,
                        rows: group.rows,
                        verdict,
                    }),
                }
            }
        }
        WindowReport {
            model: settings.model.clone(),
            baseline: baseline.clone(),
            window: Some(window),
            rows: counted.rows,
            files: counted.files,
            left_out: counted.left_out,
            absent: counted.absent,
            looked: counted.looked,
            verdict,
            joint,
            versions,
            segments,
            finished: window.end(),
            took: Duration::ZERO,
        }
    }

    /// Returns the baseline from the current content of its file. If the file is no longer a valid baseline, the
    /// previous one is not used: a score against the wrong baseline is worse than none.
    pub(super) async fn load(&mut self) -> Result<Arc<Baseline>, JobError> {
        let settings = &self.settings;
        let failed = |problem: BaselineProblem| JobError::Baseline {
            model: settings.model.clone(),
            baseline: settings.baseline.clone(),
            problem,
        };
        let text = Store::read_text(&settings.baseline).await;
        let text = text.map_err(|error| failed(BaselineProblem::Unread(error)))?;
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let digest = hasher.finish();
        if let Some(loaded) = self.loaded.as_ref().filter(|loaded| loaded.digest == digest) {
            return Ok(loaded.baseline.clone());
        }
        let baseline = Baseline::from_json(&text).map_err(|error| failed(BaselineProblem::Refused(error)))?;
        if baseline.about().model != settings.model {
            return Err(failed(BaselineProblem::OtherModel(baseline.about().model.clone())));
        }
        // Windows in a row against another baseline say nothing about this one.
        self.judged = None;
        self.earlier = None;
        let baseline = Arc::new(baseline);
        self.loaded = Some(Loaded {
            digest,
            baseline: baseline.clone(),
        });
        Ok(baseline)
    }
}

/// Returns whether a window directly follows another.
fn follows(last: TimeWindow, window: TimeWindow, settings: &ModelSettings) -> bool {
    last.length() == window.length() && last.end().checked_add_signed(settings.interval) == Some(window.end())
}
