//! A flight-delay model served in two versions, replaying real traffic, watched by modelwatch.
//!
//! The program is in `main.rs`; what it is made of is here, and so is its drift job, a program of its own. Each is compiled with a
//! feature, `demo` and `drift-job`, and without what only the other needs.

pub mod drift;
pub mod folder;
pub mod model;

#[cfg(feature = "demo")]
pub mod cli;
#[cfg(feature = "demo")]
pub mod demo;
#[cfg(feature = "demo")]
pub mod ended;
#[cfg(feature = "demo")]
mod history;
#[cfg(feature = "demo")]
pub mod incident;
#[cfg(feature = "demo")]
mod page;
#[cfg(feature = "demo")]
mod quality;
#[cfg(feature = "demo")]
mod replay;
#[cfg(feature = "demo")]
mod screen;
#[cfg(feature = "demo")]
pub mod server;
#[cfg(feature = "demo")]
mod table;
#[cfg(feature = "demo")]
mod team;
#[cfg(feature = "demo")]
mod terminal;
#[cfg(feature = "demo")]
mod training;
