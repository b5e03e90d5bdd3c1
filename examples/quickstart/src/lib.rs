//! A flight-delay model served in two versions, replaying real traffic, watched by modelwatch.
//!
//! The program is in `main.rs`; what it is made of is here.

pub mod cli;
pub mod demo;
pub mod ended;
mod history;
pub mod incident;
mod page;
mod quality;
mod replay;
mod screen;
pub mod server;
mod table;
mod team;
mod terminal;
