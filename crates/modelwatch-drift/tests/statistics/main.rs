//! Statistics, baselines and the rule, through the crate's public doors; none of it needs an engine. One program, because
//! linking is what takes the time.

mod against_scipy;
mod baseline;
mod by_hand;
mod data;
mod drawn;
mod flights;
mod joint;
mod judges;
mod made;
mod properties;
mod rule;
mod sketches;
mod table;
mod told;
mod usual;

/// An ordinary week in spring.
const APRIL: &str = "replay-2013-04-08-week.parquet";
/// A week in summer.
const JULY: &str = "replay-2013-07-08-week.parquet";
