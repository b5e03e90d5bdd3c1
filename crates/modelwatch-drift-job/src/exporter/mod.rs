//! Exposes the results of the drift job as the contract's metrics.

mod board;
mod former;
mod server;

pub use axum::Router as Routes;
pub use board::Board;
pub use server::{metrics_page, serve, serve_routes};
