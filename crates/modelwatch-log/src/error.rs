//! What can go wrong at set-up and at the end. Recording never fails.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::PathBuf;

use parquet::errors::ParquetError;

/// Why a prediction log did not start.
///
/// ```
/// use modelwatch::Monitor;
/// use modelwatch_log::{PredictionLog, StartError};
///
/// let error = PredictionLog::builder("log").queue(0).start(&Monitor::new()).err().unwrap();
/// assert!(matches!(error, StartError::Zero { .. }));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum StartError {
    /// The root is no folder and can't be made one.
    Root {
        /// The path as it was given.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A setting that must be above zero is zero.
    Zero {
        /// The method of the builder.
        setting: &'static str,
    },
    /// A share of predictions that is no share.
    Sample {
        /// The model it was given for.
        model: String,
        /// What was given.
        share: f64,
    },
    /// The system gave no thread.
    Thread(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root { path, source } => write!(
                f,
                "the prediction log can't use {} as its folder: {source}; name a folder the service may write to",
                path.display()
            ),
            Self::Zero { setting } => {
                write!(f, "PredictionLogBuilder::{setting} is zero; give it a value above zero")
            }
            Self::Sample { model, share } => write!(
                f,
                "the share of predictions of {model:?} to keep is {share}; give one from 0 to 1"
            ),
            Self::Thread(source) => write!(
                f,
                "the prediction log got no thread: {source}; raise the limit of threads of this process"
            ),
        }
    }
}

impl Error for StartError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Root { source, .. } | Self::Thread(source) => Some(source),
            Self::Zero { .. } | Self::Sample { .. } => None,
        }
    }
}

/// Why a model can't be logged.
///
/// ```
/// use modelwatch::Monitor;
/// use modelwatch_log::{ModelError, PredictionLog};
///
/// # let root = std::env::temp_dir().join(format!("modelwatch-log-attached-{}", std::process::id()));
/// let monitor = Monitor::new();
/// let log = PredictionLog::builder(&root).start(&monitor)?;
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// log.attach(&model)?;
/// assert!(matches!(log.attach(&model), Err(ModelError::Attached { .. })));
/// # log.close()?;
/// # std::fs::remove_dir_all(root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum ModelError {
    /// Its name makes the name of a folder, and is too long for one.
    NameTooLong {
        /// The model's name.
        model: String,
        /// The length of the folder's name, in bytes.
        bytes: usize,
    },
    /// A log is attached to it already.
    Attached {
        /// The model's name.
        model: String,
        /// The version.
        version: String,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NameTooLong { model, bytes } => write!(
                f,
                "the folder of model {model:?} would have a name of {bytes} bytes, and 255 is the most; \
                 give the model a shorter name, or one of ASCII letters"
            ),
            Self::Attached { model, version } => write!(
                f,
                "a log is attached to model {model:?} version {version:?} already; attach one log to each version, once"
            ),
        }
    }
}

impl Error for ModelError {}

/// Why predictions did not get to storage.
///
/// ```
/// use modelwatch_log::{LoggedRow, RowFile};
///
/// let mut file = RowFile::new("/no/such/folder/rows.parquet", "claims-risk");
/// file.push::<&str, f64>(&LoggedRow { version: "1", ..LoggedRow::default() }, &[])?;
/// let error = file.finish(&[]).unwrap_err();
/// assert!(error.to_string().contains("/no/such/folder/rows.parquet"));
/// # Ok::<(), modelwatch_log::WriteError>(())
/// ```
#[derive(Debug)]
pub struct WriteError {
    /// The file or folder.
    pub(crate) path: PathBuf,
    /// What was being done to it.
    pub(crate) doing: &'static str,
    pub(crate) source: Cause,
    /// Records that were lost by it.
    pub(crate) records: u64,
}

#[derive(Debug)]
pub(crate) enum Cause {
    Io(io::Error),
    Parquet(ParquetError),
    WriterGone,
}

impl WriteError {
    pub(crate) fn new(path: impl Into<PathBuf>, doing: &'static str, source: impl Into<Cause>) -> Self {
        Self {
            path: path.into(),
            doing,
            source: source.into(),
            records: 0,
        }
    }

    pub(crate) fn is(&self, kind: io::ErrorKind) -> bool {
        matches!(&self.source, Cause::Io(error) if error.kind() == kind)
    }

    /// How many predictions were lost by it.
    #[must_use]
    pub const fn records(&self) -> u64 {
        self.records
    }
}

impl From<io::Error> for Cause {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<ParquetError> for Cause {
    fn from(error: ParquetError) -> Self {
        Self::Parquet(error)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (path, doing) = (self.path.display(), self.doing);
        match &self.source {
            Cause::Io(source) => write!(f, "can't {doing} {path}: {source}")?,
            Cause::Parquet(source) => write!(f, "can't {doing} {path}: {source}")?,
            Cause::WriterGone => write!(f, "can't {doing} {path}: the log's writer thread is gone")?,
        }
        if self.records > 0 {
            write!(f, "; {} predictions are lost", self.records)?;
        }
        f.write_str("; see that the folder is there, has room and may be written to")
    }
}

impl Error for WriteError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match &self.source {
            Cause::Io(source) => Some(source),
            Cause::Parquet(source) => Some(source),
            Cause::WriterGone => None,
        }
    }
}
