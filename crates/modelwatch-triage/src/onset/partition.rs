//! Cuts a series into stretches of one ratio.

/// Events, and the events expected at a ratio of 1.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) events: f64,
    pub(super) exposure: f64,
}

/// The best cuts of the points: the first index of each stretch, starting with 0. Each cut must gain more than `penalty` in twice
/// the log-likelihood, in units of `dispersion`.
pub(super) fn cut(points: &[Point], penalty: f64, dispersion: f64) -> Vec<usize> {
    let sums = Sums::of(points);
    let mut cost = vec![0.0; points.len() + 1];
    let mut from = vec![0; points.len() + 1];
    for end in 1..=points.len() {
        let (best, start) = (0..end)
            .map(|start| {
                let cut = if start == 0 { 0.0 } else { penalty };
                (
                    cost[start] + cut - 2.0 * sums.log_likelihood(start, end) / dispersion,
                    start,
                )
            })
            .fold((f64::INFINITY, 0), |best, one| if one.0 < best.0 { one } else { best });
        (cost[end], from[end]) = (best, start);
    }
    let mut starts = Vec::new();
    let mut end = points.len();
    while end > 0 {
        end = from[end];
        starts.push(end);
    }
    starts.reverse();
    starts
}

/// Cumulative sums of the points.
pub(super) struct Sums(Vec<Point>);

impl Sums {
    pub(super) fn of(points: &[Point]) -> Self {
        let mut sum = Point {
            events: 0.0,
            exposure: 0.0,
        };
        let mut sums = vec![sum];
        for point in points {
            sum.events += point.events;
            sum.exposure += point.exposure;
            sums.push(sum);
        }
        Self(sums)
    }

    pub(super) fn between(&self, start: usize, end: usize) -> Point {
        Point {
            events: self.0[end].events - self.0[start].events,
            exposure: self.0[end].exposure - self.0[start].exposure,
        }
    }

    /// The log-likelihood of the points at their own ratio, without the terms that no cut changes.
    pub(super) fn log_likelihood(&self, start: usize, end: usize) -> f64 {
        let Point { events, exposure } = self.between(start, end);
        if events > 0.0 && exposure > 0.0 {
            events * (events / exposure).ln()
        } else {
            0.0
        }
    }
}

/// How much more the points vary than a Poisson distribution's, at least 1. Measured from differences of neighbours without the
/// largest tenth, so that the changes the search looks for don't count as noise.
pub(super) fn dispersion(points: &[Point]) -> f64 {
    let mut squares: Vec<_> = points
        .windows(2)
        .filter(|pair| pair[0].events + pair[1].events > 0.0 && pair[0].exposure * pair[1].exposure > 0.0)
        .map(|pair| {
            let [one, other] = [pair[0], pair[1]];
            let difference = one.events * other.exposure - other.events * one.exposure;
            difference.powi(2) / ((one.events + other.events) * one.exposure * other.exposure)
        })
        .collect();
    squares.sort_by(f64::total_cmp);
    squares.truncate(squares.len() * 9 / 10);
    if squares.is_empty() {
        return 1.0;
    }
    let mean = squares.iter().sum::<f64>() / squares.len() as f64;
    (mean / TRIMMED_MEAN).clamp(1.0, MOST_DISPERSION)
}

/// The mean of a chi-square with one degree of freedom, without its largest tenth.
const TRIMMED_MEAN: f64 = 0.623;
/// Beyond this, a series is not counts with noise.
const MOST_DISPERSION: f64 = 50.0;
