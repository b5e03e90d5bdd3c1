//! A table of a real database counted there, beside the same rows in a Parquet file.

mod baseline;
mod database;
mod doors;
mod equal;
mod golden;
mod outcomes;
mod rows;
mod types;
