//! Where an excess sits, judged on real incidents and on tables made by hand.

mod cases;
mod incidents;
mod made;
mod properties;
