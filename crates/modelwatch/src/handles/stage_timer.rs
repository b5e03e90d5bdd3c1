//! A stage of answering a request, timed.

use std::fmt;

use crate::cells::clock::Instant;
use crate::contract::stage::Stage;
use crate::series::version::VersionSeries;

/// Times one stage, from [`Model::start_stage`](crate::Model::start_stage) until it is dropped.
pub struct StageTimer<'a> {
    version: &'a VersionSeries,
    stage: Stage,
    started: Instant,
}

impl<'a> StageTimer<'a> {
    pub(crate) fn new(version: &'a VersionSeries, stage: Stage) -> Self {
        Self {
            version,
            stage,
            started: Instant::now(),
        }
    }
}

impl Drop for StageTimer<'_> {
    fn drop(&mut self) {
        self.version.record_stage(self.stage, self.started.elapsed());
    }
}

impl fmt::Debug for StageTimer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StageTimer")
            .field("version", &self.version.labels.text())
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
