//! One file of outcomes in the log's layout, made by a program that collects the labels of others.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::WriteError;
use crate::row_file::RowFile;
use crate::shape::Shape;

/// The label of a prediction, as it lies in a file of outcomes.
///
/// [`OutcomeFile`] has an example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoggedOutcome<'a> {
    /// When the label was known, in microseconds since the epoch.
    pub time: i64,
    /// The prediction's id.
    pub id: &'a str,
    /// The actual class or number, as text.
    pub label: &'a str,
}

/// Writes outcomes of one model into one file, as [`RowFile`] does rows: what [`record_outcome`](crate::ModelLog::record_outcome) writes, for
/// a program that collects labels.
///
/// The caller chooses the path, below the root's folder `outcomes`, puts the file in its place once [`finish`](Self::finish) has made it
/// whole, and hands in outcomes of one hour.
///
/// ```
/// use modelwatch_log::{LoggedOutcome, OutcomeFile};
///
/// # let path = std::env::temp_dir().join(format!("modelwatch-outcome-file-{}", std::process::id()));
/// let mut file = OutcomeFile::new(&path, "claims-risk");
/// file.push(&LoggedOutcome { time: 1_775_037_600_000_000, id: "claim-4711", label: "honest" })?;
/// assert_eq!(file.finish(&[("example.source", "labels/0")])?, 1);
/// # std::fs::remove_file(path)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct OutcomeFile(RowFile);

impl OutcomeFile {
    /// Begins a file of a model. Nothing is on storage until the first row group, which is 65,536 outcomes or 32 MiB.
    pub fn new(path: impl Into<PathBuf>, model: impl Into<String>) -> Self {
        Self(RowFile::of_shape(path, model, Shape::of_outcomes()))
    }

    /// Takes an outcome. Texts longer than 256 bytes are cut at the end of a character, as the ids of predictions are.
    ///
    /// # Errors
    ///
    /// A row group was due, and storage failed. The file is to be given up then.
    pub fn push(&mut self, outcome: &LoggedOutcome<'_>) -> Result<(), WriteError> {
        self.0.push_outcome(outcome.time, outcome.id, outcome.label)
    }

    /// Returns the outcomes that were taken.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.0.rows()
    }

    /// Returns about how many bytes of memory the outcomes take that are not on storage.
    #[must_use]
    pub fn bytes_in_memory(&self) -> usize {
        self.0.bytes_in_memory()
    }

    /// Returns the path that was chosen.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// Makes the file whole, with these notes in its footer, and puts it on storage. Returns its outcomes.
    ///
    /// # Errors
    ///
    /// Storage fails. What there is of the file is to be removed.
    pub fn finish(self, notes: &[(&str, &str)]) -> Result<u64, WriteError> {
        self.0.finish(notes)
    }
}

impl fmt::Debug for OutcomeFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OutcomeFile").field(&self.0).finish()
    }
}
