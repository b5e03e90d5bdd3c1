//! Cells that count, one set for each thread that records.
//!
//! A thread with a slot of its own (see [`crate::thread_slot`]) is the only writer of its lane and adds with a plain
//! load and store; threads without one share lane [`SHARED`](thread_slot::SHARED) and add with locked
//! instructions. A reader sums the lanes. A lane is made at the first measurement through it, so a series that
//! nobody uses costs a few pointers.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::thread_slot;

const CELLS_PER_LINE: usize = 8;

/// One cache line of cells, aligned so that no two lanes share one.
#[derive(Default)]
#[repr(align(64))]
struct Line([AtomicU64; CELLS_PER_LINE]);

pub(crate) struct Stripes {
    lanes: Box<[OnceLock<Box<[Line]>>]>,
    cells: usize,
}

/// The cells the current thread adds to.
pub(crate) struct Lane<'a> {
    lines: &'a [Line],
    shared: bool,
}

impl Stripes {
    pub(crate) fn new(cells: usize) -> Self {
        Self {
            lanes: (0..thread_slot::count()).map(|_| OnceLock::new()).collect(),
            cells,
        }
    }

    #[inline]
    pub(crate) fn lane(&self) -> Lane<'_> {
        let slot = thread_slot::current();
        Lane {
            lines: self.lanes[slot].get_or_init(|| {
                (0..self.cells.div_ceil(CELLS_PER_LINE))
                    .map(|_| Line::default())
                    .collect()
            }),
            shared: slot == thread_slot::SHARED,
        }
    }

    /// The sum of one cell over all lanes, modulo 2⁶⁴.
    pub(crate) fn sum(&self, cell: usize) -> u64 {
        self.lanes()
            .map(|lane| lane[cell / CELLS_PER_LINE].0[cell % CELLS_PER_LINE].load(Ordering::Acquire))
            .fold(0, u64::wrapping_add)
    }

    /// The sum of one cell over all lanes, for a cell that holds the bits of an `f64`. Finite whatever was added.
    pub(crate) fn sum_f64(&self, cell: usize) -> f64 {
        self.lanes()
            .map(|lane| lane[cell / CELLS_PER_LINE].0[cell % CELLS_PER_LINE].load(Ordering::Acquire))
            .map(f64::from_bits)
            .fold(0.0, |sum, value| (sum + value).clamp(f64::MIN, f64::MAX))
    }

    /// The sums of all cells over all lanes, modulo 2⁶⁴, read in their order into a buffer.
    pub(crate) fn read(&self, sums: &mut Vec<u64>) {
        sums.clear();
        for lane in self.lanes() {
            let cells = lane
                .iter()
                .flat_map(|line| &line.0)
                .map(|cell| cell.load(Ordering::Acquire));
            if sums.is_empty() {
                sums.extend(cells);
            } else {
                sums.iter_mut()
                    .zip(cells)
                    .for_each(|(sum, cell): (&mut u64, _)| *sum = sum.wrapping_add(cell));
            }
        }
        sums.resize(self.cells, 0);
    }

    /// Adds the sums of the cells from `first` on to `into`, one each, modulo 2⁶⁴.
    pub(crate) fn add_to(&self, first: usize, into: &mut [u64]) {
        for lane in self.lanes() {
            let (mut line, mut within) = (first / CELLS_PER_LINE, first % CELLS_PER_LINE);
            let mut rest = &mut *into;
            while !rest.is_empty() {
                let cells = &lane[line].0[within..];
                let (head, tail) = rest.split_at_mut(cells.len().min(rest.len()));
                for (sum, cell) in head.iter_mut().zip(cells) {
                    *sum = sum.wrapping_add(cell.load(Ordering::Acquire));
                }
                rest = tail;
                (line, within) = (line + 1, 0);
            }
        }
    }

    /// A number that changes with whatever is added, for telling whether anything was.
    pub(crate) fn mark(&self) -> u64 {
        let cells = self.lanes().flatten().flat_map(|line| &line.0);
        cells
            .map(|cell| cell.load(Ordering::Acquire))
            .fold(0, u64::wrapping_add)
    }

    fn lanes(&self) -> impl Iterator<Item = &[Line]> {
        self.lanes.iter().filter_map(OnceLock::get).map(AsRef::as_ref)
    }
}

impl Lane<'_> {
    /// Adds to a cell, modulo 2⁶⁴, and returns what this lane then holds.
    ///
    /// `Release`, so that a reader who sees an end has seen the beginning that came before it, on whichever thread.
    #[inline]
    pub(crate) fn add(&self, cell: usize, n: u64) -> u64 {
        let cell = &self.lines[cell / CELLS_PER_LINE].0[cell % CELLS_PER_LINE];
        if self.shared {
            return cell.fetch_add(n, Ordering::Release).wrapping_add(n);
        }
        let sum = cell.load(Ordering::Relaxed).wrapping_add(n);
        cell.store(sum, Ordering::Release);
        sum
    }

    /// Adds to a cell that holds the bits of an `f64`.
    #[inline]
    pub(crate) fn add_f64(&self, cell: usize, value: f64) {
        let cell = &self.lines[cell / CELLS_PER_LINE].0[cell % CELLS_PER_LINE];
        let plus = |bits| (f64::from_bits(bits) + value).to_bits();
        if self.shared {
            cell.update(Ordering::Release, Ordering::Relaxed, plus);
        } else {
            cell.store(plus(cell.load(Ordering::Relaxed)), Ordering::Release);
        }
    }
}
