//! Explains drift in words and numbers.
//!
//! A score says that a column is far from training. If you are paged, you want to know what happened to the column:
//! multiplied by a hundred, swapped with its neighbour, filled with a default. [`explain`] tries each of these on a
//! window's counts and sketches. It names a change only if **undoing it makes the window equal training**. Weather is
//! not one of them, so there is no explanation for it: a wrong one costs more than none.
//!
//! Pass all columns of a window to [`explain`], because two columns can be swapped. For each column that drifts, it
//! returns the [`Change`]s, the part that the score belongs to, and the [`Summary`] of both sides. A change displays as
//! half a sentence. Its [`kind`](Change::kind) has a name from a small fixed set, fit for a label.

mod categories;
mod explain;
mod fit;
mod grids;
mod kind;
mod left;
mod numbers;
mod observed;
mod part;
mod round;
mod rounded;
mod summary;
mod swapped;
mod whole;

pub use explain::{Explanation, explain};
pub use kind::{Change, ChangeKind, Side};
pub use observed::Observed;
pub use summary::{Numbers, Summary};
