//! A flight-delay model served in two versions, replaying real traffic, watched by modelwatch.
//!
//! The program is in `main.rs`; what it is made of is here, and so is its drift job, a program of its own. Each is compiled with a
//! feature, `demo` and `drift-job`, and without what only the other needs.

#[cfg(feature = "demo")]
pub mod demo;
pub mod drift;
pub mod folder;
pub mod model;
