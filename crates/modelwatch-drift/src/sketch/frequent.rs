//! Finds the most frequent names when the names are not known in advance.

use std::collections::HashMap;

/// Keeps the most frequent of the names offered, at most [`CAPACITY`](Self::CAPACITY).
///
/// The counts are exact while the names fit. Beyond that, a name has at least the rows counted, and at most
/// [`error`](Self::error) more. The error never exceeds the rows offered divided by the capacity (Misra and Gries,
/// *Finding Repeated Elements*, 1982; merging follows Agarwal et al., *Mergeable Summaries*, 2012).
///
/// # Example: the most frequent names
///
/// ```
/// use modelwatch_drift::sketch::Frequent;
///
/// let mut names = Frequent::default();
/// for (name, rows) in [("app", 3), ("kiosk", 9), ("app", 2)] {
///     names.offer(name, rows);
/// }
/// assert_eq!(names.top(1), [("kiosk", 9)]);
/// assert_eq!(names.error(), 0); // exact, as long as few names were offered
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frequent {
    rows: HashMap<String, u64>,
    error: u64,
}

impl Frequent {
    /// The maximum number of names kept.
    pub const CAPACITY: usize = 128;

    /// Restores what [`iter`](Self::iter) and [`error`](Self::error) return, for an engine that moves it between
    /// processes or buffers.
    #[must_use]
    pub fn from_parts(names: impl IntoIterator<Item = (String, u64)>, error: u64) -> Self {
        let mut frequent = Self::default();
        for (name, rows) in names {
            *frequent.rows.entry(name).or_insert(0) += rows;
        }
        frequent.error = error;
        frequent.shrink();
        frequent
    }

    /// Offers `rows` rows of a name.
    pub fn offer(&mut self, name: &str, rows: u64) {
        if rows == 0 {
            return;
        }
        match self.rows.get_mut(name) {
            Some(known) => *known += rows,
            None => {
                self.rows.insert(name.to_owned(), rows);
                self.shrink();
            }
        }
    }

    /// Merges in what another one was offered.
    pub fn merge(&mut self, other: &Self) {
        for (name, rows) in &other.rows {
            match self.rows.get_mut(name) {
                Some(known) => *known += rows,
                None => _ = self.rows.insert(name.clone(), *rows),
            }
        }
        self.error += other.error;
        self.shrink();
    }

    /// Takes the same number of rows from every name, just enough that the names fit.
    fn shrink(&mut self) {
        if self.rows.len() <= Self::CAPACITY {
            return;
        }
        let mut counts: Vec<u64> = self.rows.values().copied().collect();
        counts.sort_unstable_by(|one, other| other.cmp(one));
        let taken = counts[Self::CAPACITY];
        self.rows.retain(|_, rows| {
            *rows = rows.saturating_sub(taken);
            *rows > 0
        });
        self.error += taken;
    }

    /// Returns the kept names with their rows, in no particular order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.rows.iter().map(|(name, rows)| (name.as_str(), *rows))
    }

    /// Returns the most frequent names with their rows, at most `names`. Ties go in alphabetical order.
    #[must_use]
    pub fn top(&self, names: usize) -> Vec<(&str, u64)> {
        let mut top: Vec<_> = self.iter().collect();
        top.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
        top.truncate(names);
        top
    }

    /// Returns how many more rows a name may have than its count says.
    #[must_use]
    pub fn error(&self) -> u64 {
        self.error
    }
}
