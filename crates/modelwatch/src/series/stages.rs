//! The stages of one version: those every service may have, and those of its own.

use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use crate::cells::histogram::Histogram;
use crate::cells::stripes::Lanes;
use crate::contract::reserved::OTHER;
use crate::contract::stage::{Reference, Stage, StageRef};
use crate::labels::budget::Budget;
use crate::labels::label_set::Labels;
use crate::labels::names::Names;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::canonical;
use crate::series::context::Context;

static STANDARD: LazyLock<[Labels; Stage::ALL.len()]> =
    LazyLock::new(|| Stage::ALL.map(|stage| label(&stage.as_str().into())));

pub(crate) struct Stages {
    lanes: Lanes,
    standard: [OnceLock<Histogram>; Stage::ALL.len()],
    /// Of services that have stages of their own only.
    own: OnceLock<Box<OwnStages>>,
}

struct OwnStages {
    names: Names<Labels>,
    other: Labels,
    /// Of each name, and of those past the limit.
    histograms: Box<[OnceLock<Histogram>]>,
}

/// A stage of a version, found once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum StageIndex {
    Standard(Stage),
    Own(usize),
}

impl Stages {
    /// Of a version whose series have these lanes.
    pub(crate) fn new(lanes: Lanes) -> Self {
        Self {
            lanes,
            standard: Default::default(),
            own: OnceLock::new(),
        }
    }

    /// The stage with this name, made when it is new; past the limit that of the overflow.
    #[inline]
    pub(crate) fn index(&self, stage: StageRef<'_>, context: &Context) -> StageIndex {
        match stage.0 {
            Reference::Standard(stage) => StageIndex::Standard(stage),
            Reference::Named(name) => StageIndex::Own(self.own(context).index(name, context)),
        }
    }

    fn own(&self, context: &Context) -> &OwnStages {
        self.own.get_or_init(|| {
            let limit = context.limits.stages_per_version;
            Box::new(OwnStages {
                names: Names::new(limit),
                other: label(&OTHER.into()),
                histograms: (0..=limit).map(|_| OnceLock::new()).collect(),
            })
        })
    }

    pub(crate) fn record(&self, stage: StageIndex, duration: Duration, context: &Context) {
        let place = match stage {
            StageIndex::Standard(stage) => &self.standard[stage as usize],
            StageIndex::Own(index) => &self.own(context).histograms[index],
        };
        place
            .get_or_init(|| Histogram::new(context.stage_layout.clone(), self.lanes))
            .observe(duration.as_nanos() as f64);
    }

    /// The stages that were recorded, with their `stage` label.
    pub(crate) fn all(&self) -> impl Iterator<Item = (&Labels, &Histogram)> {
        let standard = STANDARD.iter().zip(&self.standard);
        let own = self.own.get().into_iter().flat_map(|own| {
            let names = own
                .names
                .all()
                .map(|named| (&named.value, &own.histograms[named.index()]));
            names.chain(own.histograms.last().map(|overflow| (&own.other, overflow)))
        });
        standard
            .chain(own)
            .filter_map(|(labels, histogram)| Some((labels, histogram.get()?)))
    }

    /// See [`Stripes::mark`](crate::cells::stripes::Stripes::mark).
    pub(crate) fn mark(&self) -> u64 {
        let own = self.own.get().into_iter().flat_map(|own| &own.histograms);
        let recorded = self.standard.iter().chain(own).filter_map(OnceLock::get);
        recorded.map(Histogram::mark).fold(0, u64::wrapping_add)
    }
}

impl OwnStages {
    fn index(&self, name: &str, context: &Context) -> usize {
        self.names
            .get(name)
            .map_or_else(|| self.enter(name, context), |named| named.index())
    }

    #[cold]
    fn enter(&self, name: &str, context: &Context) -> usize {
        let added = canonical(name, context.limits.value_bytes)
            .and_then(|name| self.names.get_or_add(&name, Budget::Declared, |name| Some(label(name))));
        added.map_or_else(
            || {
                context.overflow.count(OpenLabel::Stage, name);
                context.limits.stages_per_version
            },
            |named| named.index(),
        )
    }
}

fn label(stage: &Arc<str>) -> Labels {
    Labels::new([("stage", stage)])
}
