//! `modelwatch triage` as a user runs it.

mod asks;
mod fixture;
mod serves;
