//! A real cluster of Apache Spark that counts a prediction log, beside the engine on one machine.

mod cases;
mod log;
#[path = "../databases/rows.rs"]
mod rows;
mod unreachable;
