//! What the drift job found, as the contract's metrics.

mod board;

pub use board::Board;
