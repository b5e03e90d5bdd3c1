//! What the drift job found, as the contract's metrics.

mod board;
mod former;
mod server;

pub use board::Board;
pub use server::serve;
