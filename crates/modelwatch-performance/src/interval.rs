//! Intervals that contain the truth in 95 % of windows.

use statrs::distribution::{ContinuousCDF as _, StudentsT};

use crate::measure::Interval;

/// The 97.5 % quantile of the normal distribution.
pub(crate) const Z: f64 = 1.959_963_984_540_054;

/// The interval of a share of `rows`: Wilson's score interval (1927), which also holds for small numbers and at 0 and 1.
pub(crate) fn wilson(share: f64, rows: f64) -> Option<Interval> {
    if rows <= 0.0 {
        return None;
    }
    let weight = Z * Z / rows;
    let centre = (share + weight / 2.0) / (1.0 + weight);
    let half = Z / (1.0 + weight) * (share * (1.0 - share) / rows + weight / (4.0 * rows)).max(0.0).sqrt();
    Some(Interval {
        low: (centre - half).clamp(0.0, share),
        high: (centre + half).clamp(share, 1.0),
    })
}

/// The interval of a mean, from its standard error: Student's interval.
pub(crate) fn student(mean: f64, error: f64, rows: u64) -> Option<Interval> {
    let half = error * student_quantile(rows)?;
    Some(Interval {
        low: mean - half,
        high: mean + half,
    })
}

/// The interval of a positive number, on a logarithmic scale: it is never below 0.
pub(crate) fn logarithmic(value: f64, error: f64, rows: u64) -> Option<Interval> {
    if value <= 0.0 {
        return student(value, error, rows);
    }
    let factor = (error / value * student_quantile(rows)?).exp();
    Some(Interval {
        low: value / factor,
        high: value * factor,
    })
}

/// The interval of a number between 0 and 1, on a logistic scale: it never goes beyond. At the ends, where the error says
/// nothing, `rows` is the number of independent rows that would make a share equally certain.
pub(crate) fn logistic(value: f64, error: f64, rows: f64) -> Option<Interval> {
    if !(value > 0.0 && value < 1.0) || error <= 0.0 {
        return wilson(value.clamp(0.0, 1.0), rows);
    }
    let logit = (value / (1.0 - value)).ln();
    let half = Z * error / (value * (1.0 - value));
    let share = |logit: f64| 1.0 / (1.0 + (-logit).exp());
    Some(Interval {
        low: share(logit - half).min(value),
        high: share(logit + half).max(value),
    })
}

fn student_quantile(rows: u64) -> Option<f64> {
    let degrees = rows.checked_sub(1).filter(|degrees| *degrees > 0)? as f64;
    if degrees > 10_000.0 {
        return Some(Z);
    }
    let student = StudentsT::new(0.0, 1.0, degrees).ok()?;
    Some(student.inverse_cdf(0.975))
}
