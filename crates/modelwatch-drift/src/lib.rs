//! Measures drift of features, scores and classes: a window of predictions against the training baseline.
//!
//! The modules depend on each other in one direction only. Start with [`baseline`], which says where values fall and
//! how many fell there in training, and [`decision`], which says how far a window is from its baseline, whether chance
//! explains the distance, and when it counts as drift.
//!
//! - [`statistics`] are functions of two rows of counts, or of two sorted samples.
//! - [`sketch`] keeps what counts don't.
//! - [`learn`] finds the usual distances of the reference's own windows, which the decision allows for.
//! - [`mod@reference`] compares with an earlier week instead of training.
//! - [`joint`] sees what no single feature shows: how numbers go together.
//! - [`change`] says in words what was done to a column that drifts.
//! - [`names`] finds the name that a misspelt one means.
//!
//! This crate knows no Arrow, no files, no Prometheus and no async runtime.
//!
//! ```
//! use modelwatch_drift::baseline::{Hygiene, NumericProfile};
//! use modelwatch_drift::decision::{Measurement, Rule, Statistic};
//!
//! // Training: ages from 20 to 69, two of them missing.
//! let ages: Vec<f64> = (0..5_000).map(|row| f64::from(20 + row % 50)).collect();
//! let age = NumericProfile::from_values("age", ages, 2, &Hygiene::default())?;
//!
//! // A window in which everybody is ten years older.
//! let mut window = age.bins().count();
//! for row in 0..1_000 {
//!     window.add(age.bins(), Some(f64::from(30 + row % 50)));
//! }
//! let measured = Measurement::of_numeric(&age, &window, Statistic::Psi)?;
//! assert!(measured.score > 0.15 && measured.drifts(&Rule::default()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod baseline;
pub mod change;
pub mod decision;
pub mod joint;
pub mod learn;
pub mod names;
pub mod reference;
pub mod sketch;
pub mod statistics;
mod threads;
mod windows;
