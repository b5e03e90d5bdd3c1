//! `modelwatch triage` as a user runs it.

mod asks;
mod fixture;
#[cfg(feature = "drift")]
mod logs;
mod serves;
