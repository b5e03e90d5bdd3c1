//! The log itself: it makes handles, and ends the writer when it is dropped.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::thread::JoinHandle;

use modelwatch::Model;
use modelwatch_log_format::folders;

use crate::command::Command;
use crate::counts::CountsByModel;
use crate::error::{Cause, ModelError, WriteError};
use crate::handle::{Handle, ModelLog};
use crate::sampling::Sampler;
use crate::shape::Shape;
use crate::shared::Shared;
use crate::stream::Stream;

/// A running prediction log. Dropping it writes what was handed over and ends it, as [`close`](Self::close) does.
pub struct PredictionLog {
    pub(crate) shared: Arc<Shared>,
    pub(crate) root: PathBuf,
    pub(crate) counts: Arc<CountsByModel>,
    pub(crate) commands: Sender<Command>,
    pub(crate) writer: Option<JoinHandle<()>>,
    /// It ends when the channel does.
    pub(crate) keeper: Option<(Sender<()>, JoinHandle<()>)>,
    pub(crate) samples: HashMap<String, f64>,
    pub(crate) seed: u64,
}

impl PredictionLog {
    /// The handle that records this version's predictions, with the features it declared.
    ///
    /// Its records are counted in `ml_prediction_log_records_total` on the page of the log's monitor: as written once
    /// they stand in a whole file, as dropped once they are lost.
    ///
    /// # Errors
    ///
    /// When the model's name is too long for the name of a folder.
    pub fn model(&self, model: &Model) -> Result<ModelLog, ModelError> {
        const MOST_BYTES: usize = 255;
        let bytes = folders::model(model.name()).len();
        if bytes > MOST_BYTES {
            return Err(ModelError::NameTooLong {
                model: model.name().into(),
                bytes,
            });
        }
        let name: Arc<str> = model.name().into();
        let shape = Arc::new(Shape::new(&model.features()));
        let counts = self.counts.of(&name);
        let stream = self.shared.streams.lock().add(Stream {
            model: name.clone(),
            version: model.version().to_owned().into(),
            shape: shape.clone(),
            counts: counts.clone(),
        });
        let share = self.samples.get(model.name()).copied().unwrap_or(1.0);
        Ok(ModelLog::new(Handle {
            shared: self.shared.clone(),
            stream,
            shape,
            model: name,
            counts,
            sampler: Sampler::new(share, self.seed),
        }))
    }

    /// Waits until everything handed over before this call is in whole files, or lost.
    ///
    /// # Errors
    ///
    /// The first failure of doing so, if there was one.
    pub fn flush(&self) -> Result<(), WriteError> {
        self.command(Command::Flush)
    }

    /// Writes what was handed over, and ends the log. Predictions recorded from now on are dropped and counted.
    ///
    /// # Errors
    ///
    /// The first failure of writing the last files, if there was one.
    pub fn close(mut self) -> Result<(), WriteError> {
        self.end()
    }

    fn end(&mut self) -> Result<(), WriteError> {
        let Some(writer) = self.writer.take() else {
            return Ok(());
        };
        self.shared.closed.store(true, Ordering::Release);
        let closed = self.command(Command::Close);
        let joined = writer.join().map_err(|_| self.writer_gone());
        if let Some((end, keeper)) = self.keeper.take() {
            drop(end);
            // It panics of nothing, and if it did, no prediction would be lost by it.
            let _ = keeper.join();
        }
        closed.and(joined)
    }

    fn command(&self, command: impl FnOnce(Sender<Result<(), WriteError>>) -> Command) -> Result<(), WriteError> {
        let (answer, answered) = mpsc::channel();
        let sent = self.commands.send(command(answer));
        sent.map_err(|_| self.writer_gone())?;
        answered.recv().map_err(|_| self.writer_gone())?
    }

    fn writer_gone(&self) -> WriteError {
        WriteError::new(&self.root, "write to", Cause::WriterGone)
    }
}

impl Drop for PredictionLog {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "the prediction log ended with predictions unwritten");
        }
    }
}

impl fmt::Debug for PredictionLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PredictionLog")
            .field("root", &self.root)
            .finish_non_exhaustive()
    }
}
