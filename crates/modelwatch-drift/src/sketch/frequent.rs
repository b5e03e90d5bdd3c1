//! The frequent ones of names nobody announced.

use std::collections::HashMap;

/// The most frequent of the names offered, [`CAPACITY`](Self::CAPACITY) of them at most.
///
/// Exact while there are no more names than it holds. Beyond that a name's rows are at least what is counted, and at
/// most [`error`](Self::error) more, which is never more than the rows offered over the capacity (Misra and Gries,
/// *Finding Repeated Elements*, 1982; merged as Agarwal et al., *Mergeable Summaries*, 2012, do).
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
    /// The most names that are kept.
    pub const CAPACITY: usize = 128;

    /// What [`iter`](Self::iter) and [`error`](Self::error) describe, for an engine that carries it from one process or buffer to another.
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

    /// Offers so many rows of a name.
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

    /// Takes in what another was offered.
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

    /// Takes as many rows of every name as leave no more names than there is room for.
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

    /// The names that are kept with their rows, in no order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, u64)> {
        self.rows.iter().map(|(name, rows)| (name.as_str(), *rows))
    }

    /// The most frequent names with their rows, so many at most, ties in the order of the alphabet.
    #[must_use]
    pub fn top(&self, names: usize) -> Vec<(&str, u64)> {
        let mut top: Vec<_> = self.iter().collect();
        top.sort_unstable_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(other.0)));
        top.truncate(names);
        top
    }

    /// How many more rows a name may have than are counted.
    #[must_use]
    pub fn error(&self) -> u64 {
        self.error
    }
}
