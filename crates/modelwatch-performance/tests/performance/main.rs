//! Performance, realised and estimated, through the crate's public doors. One program, because linking is what takes the time.

mod against_nannyml;
mod against_scikit_learn;
mod by_hand;
mod coverage;
mod culprits;
mod drawn;
mod estimates;
mod properties;
mod rounded;
