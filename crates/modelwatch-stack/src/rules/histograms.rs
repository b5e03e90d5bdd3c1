//! What rules, panels and runbooks ask of a histogram, whichever kind Prometheus keeps: classic buckets or native ones.
//!
//! A Prometheus that scrapes native histograms drops the classic series unless it is told otherwise, and one that keeps
//! both has everything twice. So every question is asked of the classic series first, and of the native ones where there
//! are no classic. A share within an objective is exact from classic buckets, whose edge the objective is, and
//! interpolated from native ones.

use modelwatch::contract::Metric;

use super::labels::MODEL;
use crate::promql::{Expr, Op, Selector, Window, call, count_by, histogram_quantile, metric, number, sum_by};

/// Where the figures come from: a histogram, over a window.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Histogram {
    pub(crate) of: &'static Metric,
    pub(crate) window: Window,
}

fn with_le<'l>(labels: &[&'l str]) -> Vec<&'l str> {
    [&["le"], labels].concat()
}

/// A quantile; absent, rather than NaN, where nothing was observed.
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

    /// A quantile of buckets that are recorded already or, where these are native, of the metric's own.
    pub(crate) fn quantile_of(self, at: f64, buckets: Expr, labels: &[&str]) -> Expr {
        quantile(at, buckets).or(labels, quantile(at, self.native(labels)))
    }

    /// A quantile of some of the series.
    pub(crate) fn quantile_where(self, at: f64, labels: &[&str], scope: &impl Fn(Selector) -> Selector) -> Expr {
        let rate = |part: Selector, labels: &[&str]| sum_by(labels, scope(part).rate(self.window));
        let classic = quantile(at, rate(metric(self.of).bucket(), &with_le(labels)));
        classic.or(labels, quantile(at, rate(metric(self.of), labels)))
    }

    /// How many of some of the series' observations fell into each bucket: classic ones by `le`, or native ones.
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

    /// A quantile of all that the model's other versions observed: the model's buckets less the version's own. Prometheus
    /// 2.42 can't subtract native histograms; of those it is the mean of the other versions' quantiles.
    pub(crate) fn quantile_of_others(self, at: f64, version: &[&str]) -> Expr {
        let others = self
            .classic(MODEL)
            .with_many(Op::Minus, &with_le(MODEL), self.classic(version));
        let own = quantile(at, self.native(version));
        let sum = sum_by(MODEL, own.clone()).with_many(Op::Minus, MODEL, own.clone());
        let mean = sum.with_one(Op::DividedBy, MODEL, &[], count_by(MODEL, own).minus(1.0));
        quantile(at, others).or(version, mean.at_least(f64::NEG_INFINITY))
    }

    /// The share of observations up to the edge of each bucket, with the label `le`; of native histograms, up to the metric's own
    /// edges.
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
            // A series of classic buckets is another series than any of these.
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

    /// The mean; absent where nothing was observed.
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

    /// Observations per second above a limit that is a bucket's edge, of some of the series.
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

/// How a bucket's edge may be spelled: Prometheus 3 and OpenMetrics write whole numbers with a fraction.
fn edge(selector: Selector, seconds: f64) -> Selector {
    if seconds.fract() == 0.0 {
        let (short, long) = (format!("{seconds}"), format!("{seconds:.1}"));
        selector.one_of("le", [short.as_str(), long.as_str()])
    } else {
        selector.eq("le", &seconds.to_string())
    }
}
