//! The drill's pure half: worlds, answers, notifications, incidents.

mod alertmanager;
mod answers;
mod batches;
mod fixture;
mod incidents;
mod outcomes;
mod triage;
mod worlds;
