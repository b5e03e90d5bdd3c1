//! Sums the products of each pair of numbers over rows.

/// The number of values of a row that are multiplied at once.
const LANES: usize = 8;
/// The number of rows whose products are added while their sums stay in registers.
const ROWS: usize = 64;

/// Holds the sum of products of each number of a row with each later one, and with itself.
///
/// Rows are added in blocks, one row after the other to each sum, so that the sums are the same, to the bit, for any
/// block size. Adding one row at a time spent most of its time on loading and storing all sums.
#[derive(Clone, Debug)]
pub(super) struct Products {
    size: usize,
    /// The number of sums per number, rounded up to whole lanes.
    stride: usize,
    /// Sums before the diagonal are meaningless.
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

    /// Returns the sum for one number and another that does not come before it.
    pub(super) fn of(&self, one: usize, other: usize) -> f64 {
        self.sums[one * self.stride + other]
    }

    /// Returns the sums for one number and those that do not come before it.
    pub(super) fn row_mut(&mut self, place: usize) -> &mut [f64] {
        &mut self.sums[place * self.stride + place..][..self.size - place]
    }

    /// Adds rows, each times a weight. No row may lack a value.
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

    /// Returns the sums over the rows in `self` that are not in `others`. All rows of `others` must be in `self`.
    pub(super) fn less(&self, others: &Self) -> Self {
        let sums = self.sums.iter().zip(&others.sums);
        Self {
            sums: sums.map(|(mine, other)| mine - other).collect(),
            ..*self
        }
    }
}

/// Holds a block of rows in the layout that [`Products::add`] needs.
#[derive(Debug)]
pub(super) struct Block {
    size: usize,
    stride: usize,
    /// Room for all rows. The padding after a row's numbers is 0.
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

    /// Takes rows, and passes the block on whenever it is full, and at the end.
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
