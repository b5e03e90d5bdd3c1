//! A stage of answering a request, timed.

use std::fmt;

use crate::cells::clock::Instant;
use crate::cells::striped_arc::StripedArc;
use crate::contract::stage::StageRef;
use crate::series::stages::StageIndex;
use crate::series::version::VersionSeries;

/// Times one stage, from [`Model::start_stage`](crate::Model::start_stage) until it is dropped. It may go to another
/// thread.
///
/// ```
/// use modelwatch::{Monitor, Stage};
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let timer = model.start_stage(Stage::Queue);
/// std::thread::spawn(move || drop(timer)).join().unwrap();
/// assert_eq!(monitor.value("ml_inference_stage_seconds_count", &[("stage", "queue")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
pub struct StageTimer {
    version: StripedArc<VersionSeries>,
    stage: StageIndex,
    started: Instant,
}

impl StageTimer {
    pub(crate) fn new(version: StripedArc<VersionSeries>, stage: StageRef<'_>) -> Self {
        Self {
            stage: version.stage(stage),
            version,
            started: Instant::now(),
        }
    }
}

impl Drop for StageTimer {
    fn drop(&mut self) {
        self.version.record_stage(self.stage, self.started.elapsed());
    }
}

impl fmt::Debug for StageTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StageTimer")
            .field("version", &self.version.labels.text())
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
