//! Settings of a prediction log.

use std::collections::HashMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
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
    /// Returns the settings of a log in this folder, which [`start`](PredictionLogBuilder::start) creates if it is missing.
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

    /// Sets the maximum of records that wait for the writer, over all models. Defaults to 65,536. The log takes memory only for
    /// records that wait.
    pub fn queue(mut self, records: usize) -> Self {
        self.queue = records;
        self
    }

    /// Sets how long a file collects records before it is complete and visible. Defaults to 10 seconds. A process that is killed
    /// loses about that much.
    pub fn rotate_after(mut self, age: Duration) -> Self {
        self.rotate_after = age;
        self
    }

    /// Sets the bytes at which a file is complete before its time; it may get somewhat larger. Defaults to 128 MiB.
    pub fn rotate_bytes(mut self, bytes: u64) -> Self {
        self.rotate_bytes = bytes;
        self
    }

    /// Removes files that are older than this, whatever times their records have. Defaults to keeping all.
    ///
    /// The log looks at the start and then once a minute, only at files named like its own, including those of other writers
    /// into the same folder. It removes folders that become empty.
    pub fn retain_for(mut self, age: Duration) -> Self {
        self.retention.age = Some(age);
        self
    }

    /// Removes the oldest files until the rest has at most these bytes, when [`retain_for`](Self::retain_for) looks. Defaults to
    /// keeping all.
    pub fn retain_bytes(mut self, bytes: u64) -> Self {
        self.retention.bytes = Some(bytes);
        self
    }

    /// Sets the maximum bytes of a category, a class or an id, 1 MiB at most. Defaults to 256. Longer texts are cut at a character
    /// boundary.
    pub fn text_bytes(mut self, bytes: usize) -> Self {
        self.text_bytes = bytes.min(1 << 20);
        self
    }

    /// Sets the share of a model's predictions to keep, 0 to 1. Defaults to all. The others count neither as written nor as dropped.
    pub fn sample(mut self, model: impl Into<String>, share: f64) -> Self {
        self.samples.insert(model.into(), share);
        self
    }

    /// Sets the seed of [`sample`](Self::sample): with the same seed, the same calls in the same order keep the same predictions.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Starts the writer. This monitor's page counts the records as written or dropped.
    ///
    /// # Errors
    ///
    /// If a setting is invalid, the folder can't be created, or the system starts no thread.
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
        let is_url = self.root.to_string_lossy().contains("://");
        let made = match is_url {
            // It would become folders of this machine.
            true => Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "it is a URL, and the log is written to a local folder",
            )),
            false => fs::create_dir_all(&self.root),
        };
        made.map_err(|source| StartError::Root {
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
