//! Measures how far two samples are apart, with functions of counts on shared bins or of sorted values, and of nothing
//! else.
//!
//! | function | of | range | 0 when |
//! | --- | --- | --- | --- |
//! | [`psi`] | counts | 0 to infinity | shares are equal |
//! | [`jensen_shannon`] | counts | 0 to 1 | shares are equal |
//! | [`hellinger`] | counts | 0 to 1 | shares are equal |
//! | [`chi_square`] | counts | 0 to infinity, and a p-value | shares are equal |
//! | [`kolmogorov_smirnov`] | sorted values, or counts in order | 0 to 1 | distributions are equal |
//! | [`wasserstein`] | sorted values, or counts in order | 0 to infinity | distributions are equal |
//! | [`homogeneity`] | counts | a p-value, 0 to 1 | |
//!
//! All are finite for any counts, and none depends on the order of rows. All but the p-values and [`chi_square`]'s
//! statistic measure the size of a difference, not its certainty: a small window is far from anything, even from its
//! own distribution. Use [`homogeneity`] for the certainty.

mod binned;
mod chi_square;
mod hellinger;
mod homogeneity;
mod jensen_shannon;
pub mod kolmogorov_smirnov;
mod pair;
mod psi;
mod statistic;
pub mod wasserstein;

pub use binned::Binned;
pub use chi_square::{ChiSquare, chi_square};
pub use hellinger::hellinger;
pub use homogeneity::homogeneity;
pub use jensen_shannon::jensen_shannon;
pub use pair::{Incomparable, Pair};
pub use psi::psi;
pub use statistic::{Statistic, UnknownStatistic};
