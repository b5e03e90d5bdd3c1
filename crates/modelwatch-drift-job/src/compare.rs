//! Compares two sets of plain files without a configuration: one is the reference, the other is measured against it.

use std::sync::Arc;
use std::time::Instant;

use chrono::Utc;
use modelwatch_drift::baseline::Profile;
use modelwatch_drift::decision::Rule;
use modelwatch_log_format::columns;

use crate::engine::{Engine as _, WindowQuery};
use crate::job::{Counted, Memory, ModelSettings, by_segment, column, subjects};
use crate::subject::Subject;
use crate::tables::{TableColumns, Tables};
use crate::training::{Trained, TrainingError, TrainingOptions, TrainingProgress};
use crate::window_report::{SegmentReport, WindowReport};

/// Compares two sets of files. Each can be Parquet, CSV or JSON lines, given as paths, folders, globs or URLs.
/// # Example: a column that was multiplied by ten
///
/// ```
/// use modelwatch_drift_job::{Comparison, SegmentReport, Subject, SubjectReport, Verdict, WindowReport};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let write = |name: &str, times: usize| {
///     let file = folder.path().join(name);
///     let rows = (0..2_000).map(|row| format!("{},{}\n", (200 + row * 7 % 997) * times, ["web", "phone"][row % 2]));
///     std::fs::write(&file, format!("income,channel\n{}", rows.collect::<String>()))?;
///     Ok::<_, std::io::Error>(file.display().to_string())
/// };
/// let mut comparison = Comparison::new([write("january.csv", 1)?], [write("february.csv", 10)?]);
/// comparison.segments = vec!["channel".to_owned()];
/// let (report, _): (WindowReport, _) = comparison.run(1, |_| {}).await?;
///
/// let drifted: Vec<&SubjectReport> = report.detected().collect();
/// assert_eq!(drifted[0].subject, Subject::Feature("income".to_owned()));
/// assert!(matches!(&report.verdict, Verdict::Scored(subjects) if subjects.len() == 2));
/// assert_eq!(report.segments.iter().map(SegmentReport::name).collect::<Vec<_>>(), ["phone", "web"]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Comparison {
    /// The options of the reference. Its feature columns are compared.
    pub reference: TrainingOptions,
    /// The files to measure.
    pub current: Vec<String>,
    /// The names of their columns, if they differ from the reference's.
    pub columns: TableColumns,
    /// Features whose values split the rows into segments, in addition to all rows together: each value is compared
    /// with the reference rows that have it, or with all of them if none has it.
    pub segments: Vec<String>,
    /// The rule that detects drift. Defaults to one window being enough.
    pub rule: Rule,
}

impl Comparison {
    /// Creates a comparison of files with a reference, with defaults for everything else.
    pub fn new(
        reference: impl IntoIterator<Item = impl Into<String>>,
        current: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let rule = Rule {
            consecutive_windows: 1,
            ..Rule::default()
        };
        let mut options = TrainingOptions::new("comparison", reference);
        // The two sets of files are all there is. The rule's own minimum still applies.
        options.hygiene.minimum_rows = rule.minimum_rows;
        Self {
            reference: options,
            current: current.into_iter().map(Into::into).collect(),
            columns: TableColumns::default(),
            segments: Vec::new(),
            rule,
        }
    }

    /// Reads both sets, in `threads` tasks at the same time, and compares all rows. `progress` receives updates while
    /// the reference is read.
    ///
    /// # Errors
    ///
    /// The reference is unusable, or the current files can't be found. Broken current files are left out, and the
    /// report says so.
    pub async fn run(
        &self,
        threads: usize,
        progress: impl FnMut(&TrainingProgress),
    ) -> Result<(WindowReport, Trained), TrainingError> {
        let started = Instant::now();
        let (mut trained, mut together) = self.reference.build_apart(threads, progress).await?;
        let subjects = subjects(&trained.baseline);
        let query = WindowQuery {
            model: self.reference.model.clone(),
            window: None,
            columns: subjects
                .iter()
                .map(|(subject, profile)| column(subject, profile))
                .collect(),
            groups: self.segments.iter().map(|segment| by_segment(segment)).collect(),
            joint: together.features().iter().map(|name| columns::feature(name)).collect(),
        };
        let tables = Tables::new(self.current.iter().map(String::as_str), self.columns.clone());
        // No count depends on how features go together, so both run at the same time.
        let learning = tokio::task::spawn_blocking(move || together.learn(threads));
        let counted = tables.threads(threads).count(&query).await;
        let joint = learning.await.unwrap_or_else(|failed| match failed.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and nobody waits for the comparison.
            Err(_) => None,
        });
        let counted = counted?;
        if let Some(joint) = joint {
            trained.baseline = trained.baseline.with_joint(joint)?;
        }
        let baseline = Arc::new(trained.baseline.clone());
        let of_reference = match self.segments.is_empty() {
            true => Vec::new(),
            false => {
                let reference = Tables::new(self.reference.files.iter().map(String::as_str), TableColumns::default());
                reference.threads(threads).count(&query).await?.groups
            }
        };
        let places = self.segments.iter().enumerate();
        // A column that no file has is read as one without values.
        let unknown = places.filter(|(place, _)| {
            let groups = [counted.groups.get(*place), of_reference.get(*place)];
            let mut groups = groups.into_iter().flatten().flatten();
            counted.rows > 0 && groups.all(|group| group.value.as_deref() == Some(""))
        });
        let unknown: Vec<_> = unknown
            .map(|(_, segment)| {
                format!("no row of either set has a value in the column {segment:?}, by which to split them; name another column")
            })
            .collect();
        if !unknown.is_empty() {
            return Err(TrainingError::Columns(unknown));
        }
        let mut settings = ModelSettings::new(&self.reference.model, "", "");
        settings.rule = self.rule;
        let rule = |subject: &Subject, profile: &Profile| settings.rule(subject, profile, None);
        let all = Counted {
            group: None,
            window: None,
            rows: counted.rows,
            columns: &counted.columns,
            problems: &[],
        };
        let mut memory = Memory::default();
        let verdict = memory.judge(&all, &subjects, rule, self.rule.minimum_rows);
        let joint = baseline
            .joint()
            .zip(counted.joint.as_ref())
            .and_then(|(profile, rows)| memory.judge_together(profile, rows, None, &self.rule));
        let mut segments = Vec::new();
        for (position, (segment, groups)) in self.segments.iter().zip(&counted.groups).enumerate() {
            for group in groups {
                let same = of_reference.get(position).into_iter().flatten();
                let same = same
                    .filter(|same| same.rows >= self.rule.minimum_rows)
                    .find(|same| same.value == group.value);
                let own: Vec<_> = subjects
                    .iter()
                    .enumerate()
                    .map(|(place, (subject, profile))| {
                        let counts = same.and_then(|same| same.columns.get(place));
                        let own = counts.and_then(|column| profile.recounted(&column.counts));
                        (subject.clone(), own.unwrap_or_else(|| profile.clone()))
                    })
                    .collect();
                let of_group = Counted {
                    group: Some((segment.clone(), group.value.clone())),
                    window: None,
                    rows: group.rows,
                    columns: &group.columns,
                    problems: &[],
                };
                segments.push(SegmentReport {
                    segment: segment.clone(),
                    value: group.value.clone(),
                    rows: group.rows,
                    verdict: memory.judge(&of_group, &own, rule, self.rule.minimum_rows),
                });
            }
        }
        let report = WindowReport {
            model: self.reference.model.clone(),
            baseline,
            window: None,
            rows: counted.rows,
            files: counted.files,
            left_out: counted.left_out,
            absent: counted.absent,
            looked: counted.looked,
            verdict,
            joint,
            versions: Vec::new(),
            segments,
            finished: Utc::now(),
            took: started.elapsed(),
        };
        Ok((report, trained))
    }
}
