//! Records where an engine looked for a window's rows, to explain an empty result.

use std::fmt;

/// Records where an engine looked for rows, and what it found there. Displays as a sentence that follows "no rows:".
/// # Example: a table whose rows are all older
///
/// ```
/// use modelwatch_drift_job::engine::{Looked, TableTimes};
///
/// let reach = Some(("2026-03-01T00:00:00Z".to_owned(), "2026-03-31T23:59:59Z".to_owned()));
/// let looked = Looked {
///     places: vec!["claims.predictions".to_owned()],
///     table: Some(TableTimes { reach }),
///     ..Looked::default()
/// };
/// assert!(looked.to_string().ends_with("from 2026-03-01T00:00:00Z to 2026-03-31T23:59:59Z"), "{looked}");
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// The folders listed, or the files and patterns.
    pub places: Vec<String>,
    /// The number of files there, whole or not.
    pub files: usize,
    /// The models that have a folder, if the query's model has none.
    pub other_models: Option<Vec<String>>,
    /// The first and the last hour with a folder, if the window's hours have none.
    pub other_hours: Option<(String, String)>,
    /// The times that the table of a database has, if the rows are in one.
    pub table: Option<TableTimes>,
}

/// Holds the times of a database's table that has no row in the window.
/// The example of [`Looked`](crate::engine::Looked) has one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableTimes {
    /// The first and the last time, in RFC 3339; `None` if no row has one.
    pub reach: Option<(String, String)>,
}

impl fmt::Display for Looked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.places.as_slice() {
            [] => f.write_str("no place was named")?,
            [place] => write!(f, "looked in {place}")?,
            [first, .., last] => write!(f, "looked in {} folders from {first} to {last}", self.places.len())?,
        }
        match &self.other_models {
            Some(models) if models.is_empty() => {
                return f.write_str(
                    ", which is not there, and no model has a folder beside it; does the service write its prediction log elsewhere?",
                );
            }
            Some(models) => {
                return write!(
                    f,
                    ", which is not there; the models that have a folder are {}: is the model's name that of the service?",
                    models.join(", ")
                );
            }
            None => {}
        }
        match &self.table {
            Some(TableTimes {
                reach: Some((first, last)),
            }) => return write!(f, ", whose rows are of times from {first} to {last}"),
            Some(TableTimes { reach: None }) => return f.write_str(", which has no row with a time"),
            None => {}
        }
        match (self.files, &self.other_hours) {
            (0, Some((first, last))) if first == last => write!(f, ": no file is there; the log has only {first}"),
            (0, Some((first, last))) => write!(f, ": no file is there; the log has hours from {first} to {last}"),
            (0, None) => f.write_str(": no file is there"),
            (1, _) => f.write_str(": the file there is empty, was left out, or only has rows of other times"),
            (files, _) => write!(
                f,
                ": the {files} files there are empty, were left out, or only have rows of other times"
            ),
        }
    }
}
