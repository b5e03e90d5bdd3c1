//! Counts by label values, now and in the past.

use rustc_hash::FxHashMap;

/// Events among trials, by the values of some labels, now and in a number of past intervals.
///
/// Rows with the same values add up. Negative and non-finite counts count as nothing. Label values are only compared; their
/// meaning does not matter.
///
/// [`localize`](super::localize) has an example.
#[derive(Clone, Debug)]
pub struct Table {
    names: Vec<String>,
    values: Vec<Values>,
    cells: Vec<Cell>,
    index: FxHashMap<Vec<u32>, usize>,
    intervals: usize,
}

/// The values of one label, numbered in the order of their first appearance.
#[derive(Clone, Debug, Default)]
struct Values {
    names: Vec<String>,
    numbers: FxHashMap<String, u32>,
}

/// The counts of one combination of label values.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// The number of the value of each label.
    pub(super) values: Vec<u32>,
    pub(super) now: Count,
    /// Newest first.
    pub(super) past: Vec<Count>,
}

/// Events and trials.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Count {
    pub(super) events: f64,
    pub(super) trials: f64,
}

impl Count {
    pub(super) fn add(&mut self, events: f64, trials: f64) {
        self.events += events;
        self.trials += trials;
    }

    pub(super) fn ratio(self) -> f64 {
        self.events / self.trials
    }
}

impl Table {
    /// Makes an empty table of labels with a number of past intervals. All have the length of the interval that is "now".
    #[must_use]
    pub fn new<N: Into<String>>(labels: impl IntoIterator<Item = N>, intervals: usize) -> Self {
        let names: Vec<_> = labels.into_iter().map(Into::into).collect();
        Self {
            values: vec![Values::default(); names.len()],
            names,
            cells: Vec::new(),
            index: FxHashMap::default(),
            intervals,
        }
    }

    /// Adds counts of the interval "now". Missing `values` are empty labels, as in Prometheus; values beyond the labels are
    /// ignored.
    pub fn add_now(&mut self, values: &[impl AsRef<str>], events: f64, trials: f64) {
        let cell = self.cell(values);
        self.cells[cell].now.add(counted(events), counted(trials));
    }

    /// Adds counts of the interval `back` intervals ago: 1 is the one just before now. Does nothing when `back` is 0 or beyond
    /// the history.
    pub fn add_past(&mut self, back: usize, values: &[impl AsRef<str>], events: f64, trials: f64) {
        if back == 0 || back > self.intervals {
            return;
        }
        let cell = self.cell(values);
        self.cells[cell].past[back - 1].add(counted(events), counted(trials));
    }

    /// Returns the labels, in the order you gave them.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.names
    }

    /// Returns the number of past intervals.
    #[must_use]
    pub fn intervals(&self) -> usize {
        self.intervals
    }

    pub(super) fn cells(&self) -> &[Cell] {
        &self.cells
    }

    pub(super) fn value(&self, label: usize, number: u32) -> &str {
        &self.values[label].names[number as usize]
    }

    fn cell(&mut self, values: &[impl AsRef<str>]) -> usize {
        let numbers: Vec<_> = self
            .values
            .iter_mut()
            .enumerate()
            .map(|(label, known)| known.number(values.get(label).map_or("", AsRef::as_ref)))
            .collect();
        if let Some(&cell) = self.index.get(&numbers) {
            return cell;
        }
        self.cells.push(Cell {
            values: numbers.clone(),
            now: Count::default(),
            past: vec![Count::default(); self.intervals],
        });
        self.index.insert(numbers, self.cells.len() - 1);
        self.cells.len() - 1
    }
}

impl Values {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = u32::try_from(self.names.len()).unwrap_or(u32::MAX);
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }
}

fn counted(count: f64) -> f64 {
    if count.is_finite() { count.max(0.0) } else { 0.0 }
}
