//! The log itself: it makes handles, and ends the writer when it is dropped.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use futures_channel::oneshot;
use modelwatch::Model;
use modelwatch_log_format::folders;

use crate::command::Command;
use crate::counts::CountsByModel;
use crate::error::{Cause, ModelError, WriteError};
use crate::handle::{Handle, ModelLog};
use crate::prediction_id::PredictionId;
use crate::sampling::Sampler;
use crate::shape::Shape;
use crate::shared::Shared;
use crate::stream::Stream;

/// A running prediction log. Dropping it writes everything recorded so far and ends it, as [`close`](Self::close) does.
///
/// # Example: from a prediction to a file
///
/// ```
/// use modelwatch::{Feature, Monitor};
/// use modelwatch_log::PredictionLog;
///
/// # let root = std::env::temp_dir().join(format!("modelwatch-log-whole-{}", std::process::id()));
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").features([Feature::numeric("income")]).register()?;
/// let log = PredictionLog::builder(&root).start(&monitor)?;
/// log.attach(&model)?;
/// model.record([Some(52_000.0)], 0.97).class("fraud");
/// log.close()?; // from here on, the record is in a complete file
/// assert_eq!(monitor.value("ml_prediction_log_records_total", &[("result", "written")])?, 1.0);
/// assert!(root.join("model=claims-risk").is_dir());
/// # std::fs::remove_dir_all(root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
    /// Returns the handle that records this version's predictions, with the features it declared.
    ///
    /// `ml_prediction_log_records_total` on the page of the log's monitor counts its records as written once a complete file has
    /// them, and as dropped once they are lost.
    ///
    /// # Errors
    ///
    /// If the model's name is too long for a folder.
    pub fn model(&self, model: &Model) -> Result<ModelLog, ModelError> {
        self.handle(model).map(ModelLog::new)
    }

    fn handle(&self, model: &Model) -> Result<Handle, ModelError> {
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
        Ok(Handle {
            shared: self.shared.clone(),
            stream,
            shape,
            model: name,
            counts,
            sampler: Sampler::new(share, self.seed),
            all_counts: self.counts.clone(),
            outcomes: OnceLock::new(),
        })
    }

    /// Attaches the log to a version: from now on [`Model::record`] on any handle of it logs what it counts, so that a
    /// service records a prediction in one call.
    ///
    /// ```
    /// # use modelwatch::{Feature, Monitor};
    /// # use modelwatch_log::PredictionLog;
    /// # let root = std::env::temp_dir().join(format!("modelwatch-log-attach-{}", std::process::id()));
    /// # let monitor = Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").features([Feature::numeric("income")]).register()?;
    /// # let log = PredictionLog::builder(&root).start(&monitor)?;
    /// log.attach(&model)?;
    /// model.record([Some(52_000.0)], 0.97).class("fraud"); // in the metrics, and in the log
    /// # log.close()?;
    /// # std::fs::remove_dir_all(root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    ///
    /// When the model's name is too long for the name of a folder, or a log is attached to this version already.
    pub fn attach(&self, model: &Model) -> Result<(), ModelError> {
        let handle = self.handle(model)?;
        if model.attach(Arc::new(handle)) {
            return Ok(());
        }
        Err(ModelError::Attached {
            model: model.name().into(),
            version: model.version().into(),
        })
    }

    /// Returns an id that no other prediction has, for [`Model::record`]:
    /// `model.record(row, score).id(&log.new_id().to_string())`.
    pub fn new_id(&self) -> PredictionId {
        self.shared.ids.next()
    }

    /// Waits until everything recorded before this call is in complete files, or lost.
    ///
    /// # Errors
    ///
    /// The first failure to write, if there was one.
    pub fn flush(&self) -> Result<(), WriteError> {
        self.command(Command::Flush)
    }

    /// Waits for a signal, writes everything recorded before it into complete files, and returns what the signal returned. Use it
    /// for a shutdown that loses nothing, whatever ends the process afterwards. A failure to write is logged.
    ///
    /// The signal is any future, on any runtime; nothing blocks. What is recorded after the signal is written when the log is
    /// dropped or [closed](Self::close).
    ///
    /// # Example: shut down an axum server
    ///
    /// ```
    /// # use modelwatch_log::PredictionLog;
    /// # async fn serve(log: PredictionLog) -> Result<(), Box<dyn std::error::Error>> {
    /// # let sigterm = std::future::ready(());
    /// // let sigterm = async { signal(SignalKind::terminate())?.recv().await };
    /// // axum::serve(listener, app).with_graceful_shutdown(log.flush_on(sigterm)).await?;
    /// log.flush_on(sigterm).await;
    /// log.close()?; // with what the last requests recorded
    /// # Ok(())
    /// # }
    /// ```
    pub fn flush_on<S: Future>(&self, signal: S) -> impl Future<Output = S::Output> + use<S> {
        let commands = self.commands.clone();
        let gone = self.writer_gone();
        async move {
            let said = signal.await;
            let (answer, answered) = oneshot::channel();
            let flushed = match commands.send(Command::FlushAsync(answer)) {
                Ok(()) => answered.await.unwrap_or(Err(gone)),
                Err(_) => Err(gone),
            };
            if let Err(error) = flushed {
                tracing::error!(%error, "the prediction log could not write everything before the shutdown");
            }
            said
        }
    }

    /// Writes everything recorded so far and ends the log. Later predictions are dropped and counted.
    ///
    /// # Errors
    ///
    /// The first failure to write the last files, if there was one.
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
