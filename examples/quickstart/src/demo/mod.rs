//! The demo: [`run()`] serves, replays and shows.
//!
//! `server` is the service under watch, the part to copy. `replay` sends it the traffic, and `incident` is what breaks. `page` reads its
//! figures back, which `table`, `team` and `terminal` show.

pub mod cli;
pub mod ended;
mod history;
pub mod incident;
mod page;
mod quality;
mod replay;
mod run;
mod screen;
pub mod server;
mod table;
mod team;
mod terminal;
mod training;

pub use run::run;
