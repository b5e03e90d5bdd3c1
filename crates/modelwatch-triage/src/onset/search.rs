//! Finds the last run of raised stretches, and where it begins.

use serde::Serialize;

use super::partition::{Point, Sums, cut, dispersion};
use crate::series::{Series, Step};

/// What to search for.
///
/// [`onset`](super::onset()) has an example.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Settings {
    /// Whether the ratio rose or fell. Defaults to a rise.
    pub direction: Direction,
    /// The usual ratio of each step, for series with a daily pattern. Ignored unless it is as long as the series. Optional;
    /// without it, the same ratio is usual at every hour.
    pub usual: Option<Vec<f64>>,
    /// A ratio that is still acceptable. When a series is beyond it from its first step to its last, the trouble began earlier.
    /// Optional.
    pub fine: Option<f64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            direction: Direction::Rise,
            usual: None,
            fine: None,
        }
    }
}

/// The direction in which a ratio changed.
///
/// [`onset`](super::onset()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// More errors, slower requests, more missing values.
    Rise,
    /// Less traffic, fewer of a class.
    Fall,
}

/// Since when the trouble lasts.
///
/// [`onset`](super::onset()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Onset {
    /// It began at this moment.
    Since(Moment),
    /// The series does not show it.
    Unknown(Unknown),
}

/// When something began.
///
/// [`onset`](super::onset()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Moment {
    /// The likeliest time, in seconds since the epoch: the beginning of a step.
    pub at: i64,
    /// The earliest time that explains the series nearly as well.
    pub earliest: i64,
    /// The latest such time.
    pub latest: i64,
    /// When it ended. Absent while it lasts.
    pub until: Option<i64>,
    /// The ratio in the stretch before.
    pub before: f64,
    /// The ratio since.
    pub since: f64,
}

/// Why the beginning is unknown.
///
/// [`onset`](super::onset()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Unknown {
    /// There are no samples, or too few.
    NoData,
    /// The series shows no change: the alert reacted to something else.
    Steady,
    /// The trouble was there when the series began.
    BeforeTheSeries,
}

/// Fewer steps with samples give no answer.
const LEAST_STEPS: usize = 4;
/// Penalty for each cut, in twice the log-likelihood, per logarithm of the length.
const PENALTY: f64 = 3.0;
/// A stretch is raised from this share of the way between the usual and the raised level on.
const RAISED: f64 = 0.25;
/// Calm points that a run may contain without ending.
const BRIDGED: usize = 3;
/// The share of the series that is taken as usual, at least.
const USUAL: f64 = 0.2;
/// The 95 % point of a chi-square with one degree of freedom.
const INTERVAL: f64 = 3.84;

/// Finds when a series left its usual ratio. Returns [`Onset::Unknown`] when the series does not show it.
///
/// # Example: errors rise in the 90th minute
///
/// ```
/// use modelwatch_triage::onset::{Direction, Moment, Onset, Settings, Unknown, onset};
/// use modelwatch_triage::series::{Series, Step};
///
/// let errors = |from: u32| (0..120).map(move |minute| Some(Step { events: if minute < from { 1.0 } else { 25.0 }, trials: 600.0 }));
/// let mut settings = Settings::default();
/// settings.direction = Direction::Rise;
/// let Onset::Since(Moment { at, earliest, latest, .. }) = onset(&Series::new(0, 60, errors(90)), &settings) else {
///     panic!("it rises");
/// };
/// assert_eq!(at, 90 * 60);
/// assert!(earliest <= at && at <= latest);
///
/// assert_eq!(onset(&Series::new(0, 60, errors(120)), &settings), Onset::Unknown(Unknown::Steady));
/// ```
#[must_use]
pub fn onset(series: &Series, settings: &Settings) -> Onset {
    let usual = settings
        .usual
        .as_ref()
        .filter(|usual| usual.len() == series.steps.len());
    let exposure = |index: usize, step: Step| {
        let usual = usual.map_or(1.0, |usual| usual[index]);
        let usual = if usual.is_finite() && usual > 0.0 { usual } else { 1.0 };
        step.trials * usual
    };
    let known: Vec<_> = series
        .steps
        .iter()
        .enumerate()
        .filter_map(|(index, step)| Some((index, (*step)?)))
        .filter(|(_, step)| step.trials > 0.0)
        .collect();
    if known.len() < LEAST_STEPS {
        return Onset::Unknown(Unknown::NoData);
    }
    let points: Vec<_> = known
        .iter()
        .map(|&(index, step)| Point {
            events: step.events,
            exposure: exposure(index, step),
        })
        .collect();
    // Trouble is often noisier than calm.
    let dispersion = dispersion(&points).max(dispersion(&points[points.len() - points.len() / 3..]));
    let penalty = PENALTY * (points.len() as f64).ln();
    let starts = cut(&points, penalty, dispersion);
    let sums = Sums::of(&points);
    let stretches = stretches(&starts, points.len(), &sums);
    let Some((first, last)) = run(&stretches, settings.direction) else {
        let all = sums.between(0, points.len());
        let beyond = settings.fine.is_some_and(|fine| match settings.direction {
            Direction::Rise => all.events > fine * all.exposure,
            Direction::Fall => all.events < fine * all.exposure,
        });
        return Onset::Unknown(if beyond {
            Unknown::BeforeTheSeries
        } else {
            Unknown::Steady
        });
    };
    if first == 0 {
        return Onset::Unknown(Unknown::BeforeTheSeries);
    }
    let (before, raised) = (&stretches[first - 1], &stretches[first]);
    let (earliest, latest) = interval(before.start, raised.start, raised.end, &sums, dispersion);
    let index = |point: usize| known[point].0;
    // A trouble that begins late in a step hardly shows in it, and a gap shows nothing.
    let earliest = series.begins(index(earliest.max(1) - 1));
    let step = |index: usize| (series.begins(index), series.begins(index + 1));
    let ended = (last + 1 < stretches.len()).then(|| series.begins(index(stretches[last].end)));
    let rate = |start: usize, end: usize| {
        let counts = known[start..end].iter().fold(Step::default(), |sum, (_, step)| Step {
            events: sum.events + step.events,
            trials: sum.trials + step.trials,
        });
        counts.ratio().unwrap_or_default()
    };
    Onset::Since(Moment {
        at: step(index(raised.start)).0,
        earliest,
        latest: step(index(latest)).1,
        until: ended,
        before: rate(before.start, before.end),
        since: rate(raised.start, stretches[last].end),
    })
}

/// Consecutive points with one ratio.
struct Stretch {
    start: usize,
    end: usize,
    ratio: f64,
}

fn stretches(starts: &[usize], length: usize, sums: &Sums) -> Vec<Stretch> {
    let ends = starts.iter().skip(1).copied().chain([length]);
    starts
        .iter()
        .zip(ends)
        .map(|(&start, end)| {
            let Point { events, exposure } = sums.between(start, end);
            Stretch {
                start,
                end,
                ratio: if exposure > 0.0 { events / exposure } else { 0.0 },
            }
        })
        .collect()
}

/// The first and the last stretch of the last raised run, or `None` when no stretch is raised.
fn run(stretches: &[Stretch], direction: Direction) -> Option<(usize, usize)> {
    let height = |stretch: &Stretch| match direction {
        Direction::Rise => stretch.ratio,
        Direction::Fall => -stretch.ratio,
    };
    let usual = usual_height(stretches, &height);
    let end = stretches.last()?.end;
    // The last third: what goes on now, or has just ended. Its highest stretch may be only a burst within the trouble.
    let recent: Vec<_> = stretches
        .iter()
        .filter(|stretch| stretch.end > end - end.div_ceil(3))
        .collect();
    let highest = recent
        .iter()
        .map(|stretch| height(stretch))
        .fold(f64::NEG_INFINITY, f64::max);
    if highest <= usual {
        return None;
    }
    let (length, sum) = recent
        .iter()
        .filter(|stretch| height(stretch) > usual + RAISED * (highest - usual))
        .map(|stretch| ((stretch.end - stretch.start) as f64, height(stretch)))
        .fold((0.0, 0.0), |(all, sum), (length, height)| {
            (all + length, sum + length * height)
        });
    let raised = |stretch: &Stretch| height(stretch) > usual + RAISED * (sum / length - usual);
    let last = stretches.iter().rposition(&raised)?;
    let mut first = last;
    while let Some(next) = (0..first).rev().find(|&index| raised(&stretches[index])) {
        if stretches[first].start - stretches[next].end > BRIDGED {
            break;
        }
        first = next;
    }
    Some((first, last))
}

/// The height that the lowest stretches, together at least a fifth of the series, stay within.
fn usual_height(stretches: &[Stretch], height: &impl Fn(&Stretch) -> f64) -> f64 {
    let mut by_height: Vec<_> = stretches.iter().collect();
    by_height.sort_by(|one, other| height(one).total_cmp(&height(other)));
    let length: usize = stretches.iter().map(|stretch| stretch.end - stretch.start).sum();
    let mut seen = 0;
    for stretch in by_height {
        seen += stretch.end - stretch.start;
        if seen as f64 >= USUAL * length as f64 {
            return height(stretch);
        }
    }
    0.0
}

/// The first and the last point at which the later stretch may begin.
fn interval(start: usize, cut: usize, end: usize, sums: &Sums, dispersion: f64) -> (usize, usize) {
    let likelihood = |cut: usize| sums.log_likelihood(start, cut) + sums.log_likelihood(cut, end);
    let best = likelihood(cut);
    let fits = |cut: &usize| 2.0 * (best - likelihood(*cut)) / dispersion <= INTERVAL;
    let earliest = (start + 1..=cut).rev().take_while(fits).last().unwrap_or(cut);
    let latest = (cut..end).take_while(fits).last().unwrap_or(cut);
    (earliest, latest)
}
