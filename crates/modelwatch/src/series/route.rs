//! The requests of one version on one route.

use std::sync::Arc;
use std::time::Duration;

use once_cell::race::OnceBox;

use crate::cells::created::Created;
use crate::cells::exemplar::Exemplar;
use crate::cells::histogram::{Histogram, Reading};
use crate::cells::layout::Layout;
use crate::cells::stripes::{Counted, Lanes, Stripes};
use crate::contract::status::Status;
use crate::labels::label_set::Labels;
#[cfg(feature = "tracing")]
use crate::series::traces::{Latest, Traces, Tracing};

/// The cells of a route: entered, left, one for each status, two for the latency's sum, and its histogram.
pub(crate) struct RouteSeries {
    pub(crate) labels: Labels,
    /// The last of the labels, close at hand for a request that goes to the route of this name elsewhere.
    name: Arc<str>,
    layout: Arc<Layout>,
    stripes: Stripes,
    /// Of routes whose answers are streams only.
    first_chunk: OnceBox<Histogram>,
    #[cfg(feature = "tracing")]
    traces: Traces,
}

const ENTERED: usize = 0;
const LEFT: usize = 1;
const STATUS: usize = 2;
const LATENCY_SUM: usize = STATUS + Status::ALL.len();
const LATENCY: usize = LATENCY_SUM + 2;

/// Each request that ends is of one status and has one latency.
const COUNTED: Counted = Counted {
    kinds: STATUS..LATENCY_SUM,
    first: LATENCY,
};

impl RouteSeries {
    /// `labels` end with the route's name.
    pub(crate) fn new(
        name: Arc<str>,
        labels: Labels,
        layout: Arc<Layout>,
        lanes: Lanes,
        #[cfg(feature = "tracing")] tracing: Arc<Tracing>,
    ) -> Self {
        Self {
            first_chunk: OnceBox::new(),
            #[cfg(feature = "tracing")]
            traces: Traces::new(tracing),
            stripes: Stripes::new(LATENCY + layout.cells(), lanes),
            name,
            labels,
            layout,
        }
    }

    /// The value of the `route` label.
    #[inline]
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// A request begins.
    #[inline]
    pub(crate) fn enter(&self) {
        self.stripes.write(|lane| _ = lane.add(ENTERED, 1));
    }

    /// A request goes elsewhere, uncounted.
    #[inline]
    pub(crate) fn leave(&self) {
        self.stripes.write(|lane| _ = lane.add(LEFT, 1));
    }

    /// A request that entered ends.
    #[inline]
    pub(crate) fn finish(&self, status: Status, nanoseconds: u64) {
        self.end(status, nanoseconds, true);
    }

    /// A request ends that was never in flight.
    #[inline]
    pub(crate) fn record(&self, status: Status, latency: Duration) {
        self.end(status, nanoseconds(latency), false);
    }

    pub(crate) fn observe_first_chunk(&self, nanoseconds: u64) {
        let histogram = self
            .first_chunk
            .get_or_init(|| Box::new(Histogram::new(self.layout.clone(), self.stripes.kind())));
        histogram.observe(nanoseconds as f64);
    }

    /// `nanoseconds` are less than 292 years.
    #[inline(always)]
    fn end(&self, status: Status, nanoseconds: u64, entered: bool) {
        // A processor turns a signed number into a float at once.
        let cell = self.layout.locate(nanoseconds as i64 as f64);
        self.stripes.write(|lane| {
            lane.add(STATUS + status as usize, 1);
            lane.add_wide(LATENCY_SUM, nanoseconds);
            lane.add(LATENCY + cell, 1);
            if entered {
                lane.add(LEFT, 1);
            }
        });
        #[cfg(feature = "tracing")]
        self.traces.ended(&self.labels, &self.layout, status, nanoseconds, cell);
    }

    /// Requests begun and not ended.
    ///
    /// Ends are read before beginnings and after them: where none came between, the difference is exact, and where
    /// some keep coming, it is not above what it was at the last of them.
    pub(crate) fn in_flight(&self) -> u64 {
        let mut left = self.stripes.sum(LEFT);
        for _ in 0..16 {
            let entered = self.stripes.sum(ENTERED);
            let before = std::mem::replace(&mut left, self.stripes.sum(LEFT));
            if before == left {
                return entered.wrapping_sub(left);
            }
        }
        // What was entered by now, as long as it is not fewer than have left meanwhile.
        let entered = self.stripes.sum(ENTERED);
        entered.saturating_sub(self.stripes.sum(LEFT))
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        let first_chunk = self.first_chunk.get().map_or(0, Histogram::mark);
        self.stripes.mark().wrapping_add(first_chunk)
    }

    /// How many requests have left so far, for [`read`](Self::read).
    pub(crate) fn left(&self) -> u64 {
        self.stripes.sum(LEFT)
    }

    /// What was counted, in a buffer that may have served before. `left` is from before.
    pub(crate) fn read(&self, left: u64, mut buffer: Vec<u64>) -> (RouteReading<'_>, Reading) {
        let sum = self.stripes.read_counted(&COUNTED, LATENCY_SUM, &mut buffer);
        let in_flight = if self.stripes.sum(LEFT) == left {
            buffer[ENTERED].wrapping_sub(left)
        } else {
            self.in_flight()
        };
        #[cfg(feature = "tracing")]
        let Latest { buckets, statuses } = self.traces.read();
        #[cfg(not(feature = "tracing"))]
        let (buckets, statuses) = Default::default();
        let reading = RouteReading {
            labels: &self.labels,
            exemplars: statuses,
            in_flight,
            created: self.stripes.created(),
            first_chunk: self.first_chunk.get(),
            statuses: std::array::from_fn(|status| buffer[STATUS + status]),
        };
        let latency = Reading {
            layout: self.layout.clone(),
            sum: self.layout.exposed(sum as f64),
            sum_nanoseconds: u64::try_from(sum).ok().filter(|sum| *sum <= 1 << f64::MANTISSA_DIGITS),
            values: buffer,
            first: LATENCY,
            exemplars: buckets,
            created: self.stripes.created(),
        };
        (reading, latency)
    }
}

/// Enough for 292 years.
#[inline]
fn nanoseconds(latency: Duration) -> u64 {
    const MOST: u64 = i64::MAX as u64 / 1_000_000_000 - 1;
    if latency.as_secs() <= MOST {
        latency.as_secs() * 1_000_000_000 + u64::from(latency.subsec_nanos())
    } else {
        i64::MAX as u64
    }
}

/// Requests of a route at one moment.
pub(crate) struct RouteReading<'a> {
    pub(crate) labels: &'a Labels,
    pub(crate) in_flight: u64,
    pub(crate) created: Created,
    pub(crate) first_chunk: Option<&'a Histogram>,
    pub(crate) statuses: [u64; Status::ALL.len()],
    pub(crate) exemplars: [Option<Exemplar>; Status::ALL.len()],
}
