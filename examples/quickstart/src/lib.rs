//! A flight-delay model served in two versions, replaying real traffic, watched by modelwatch.
//!
//! The program is in `main.rs`; what it is made of is here, so that other examples serve the same model.

pub mod cli;
pub mod data;
pub mod demo;
pub mod error;
pub mod incident;
pub mod model;
mod page;
mod replay;
mod screen;
pub mod server;
mod table;
