//! Cells that count, one set for each thread that records.
//!
//! A thread with a slot of its own (see [`crate::cells::thread_slot`]) is the only writer of its lane and adds with a plain
//! load and store; threads without one are spread over a few [shared](thread_slot::SHARED) lanes and add with locked
//! instructions. So do all threads on a series of [`Lanes::One`]. A reader sums the lanes. A lane is made at the first measurement through it, so a series that
//! nobody uses costs a few pointers.

use std::ops::Range;
use std::sync::OnceLock;

use once_cell::race::OnceBox;

use crate::cells::created::Created;
use crate::cells::sync::{AtomicU64, Ordering};
use crate::cells::thread_slot;

const CELLS_PER_LINE: usize = 8;

/// One cache line of cells, aligned so that no two lanes share one.
#[derive(Default)]
#[repr(align(64))]
struct Line([AtomicU64; CELLS_PER_LINE]);

/// How many lanes a series may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lanes {
    /// One for each thread that records.
    PerThread,
    /// One for all: for series that requests name, of which there may be thousands.
    One,
}

pub(crate) struct Stripes {
    /// By slot, of the threads that have one of their own.
    own: Box<[OnceLock<Box<[Line]>>]>,
    /// Of all other threads, as far as there were any.
    shared: OnceBox<[OnceLock<Box<[Line]>>; thread_slot::SHARED]>,
    cells: u32,
    created: Created,
}

/// The cells the current thread adds to.
pub(crate) struct Lane<'a> {
    lines: &'a [Line],
    shared: bool,
}

impl Stripes {
    pub(crate) fn new(cells: usize, lanes: Lanes) -> Self {
        let own = match lanes {
            Lanes::PerThread => thread_slot::exclusive(),
            Lanes::One => 0,
        };
        Self {
            own: (0..own).map(|_| OnceLock::new()).collect(),
            shared: OnceBox::new(),
            cells: cells as u32,
            created: Created::now(),
        }
    }

    pub(crate) fn created(&self) -> Created {
        self.created
    }

    /// How many lanes there may be.
    pub(crate) fn kind(&self) -> Lanes {
        if self.own.is_empty() {
            Lanes::One
        } else {
            Lanes::PerThread
        }
    }

    #[inline]
    pub(crate) fn lane(&self) -> Lane<'_> {
        let slot = thread_slot::current();
        match self.own.get(slot) {
            Some(lane) => Lane {
                lines: lane.get_or_init(|| self.new_lines()),
                shared: false,
            },
            None => self.shared_lane(slot),
        }
    }

    /// Writes to the lane of this thread. What is written is there twice, so that it need not ask at each addition whose the lane is: for
    /// what every request does.
    #[inline(always)]
    pub(crate) fn write(&self, write: impl Fn(&Lane<'_>)) {
        let slot = thread_slot::current();
        match self.own.get(slot) {
            Some(lane) => write(&Lane {
                lines: lane.get_or_init(|| self.new_lines()),
                shared: false,
            }),
            None => write(&self.shared_lane(slot)),
        }
    }

    #[inline(never)]
    fn shared_lane(&self, slot: usize) -> Lane<'_> {
        let shared = self.shared.get_or_init(Box::default);
        let lane = match self.kind() {
            Lanes::PerThread => &shared[slot % thread_slot::SHARED],
            Lanes::One => &shared[0],
        };
        Lane {
            lines: lane.get_or_init(|| self.new_lines()),
            shared: true,
        }
    }

    #[cold]
    fn new_lines(&self) -> Box<[Line]> {
        let lines = (self.cells as usize).div_ceil(CELLS_PER_LINE);
        (0..lines).map(|_| Line::default()).collect()
    }

    /// The sum of one cell over all lanes, modulo 2⁶⁴.
    pub(crate) fn sum(&self, cell: usize) -> u64 {
        let mut sum: u64 = 0;
        self.each_lane(|lane| sum = sum.wrapping_add(read(lane, cell)));
        sum
    }

    /// The sum of one cell over all lanes, for a cell that holds the bits of an `f64`. Finite whatever was added.
    pub(crate) fn sum_f64(&self, cell: usize) -> f64 {
        let mut sum: f64 = 0.0;
        self.each_lane(|lane| sum = (sum + f64::from_bits(read(lane, cell))).clamp(f64::MIN, f64::MAX));
        sum
    }

    /// The sums of all cells over all lanes, modulo 2⁶⁴, read in their order into a buffer.
    pub(crate) fn read(&self, sums: &mut Vec<u64>) {
        self.begin(sums);
        self.each_lane(|lane| {
            for (sums, line) in sums.chunks_exact_mut(CELLS_PER_LINE).zip(lane) {
                add_line(sums, line);
            }
        });
        sums.truncate(self.cells as usize);
    }

    /// As [`read`](Self::read), of cells that are [`Counted`], and a number that [`add_wide`](Lane::add_wide) has added to: a cell and
    /// the one after it. Returns its sum over all lanes.
    pub(crate) fn read_counted(&self, counted: &Counted, wide: usize, sums: &mut Vec<u64>) -> u128 {
        let mut sum: u128 = 0;
        self.begin(sums);
        self.each_lane(|lane| {
            counted.add_lane(lane, sums);
            let [upper, lower] = [wide + 1, wide].map(|cell| u128::from(read(lane, cell)));
            sum = sum.wrapping_add(upper << 64 | lower);
        });
        sums.truncate(self.cells as usize);
        sum
    }

    fn begin(&self, sums: &mut Vec<u64>) {
        sums.clear();
        sums.resize((self.cells as usize).next_multiple_of(CELLS_PER_LINE), 0);
    }

    /// Adds the sums of the cells from `first` on to `into`, one each, modulo 2⁶⁴.
    pub(crate) fn add_to(&self, first: usize, into: &mut [u64]) {
        self.each_lane(|lane| {
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
        });
    }

    /// A number that changes with whatever is added, for telling whether anything was.
    pub(crate) fn mark(&self) -> u64 {
        let mut mark: u64 = 0;
        self.each_lane(|lane| {
            let cells = lane.iter().flat_map(|line| &line.0);
            mark = cells.fold(mark, |mark, cell| mark.wrapping_add(cell.load(Ordering::Acquire)));
        });
        mark
    }

    /// Hands out the lanes there are: two loops, because a page has this for each of its series several times.
    #[inline]
    fn each_lane(&self, mut take: impl FnMut(&[Line])) {
        for lane in self.own.iter().filter_map(OnceLock::get) {
            take(lane);
        }
        for lane in self.shared.get().into_iter().flatten().filter_map(OnceLock::get) {
            take(lane);
        }
    }
}

/// Cells of which those past some count the same as some before them, one by one: whoever adds to a kind adds as much to one cell from
/// `first` on, and later. A lane is read as far as its kinds say that there is something, because most of a histogram is empty, and
/// reading it from memory takes longer than anything else of it.
pub(crate) struct Counted {
    pub(crate) kinds: Range<usize>,
    pub(crate) first: usize,
}

impl Counted {
    /// Adds the cells of a lane to `sums`.
    ///
    /// Where the cells so far hold as much as the kinds held before them and hold after them, those behind are empty: a count that
    /// somebody has seen there is one of a kind, too, by then, and each that was read before it is another.
    #[inline(always)]
    fn add_lane(&self, lane: &[Line], sums: &mut [u64]) {
        let kinds = || {
            self.kinds
                .clone()
                .fold(0, |sum: u64, kind| sum.wrapping_add(read(lane, kind)))
        };
        let all = kinds();
        let (mut counted, mut end): (u64, usize) = (0, 0);
        for (sums, line) in sums.chunks_exact_mut(CELLS_PER_LINE).zip(lane) {
            let before = self.first.saturating_sub(end).min(CELLS_PER_LINE);
            counted = counted.wrapping_add(
                add_line(sums, line)[before..]
                    .iter()
                    .fold(0, |sum, cell| sum.wrapping_add(*cell)),
            );
            end += CELLS_PER_LINE;
            if counted == all && end > self.first && kinds() == all {
                return;
            }
        }
    }
}

/// Adds a line of cells to as many sums, and returns what is in them.
#[inline(always)]
fn add_line(sums: &mut [u64], line: &Line) -> [u64; CELLS_PER_LINE] {
    let cells = std::array::from_fn(|cell| line.0[cell].load(Ordering::Acquire));
    for (sum, cell) in sums.iter_mut().zip(cells) {
        *sum = sum.wrapping_add(cell);
    }
    cells
}

#[inline]
fn read(lane: &[Line], cell: usize) -> u64 {
    lane[cell / CELLS_PER_LINE].0[cell % CELLS_PER_LINE].load(Ordering::Acquire)
}

impl Lane<'_> {
    /// Adds to a cell, modulo 2⁶⁴, and returns what this lane then holds.
    ///
    /// `Release`, so that a reader who sees an end has seen the beginning that came before it, on whichever thread.
    #[inline]
    pub(crate) fn add(&self, cell: usize, n: u64) -> u64 {
        add(
            &self.lines[cell / CELLS_PER_LINE].0[cell % CELLS_PER_LINE],
            n,
            self.shared,
        )
    }

    /// Adds to a number in two cells, the lower half first: a sum that is never too large for it.
    #[inline]
    pub(crate) fn add_wide(&self, cell: usize, n: u64) {
        if self.add(cell, n) < n {
            self.add(cell + 1, 1);
        }
    }

    /// Adds to a cell that holds the bits of an `f64`.
    #[inline]
    pub(crate) fn add_f64(&self, cell: usize, value: f64) {
        let cell = &self.lines[cell / CELLS_PER_LINE].0[cell % CELLS_PER_LINE];
        let plus = |bits| (f64::from_bits(bits) + value).to_bits();
        if self.shared {
            let _ = cell.fetch_update(Ordering::Release, Ordering::Relaxed, |bits| Some(plus(bits)));
        } else {
            cell.store(plus(cell.load(Ordering::Relaxed)), Ordering::Release);
        }
    }
}

/// Adds to a cell that this thread alone writes, or that many write.
#[inline]
fn add(cell: &AtomicU64, n: u64, shared: bool) -> u64 {
    if shared {
        return cell.fetch_add(n, Ordering::Release).wrapping_add(n);
    }
    let sum = cell.load(Ordering::Relaxed).wrapping_add(n);
    cell.store(sum, Ordering::Release);
    sum
}

/// Every order in which threads can do these things: `RUSTFLAGS='--cfg modelwatch_loom' cargo test -p modelwatch --lib`.
#[cfg(all(test, modelwatch_loom))]
mod models {
    use loom::sync::{Arc, Mutex};
    use loom::thread;

    use super::*;
    use crate::cells::thread_slot::{Pool, SHARED};

    /// A slot pool with so many slots of its own, and one cell for each slot.
    struct World {
        exclusive: usize,
        pool: Mutex<Pool>,
        cells: Vec<AtomicU64>,
    }

    impl World {
        fn new(exclusive: usize) -> Arc<Self> {
            Arc::new(Self {
                pool: Mutex::new(Pool::new()),
                exclusive,
                cells: (0..exclusive + SHARED).map(|_| AtomicU64::new(0)).collect(),
            })
        }

        /// What a thread does in its life: lease, add, give back.
        fn live(&self, additions: u64) {
            let slot = self.pool.lock().expect("no panic").take(self.exclusive);
            for _ in 0..additions {
                add(&self.cells[slot], 1, slot >= self.exclusive);
            }
            if slot < self.exclusive {
                self.pool.lock().expect("no panic").give_back(slot);
            }
        }

        fn sum(&self) -> u64 {
            self.cells.iter().map(|cell| cell.load(Ordering::Acquire)).sum()
        }
    }

    #[test]
    fn no_addition_is_lost_when_slots_are_handed_on() {
        loom::model(|| {
            let world = World::new(1);
            let other = world.clone();
            let thread = thread::spawn(move || other.live(2));
            // Takes the slot before the other, after it, or finds it taken.
            world.live(1);
            let meanwhile = world.sum();
            thread.join().expect("no panic");
            assert!(meanwhile <= world.sum());
            assert_eq!(world.sum(), 3);
        });
    }

    #[test]
    fn threads_without_a_slot_lose_nothing() {
        loom::model(|| {
            let world = World::new(0);
            let threads: Vec<_> = (0..2)
                .map(|_| {
                    let world = world.clone();
                    thread::spawn(move || world.live(2))
                })
                .collect();
            threads.into_iter().for_each(|thread| thread.join().expect("no panic"));
            assert_eq!(world.sum(), 4);
        });
    }

    #[test]
    fn a_count_that_was_seen_is_seen_again_where_a_lane_is_read_as_far_as_it_is_counted() {
        const KIND: usize = 0;
        const LOW: usize = CELLS_PER_LINE;
        const HIGH: usize = 2 * CELLS_PER_LINE;
        for shared in [false, true] {
            loom::model(move || {
                let lane: Arc<[Line; 3]> = Arc::new(std::array::from_fn(|_| Line::default()));
                let observe = move |lane: &[Line; 3], at: usize| {
                    for cell in [KIND, at] {
                        add(&lane[cell / CELLS_PER_LINE].0[0], 1, shared);
                    }
                };
                let writes = lane.clone();
                let thread = thread::spawn(move || {
                    observe(&writes, HIGH);
                    observe(&writes, LOW);
                });
                let counted = Counted {
                    kinds: KIND..KIND + 1,
                    first: LOW,
                };
                let read = || {
                    let mut sums = [0; 3 * CELLS_PER_LINE];
                    counted.add_lane(&*lane, &mut sums);
                    sums
                };
                let (first, second) = (read(), read());
                assert!(
                    first[LOW] <= second[LOW] && first[HIGH] <= second[HIGH],
                    "{first:?} {second:?}"
                );
                thread.join().expect("no panic");
                let last = read();
                assert_eq!((last[KIND], last[LOW], last[HIGH]), (2, 1, 1));
            });
        }
    }

    #[test]
    fn whoever_is_seen_to_have_left_is_seen_to_have_entered() {
        loom::model(|| {
            let cells: Arc<[AtomicU64; 2]> = Arc::new(std::array::from_fn(|_| AtomicU64::new(0)));
            let [requests, scrapes] = [cells.clone(), cells];
            let thread = thread::spawn(move || {
                add(&requests[0], 1, false);
                // The request moves to another thread, which ends it in a cell of its own.
                let ending = requests.clone();
                thread::spawn(move || add(&ending[1], 1, false))
                    .join()
                    .expect("no panic");
            });
            let left = scrapes[1].load(Ordering::Acquire);
            let entered = scrapes[0].load(Ordering::Acquire);
            assert!(left <= entered, "{left} left of {entered}");
            thread.join().expect("no panic");
        });
    }
}
