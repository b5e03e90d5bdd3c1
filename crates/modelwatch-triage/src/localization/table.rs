//! Counts by label values, now and before.

use rustc_hash::FxHashMap;

/// Events among trials, by the values of some labels, now and in a number of intervals before.
///
/// Rows of the same values add up. A count that is negative or no number counts nothing, and one value of a label is as good
/// as another: they are compared and never read.
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

/// The values of one label, numbered in the order they came.
#[derive(Clone, Debug, Default)]
struct Values {
    names: Vec<String>,
    numbers: FxHashMap<String, u32>,
}

/// The counts of one row of values.
#[derive(Clone, Debug)]
pub(super) struct Cell {
    /// A number for each label.
    pub(super) values: Vec<u32>,
    pub(super) now: Count,
    /// The newest first.
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
    /// Makes an empty table of labels with so many intervals of history, all of the same length as the interval that is "now".
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

    /// Counts what happens now. A label that `values` leaves out is empty, as in Prometheus; values beyond the labels are left
    /// out.
    pub fn add_now(&mut self, values: &[impl AsRef<str>], events: f64, trials: f64) {
        let cell = self.cell(values);
        self.cells[cell].now.add(counted(events), counted(trials));
    }

    /// Counts what happened `back` intervals ago: 1 is the interval just before now. Nothing happens when `back` is 0 or beyond
    /// the history.
    pub fn add_past(&mut self, back: usize, values: &[impl AsRef<str>], events: f64, trials: f64) {
        if back == 0 || back > self.intervals {
            return;
        }
        let cell = self.cell(values);
        self.cells[cell].past[back - 1].add(counted(events), counted(trials));
    }

    /// The labels, in the order they were given.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        &self.names
    }

    /// The number of intervals of history.
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
