//! Drift of features, scores and classes: a window of predictions against the training baseline.
//!
//! Rooms, and arrows that point one way. [`statistics`] are functions of two rows of counts, or of two sorted samples, and
//! know nothing else; [`sketch`] keeps what counts don't. [`baseline`] says where values fall and how many fell there in
//! training. [`decision`] joins them: how far a window is from its baseline, whether chance explains it, and when that
//! is called drift. [`learn`] finds what is usual for the reference's own windows, which the decision then takes for granted;
//! [`mod@reference`] takes a week earlier in place of training.
//! [`joint`] sees what no single feature shows: how numbers go together. [`change`] says in words what was done to a column that drifts. No Arrow, no files, no Prometheus, no runtime.
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
pub mod reference;
pub mod sketch;
pub mod statistics;
mod threads;
mod windows;
