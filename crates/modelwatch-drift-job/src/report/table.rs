//! Formats a report as a text table.

use std::fmt;

use super::words::{self, UNKNOWN, rows_of, source, together, word};
use crate::window_report::{SubjectReport, Verdict, WindowReport};

const HEAD: [&str; 8] = [
    "",
    "statistic",
    "score",
    "threshold",
    "p-value",
    "missing",
    "outside",
    "drift",
];

impl fmt::Display for WindowReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = self.baseline.about();
        writeln!(
            f,
            "{}: {}, {} rows of {} against baseline {} of {} rows",
            self.model,
            rows_of(self),
            self.rows,
            source(self),
            about.version,
            about.rows
        )?;
        if let Verdict::Scored(_) = self.verdict {
            writeln!(f, "  {}", words::verdict(self))?;
        }
        verdict(f, &self.verdict)?;
        if let Some(joint) = &self.joint {
            let (sentence, pairs) = together(joint);
            writeln!(f, "  together: {sentence}")?;
            pairs.iter().try_for_each(|pair| writeln!(f, "  {pair}"))?;
        }
        for version in &self.versions {
            writeln!(f, "version {}: {} rows", version.name(), version.rows)?;
            verdict(f, &version.verdict)?;
        }
        for segment in &self.segments {
            writeln!(f, "{} = {}: {} rows", segment.segment, segment.name(), segment.rows)?;
            verdict(f, &segment.verdict)?;
        }
        self.warnings()
            .try_for_each(|warning| writeln!(f, "warning: {warning}"))
    }
}

fn verdict(f: &mut fmt::Formatter<'_>, verdict: &Verdict) -> fmt::Result {
    let subjects = match verdict {
        Verdict::Scored(subjects) => subjects,
        Verdict::NoRows => return writeln!(f, "  no score: there are no rows"),
        Verdict::TooFewRows { minimum } => {
            return writeln!(
                f,
                "  no score: fewer than {minimum} rows, of which a distance is mostly chance"
            );
        }
    };
    let rows: Vec<_> = [HEAD.map(str::to_owned)]
        .into_iter()
        .chain(subjects.iter().map(row))
        .collect();
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<_> = (0..HEAD.len()).map(width).collect();
    for row in &rows {
        let mut line = String::from(" ");
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            line += &match column {
                0 | 1 | 7 => format!(" {cell:<width$} "),
                _ => format!(" {cell:>width$} "),
            };
        }
        writeln!(f, "{}", line.trim_end())?;
    }
    for subject in subjects {
        if let Err(problem) = &subject.measurement {
            writeln!(f, "  {}: {problem}", subject.subject)?;
        }
        if let Some(explanation) = &subject.explanation {
            for change in &explanation.changes {
                writeln!(f, "  {} {change}", subject.subject)?;
            }
            if explanation.changes.is_empty() {
                writeln!(f, "  {} {UNKNOWN}", subject.subject)?;
            }
        }
    }
    Ok(())
}

fn row(subject: &SubjectReport) -> [String; 8] {
    let share = |ratio: Option<f64>| ratio.map_or_else(String::new, |ratio| format!("{:.1} %", 100.0 * ratio));
    let (score, p_value) = match &subject.measurement {
        Ok(measurement) => (
            format!("{:.4}", measurement.score),
            format!("{:.1e}", measurement.p_value),
        ),
        Err(_) => ("none".into(), String::new()),
    };
    [
        subject.subject.to_string(),
        subject.rule.statistic.to_string(),
        score,
        subject.rule.threshold.to_string(),
        p_value,
        share(subject.counts.missing_ratio()),
        share(subject.counts.out_of_range_ratio()),
        word(subject),
    ]
}
