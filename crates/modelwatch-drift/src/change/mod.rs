//! What changed, in words and numbers.
//!
//! A score says that a column is far from training. Whoever is paged wants to know what was done to it: multiplied by a
//! hundred, swapped with its neighbour, filled with a default. [`explain`] tries each of these on a window's counts and
//! sketches and names one only where **undoing it makes the window equal training**. Weather is none of them, and then nothing
//! is said: an explanation that is wrong costs more than none.
//!
//! [`explain`] takes all columns of a window, because a column can have been swapped with another one. For each that is said
//! to drift it gives its [`Change`]s, the part the score is of and both sides' [`Summary`]. A change displays as
//! half a sentence, and its [`kind`](Change::kind) has a name from a small fixed set, fit for a label.

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
