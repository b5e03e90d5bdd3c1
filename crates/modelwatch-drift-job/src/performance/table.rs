//! Formats a report for people.

use std::fmt;

use modelwatch_performance::{Culprit, Estimate, Measured, Undefined};

use super::report::{Group, GroupKind, PerformanceReport};

impl fmt::Display for PerformanceReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "reference: {} labelled predictions", self.reference_rows)?;
        if self.reference_unknown_labels > 0 {
            let rows = self.reference_unknown_labels;
            writeln!(
                f,
                "left out of the reference: {rows} rows whose label is no finite number"
            )?;
        }
        if let Some(joined) = &self.joined {
            writeln!(
                f,
                "labels by id: {} of {} predictions have one, {} came too late, {} predictions have none, {} are waiting",
                joined.matched, joined.predictions, joined.late, joined.without_label, joined.waiting
            )?;
            if joined.early + joined.undated > 0 {
                writeln!(
                    f,
                    "not counted: {} labels that were known more than a day before their prediction, {} of predictions without a time",
                    joined.early, joined.undated
                )?;
            }
            if joined.contradicting_labels > 0 {
                writeln!(
                    f,
                    "doubtful: {} labels contradict the one that counts and were known at the same time; give each the time at which it was \
                     known (--outcome-time), or remove those that are wrong",
                    joined.contradicting_labels
                )?;
            }
            writeln!(
                f,
                "left out: {} labels of no prediction, {} repeated ({} of them revised), {} unusable; {} repeated predictions ({} of them differ), {} without id",
                joined.unmatched_labels,
                joined.repeated_labels,
                joined.revised_labels,
                joined.unusable_labels,
                joined.repeated_predictions,
                joined.differing_predictions,
                joined.predictions_without_id
            )?;
        }
        for group in &self.groups {
            self.group(f, group)?;
        }
        if self.groups.iter().any(|group| group.estimated.is_some()) {
            writeln!(f, "\n{}", Estimate::ASSUMPTION)?;
        }
        Ok(())
    }
}

impl PerformanceReport {
    fn group(&self, f: &mut fmt::Formatter<'_>, group: &Group) -> fmt::Result {
        let value = if group.value.is_empty() { "(none)" } else { &group.value };
        match &group.kind {
            GroupKind::All => write!(f, "\nall predictions")?,
            GroupKind::Version => write!(f, "\nversion {value}")?,
            GroupKind::Window => write!(f, "\nwindow from {value}")?,
            GroupKind::Segment(segment) => write!(f, "\n{segment} {value}")?,
        }
        writeln!(f, ": {} rows, {} labels", group.rows, group.labels)?;
        writeln!(
            f,
            "{:<18}  {:>10}  {:<32}  {:<32}",
            "measure", "reference", "by labels", "estimated"
        )?;
        for (measure, realised) in group.realised.iter() {
            let estimated = group
                .estimated
                .as_ref()
                .map(|estimate| estimate.performance.get(measure));
            writeln!(
                f,
                "{:<18}  {:>10}  {:<32}  {:<32}",
                measure,
                group
                    .reference
                    .as_ref()
                    .unwrap_or(&self.reference)
                    .get(measure)
                    .map_or("-".into(), |measured| number(measured.value)),
                shown(realised),
                match estimated {
                    Some(estimated @ Ok(_)) => shown(estimated),
                    _ => "-".into(),
                }
            )?;
        }
        for (rows, why) in [
            (
                group.unknown_labels,
                "the label is none of the reference's classes, or no finite number; they count as unlabelled",
            ),
            (
                group.without_score,
                "the score is absent or not finite; they count for nothing that is measured by scores",
            ),
            (
                group.without_class,
                "the predicted class is absent or none of the labels' classes; they count for nothing that is measured by classes",
            ),
        ] {
            if rows > 0 {
                writeln!(f, "left out: of {rows} rows {why}")?;
            }
        }
        let undefined = group
            .realised
            .iter()
            .filter_map(|(measure, realised)| Some((measure, realised.err()?)));
        for (measure, reason) in undefined.filter(|(_, reason)| *reason != Undefined::NoRows) {
            writeln!(f, "note: no {measure}: {reason}")?;
        }
        for doubt in &group.doubts {
            writeln!(f, "doubt: {doubt}")?;
        }
        if let Some(culprits) = &group.culprits {
            self::culprits(f, culprits)?;
        }
        Ok(())
    }
}

/// Writes what made the model worse, the largest part first.
fn culprits(f: &mut fmt::Formatter<'_>, culprits: &[Culprit]) -> fmt::Result {
    const SHOWN: usize = 10;
    if culprits.is_empty() {
        return writeln!(f, "what made it worse: nothing stands out");
    }
    writeln!(f, "what made it worse, by how much of the mean loss it explains:")?;
    for culprit in culprits.iter().take(SHOWN) {
        writeln!(
            f,
            "  {} {}: {} ({} to {}); its loss is {}, {} in the reference, in {:.1} % of the rows",
            culprit.column,
            culprit.cell,
            number(culprit.explains),
            number(culprit.low),
            number(culprit.high),
            number(culprit.now),
            culprit.before.map_or("not known".into(), number),
            100.0 * culprit.share
        )?;
    }
    match culprits.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(f, "  and {more} more"),
    }
}

fn shown(measured: Result<Measured, Undefined>) -> String {
    match measured {
        Err(_) => "-".into(),
        Ok(Measured {
            value,
            interval: Some(interval),
            ..
        }) => format!(
            "{} ({} to {})",
            number(value),
            number(interval.low),
            number(interval.high)
        ),
        Ok(Measured { value, .. }) => number(value),
    }
}

/// Formats four digits after the point, or four significant digits if the number is large or tiny.
fn number(value: f64) -> String {
    if value == 0.0 || (1e-3..1e5).contains(&value.abs()) {
        format!("{value:.4}")
    } else {
        format!("{value:.3e}")
    }
}
