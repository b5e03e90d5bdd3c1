//! Queries of a histogram that work for both kinds that Prometheus keeps: classic buckets and native histograms.
//!
//! By default, a Prometheus that scrapes native histograms drops the classic series, and one that keeps both has everything
//! twice. So every query reads the classic series first, and the native ones only where there are no classic ones. A share within
//! an objective is exact from classic buckets, because the objective is a bucket bound. From native histograms, it is
//! interpolated.

use modelwatch::contract::Metric;

use super::labels::MODEL;
use crate::promql::{Expr, Op, Selector, Window, call, count_by, histogram_quantile, metric, number, sum_by};

/// The source of the figures: a histogram, over a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Histogram {
    pub(crate) of: &'static Metric,
    pub(crate) window: Window,
}

fn with_le<'l>(labels: &[&'l str]) -> Vec<&'l str> {
    [&["le"], labels].concat()
}

/// A quantile. Absent, rather than NaN, without observations.
fn quantile(quantile: f64, buckets: Expr) -> Expr {
    histogram_quantile(quantile, buckets).at_least(f64::NEG_INFINITY)
}

impl Histogram {
    fn classic(self, labels: &[&str]) -> Expr {
        sum_by(&with_le(labels), metric(self.of).bucket().rate(self.window))
    }

    fn native(self, labels: &[&str]) -> Expr {
        sum_by(labels, metric(self.of).rate(self.window))
    }

    /// A quantile by labels.
    pub(crate) fn quantile(self, at: f64, labels: &[&str]) -> Expr {
        quantile(at, self.classic(labels)).or(labels, quantile(at, self.native(labels)))
    }

    /// A quantile of recorded buckets, or of the metric's own where it is native.
    pub(crate) fn quantile_of(self, at: f64, buckets: Expr, labels: &[&str]) -> Expr {
        quantile(at, buckets).or(labels, quantile(at, self.native(labels)))
    }

    /// A quantile of some of the series.
    pub(crate) fn quantile_where(self, at: f64, labels: &[&str], scope: &impl Fn(Selector) -> Selector) -> Expr {
        let rate = |part: Selector, labels: &[&str]| sum_by(labels, scope(part).rate(self.window));
        let classic = quantile(at, rate(metric(self.of).bucket(), &with_le(labels)));
        classic.or(labels, quantile(at, rate(metric(self.of), labels)))
    }

    /// The number of observations in each bucket, for some of the series: classic ones by `le`, or native ones.
    pub(crate) fn increases(self, labels: &[&str], scope: &impl Fn(Selector) -> Selector) -> Expr {
        let increase = |part: Selector, labels: &[&str]| sum_by(labels, scope(part).increase(self.window));
        let classic = increase(metric(self.of).bucket(), &with_le(labels));
        classic.or(labels, increase(metric(self.of), labels))
    }

    /// The sum of some of the series' observations, per second.
    pub(crate) fn total(self, labels: &[&str], scope: &impl Fn(Selector) -> Selector) -> Expr {
        let rate = |part: Selector| sum_by(labels, scope(part).rate(self.window));
        let native = call("histogram_sum", vec![rate(metric(self.of))]);
        rate(metric(self.of).sum()).or(labels, native)
    }

    /// A quantile over the model's other versions: the model's buckets minus the version's own. Prometheus 2.42 can't subtract
    /// native histograms. For those, it is the mean of the other versions' quantiles.
    pub(crate) fn quantile_of_others(self, at: f64, version: &[&str]) -> Expr {
        let others = self
            .classic(MODEL)
            .with_many(Op::Minus, &with_le(MODEL), self.classic(version));
        let own = quantile(at, self.native(version));
        let sum = sum_by(MODEL, own.clone()).with_many(Op::Minus, MODEL, own.clone());
        let mean = sum.with_one(Op::DividedBy, MODEL, &[], count_by(MODEL, own).minus(1.0));
        quantile(at, others).or(version, mean.at_least(f64::NEG_INFINITY))
    }

    /// The share of observations up to each bucket bound, with the label `le`. For native histograms, up to the bounds of the
    /// metric.
    pub(crate) fn shares(self, labels: &[&str]) -> Expr {
        let with_le = with_le(labels);
        let all = sum_by(labels, metric(self.of).count().rate(self.window)).above(0.0);
        let classic = self.classic(labels).with_one(Op::DividedBy, labels, &[], all);
        let native = self.native(labels);
        let mut edges = self.of.buckets.iter().map(|edge| {
            let below = call(
                "histogram_fraction",
                vec![number(f64::NEG_INFINITY), number(*edge), native.clone()],
            );
            // Classic buckets are different series from all of these.
            below.at_least(f64::NEG_INFINITY).labelled("le", &edge.to_string())
        });
        let Some(first) = edges.next() else { return classic };
        let native = edges.fold(first, |shares, edge| shares.or(&with_le, edge));
        classic.or(&with_le, native.unless(labels, metric(self.of).count()))
    }

    /// Observations per second.
    pub(crate) fn observations(self, labels: &[&str]) -> Expr {
        let classic = sum_by(labels, metric(self.of).count().rate(self.window));
        classic.or(labels, call("histogram_count", vec![self.native(labels)]))
    }

    /// The mean. Absent without observations.
    pub(crate) fn mean(self, labels: &[&str]) -> Expr {
        self.mean_of(labels, &|series| series)
    }

    /// The mean of some of the series.
    pub(crate) fn mean_of(self, labels: &[&str], scope: &impl Fn(Selector) -> Selector) -> Expr {
        let rate = |part: Selector| sum_by(labels, scope(part).rate(self.window));
        let classic = rate(metric(self.of).sum()).divided_by(rate(metric(self.of).count()).above(0.0));
        let native = |part| call(part, vec![rate(metric(self.of))]);
        classic.or(
            labels,
            native("histogram_sum").divided_by(native("histogram_count").above(0.0)),
        )
    }

    /// Observations per second above a limit that is a bucket bound, for some of the series.
    pub(crate) fn above(self, limit: f64, labels: &[&str], scope: impl Fn(Selector) -> Selector) -> Expr {
        let rate = |selector: Selector| sum_by(labels, scope(selector).rate(self.window));
        let classic = rate(metric(self.of).count()).minus(rate(edge(metric(self.of).bucket(), limit)));
        let native = rate(metric(self.of));
        let within = call("histogram_fraction", vec![number(0.0), number(limit), native.clone()]);
        let slower = call("histogram_count", vec![native])
            .above(0.0)
            .times(number(1.0).minus(within));
        classic.or(labels, slower)
    }
}

/// The possible spellings of a bucket bound: Prometheus 3 and OpenMetrics write whole numbers with a fraction.
fn edge(selector: Selector, seconds: f64) -> Selector {
    if seconds.fract() == 0.0 {
        let (short, long) = (format!("{seconds}"), format!("{seconds:.1}"));
        selector.one_of("le", [short.as_str(), long.as_str()])
    } else {
        selector.eq("le", &seconds.to_string())
    }
}
