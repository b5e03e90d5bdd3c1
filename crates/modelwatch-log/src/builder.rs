//! Settings of a prediction log.

use std::collections::HashMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::PathBuf;
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use modelwatch::Monitor;

use crate::counts::CountsByModel;
use crate::error::StartError;
use crate::keeper::{Keeper, Retention};
use crate::log::PredictionLog;
use crate::shared::Shared;
use crate::writer::{Rotation, Writer};

/// Settings of a prediction log. From [`PredictionLog::builder`].
///
/// ```
/// use std::time::Duration;
/// use modelwatch::{Feature, Monitor};
/// use modelwatch_log::PredictionLog;
///
/// # let root = std::env::temp_dir().join(format!("modelwatch-log-builder-{}", std::process::id()));
/// let monitor = Monitor::new();
/// let log = PredictionLog::builder(&root)
///     .rotate_after(Duration::from_secs(60))
///     .retain_for(Duration::from_secs(30 * 24 * 3600))
///     .start(&monitor)?;
/// assert!(root.is_dir());
/// # log.close()?;
/// # std::fs::remove_dir_all(root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "call `start`"]
pub struct PredictionLogBuilder {
    root: PathBuf,
    queue: usize,
    rotate_after: Duration,
    rotate_bytes: u64,
    text_bytes: usize,
    retention: Retention,
    samples: HashMap<String, f64>,
    seed: u64,
}

impl PredictionLog {
    /// Begins the settings of a log in this folder, which is made where it is missing.
    /// [`start`](PredictionLogBuilder::start) starts it.
    pub fn builder(root: impl Into<PathBuf>) -> PredictionLogBuilder {
        PredictionLogBuilder::new(root.into())
    }
}

impl PredictionLogBuilder {
    fn new(root: PathBuf) -> Self {
        Self {
            root,
            queue: 65_536,
            rotate_after: Duration::from_secs(10),
            rotate_bytes: 128 << 20,
            text_bytes: 256,
            retention: Retention { age: None, bytes: None },
            samples: HashMap::new(),
            seed: 0,
        }
    }

    /// The most records on their way to the writer, over all models; 65,536 unless said otherwise. Memory is taken as
    /// they come, at most that of so many rows.
    pub fn queue(mut self, records: usize) -> Self {
        self.queue = records;
        self
    }

    /// How long a file collects records before it is finished and seen; ten seconds unless said otherwise. A process
    /// that is killed loses what it recorded in about that time.
    pub fn rotate_after(mut self, age: Duration) -> Self {
        self.rotate_after = age;
        self
    }

    /// The bytes a file has, or somewhat more, when it is finished before its time; 128 MiB unless said otherwise.
    pub fn rotate_bytes(mut self, bytes: u64) -> Self {
        self.rotate_bytes = bytes;
        self
    }

    /// Removes files that were begun longer ago, whatever times their records have; none unless said otherwise.
    ///
    /// It looks once at the start and then once a minute, at files of the log's own naming only, those of other
    /// writers into the same folder included. Folders that get empty by it go too.
    pub fn retain_for(mut self, age: Duration) -> Self {
        self.retention.age = Some(age);
        self
    }

    /// Removes the oldest files while all together have more bytes, as [`retain_for`](Self::retain_for) does those that
    /// are too old; none unless said otherwise.
    pub fn retain_bytes(mut self, bytes: u64) -> Self {
        self.retention.bytes = Some(bytes);
        self
    }

    /// The most bytes kept of a category or a class, 256 unless said otherwise and 1 MiB at most. Longer ones are cut at
    /// the end of a character.
    pub fn text_bytes(mut self, bytes: usize) -> Self {
        self.text_bytes = bytes.min(1 << 20);
        self
    }

    /// The share of a model's predictions that are kept, 0 to 1; all unless said otherwise. What is not kept is
    /// neither written nor dropped.
    pub fn sample(mut self, model: impl Into<String>, share: f64) -> Self {
        self.samples.insert(model.into(), share);
        self
    }

    /// Which predictions a share is made of: the same calls in the same order keep the same ones.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts the writer. What becomes of the records is counted on the page of this monitor.
    ///
    /// # Errors
    ///
    /// When a setting makes no sense, the root can't be made a folder, or there is no thread to be had.
    pub fn start(self, monitor: &Monitor) -> Result<PredictionLog, StartError> {
        let zero = [
            ("queue", self.queue == 0),
            ("rotate_after", self.rotate_after.is_zero()),
            ("rotate_bytes", self.rotate_bytes == 0),
            ("text_bytes", self.text_bytes == 0),
            ("retain_for", self.retention.age == Some(Duration::ZERO)),
            ("retain_bytes", self.retention.bytes == Some(0)),
        ];
        if let Some((setting, _)) = zero.into_iter().find(|(_, zero)| *zero) {
            return Err(StartError::Zero { setting });
        }
        if let Some((model, share)) = self.samples.iter().find(|(_, share)| !(0.0..=1.0).contains(*share)) {
            return Err(StartError::Sample {
                model: model.clone(),
                share: *share,
            });
        }
        fs::create_dir_all(&self.root).map_err(|source| StartError::Root {
            path: self.root.clone(),
            source,
        })?;
        let shared = Arc::new(Shared::new(self.queue, self.text_bytes));
        let rotation = Rotation {
            after: self.rotate_after,
            bytes: self.rotate_bytes,
        };
        // Random, so that two processes may write into one folder.
        let identity = RandomState::new().hash_one(std::process::id());
        let writer = Writer::new(shared.clone(), self.root.clone(), rotation, identity);
        let keeper = Keeper::new(self.root.clone(), self.retention);
        let (commands, received) = mpsc::channel();
        let writer = spawn("modelwatch-log", move || writer.run(&received))?;
        let (keeper_end, received) = mpsc::channel();
        let keeper = spawn("modelwatch-keep", move || keeper.run(&received))?;
        let counts = Arc::<CountsByModel>::default();
        let source = counts.clone();
        monitor.add_source(move |readings| source.read(readings));
        Ok(PredictionLog {
            shared,
            counts,
            root: self.root,
            commands,
            writer: Some(writer),
            keeper: Some((keeper_end, keeper)),
            samples: self.samples,
            seed: self.seed,
        })
    }
}

fn spawn(name: &str, run: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, StartError> {
    let thread = thread::Builder::new().name(name.into());
    thread.spawn(run).map_err(StartError::Thread)
}
