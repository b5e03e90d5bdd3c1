//! A stage of answering a request, timed.

use crate::clock::Instant;
use crate::label::Stage;
use crate::model::Model;

/// Times one stage, from [`Model::start_stage`] until it is dropped.
#[derive(Debug)]
pub struct StageTimer<'a> {
    model: &'a Model,
    stage: Stage,
    started: Instant,
}

impl<'a> StageTimer<'a> {
    pub(crate) fn new(model: &'a Model, stage: Stage) -> Self {
        Self {
            model,
            stage,
            started: Instant::now(),
        }
    }
}

impl Drop for StageTimer<'_> {
    fn drop(&mut self) {
        self.model.record_stage(self.stage, self.started.elapsed());
    }
}
