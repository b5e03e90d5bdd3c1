//! The triage of made-up incidents whose cause is known.

mod fixture;
mod incidents;
mod ranking;
