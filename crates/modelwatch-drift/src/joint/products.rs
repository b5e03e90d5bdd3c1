//! Sums of products of each two of some numbers, over rows.

/// Numbers of a row that are multiplied in one go.
const LANES: usize = 8;
/// Rows whose products are added while their sums stay in registers.
const ROWS: usize = 64;

/// What each number of a row times each later one, and times itself, adds up to.
///
/// Rows are added many at a time, row after row to each sum: the sums are the same, to the bit, however many that are. One row at a
/// time, loading and storing all sums took most of the time.
#[derive(Clone, Debug)]
pub(super) struct Products {
    size: usize,
    /// Sums of one number with all, which is as many whole lanes.
    stride: usize,
    /// What is before the diagonal means nothing.
    sums: Vec<f64>,
}

impl Products {
    pub(super) fn new(size: usize) -> Self {
        let stride = size.next_multiple_of(LANES);
        Self {
            size,
            stride,
            sums: vec![0.0; size * stride],
        }
    }

    /// The sum of one number times another that is not before it.
    pub(super) fn of(&self, one: usize, other: usize) -> f64 {
        self.sums[one * self.stride + other]
    }

    /// The sums of one number with those that are not before it.
    pub(super) fn row_mut(&mut self, place: usize) -> &mut [f64] {
        &mut self.sums[place * self.stride + place..][..self.size - place]
    }

    /// Adds rows, each times a weight. None lacks a value.
    pub(super) fn add(&mut self, rows: &Block, weight: f64) {
        for (place, sums) in self.sums.chunks_exact_mut(self.stride).enumerate() {
            for (lane, sums) in (0..)
                .step_by(LANES)
                .zip(sums.chunks_exact_mut(LANES))
                .skip(place / LANES)
            {
                let mut held = [0.0; LANES];
                held.copy_from_slice(sums);
                for row in rows.padded() {
                    let weighed = weight * row[place];
                    let others = &row[lane..][..LANES];
                    held.iter_mut()
                        .zip(others)
                        .for_each(|(sum, other)| *sum += weighed * other);
                }
                sums.copy_from_slice(&held);
            }
        }
    }

    /// The sums of the rows that are in here and not among those others, which are all in here.
    pub(super) fn less(&self, others: &Self) -> Self {
        let sums = self.sums.iter().zip(&others.sums);
        Self {
            sums: sums.map(|(mine, other)| mine - other).collect(),
            ..*self
        }
    }
}

/// Some rows, as [`Products::add`] takes them.
#[derive(Debug)]
pub(super) struct Block {
    size: usize,
    stride: usize,
    /// Room for all rows; what is behind a row's numbers is 0.
    room: Vec<f64>,
    rows: usize,
}

impl Block {
    pub(super) fn new(size: usize) -> Self {
        let stride = size.next_multiple_of(LANES);
        Self {
            size,
            stride,
            room: vec![0.0; ROWS * stride],
            rows: 0,
        }
    }

    /// Takes rows, and hands them on whenever there is no more room, and at the end.
    pub(super) fn fill<'a>(
        &mut self,
        rows: impl Iterator<Item = &'a [f64]>,
        value: impl Fn(f64) -> f64,
        mut full: impl FnMut(&Self),
    ) {
        for row in rows {
            let numbers = &mut self.room[self.rows * self.stride..][..self.size];
            numbers
                .iter_mut()
                .zip(row)
                .for_each(|(number, of_row)| *number = value(*of_row));
            self.rows += 1;
            if self.rows == ROWS {
                full(self);
                self.rows = 0;
            }
        }
        full(self);
        self.rows = 0;
    }

    fn padded(&self) -> impl Iterator<Item = &[f64]> {
        self.room.chunks_exact(self.stride.max(1)).take(self.rows)
    }

    pub(super) fn len(&self) -> usize {
        self.rows
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &[f64]> {
        self.padded().map(|row| &row[..self.size])
    }
}
