//! Rehearses incidents against a `modelwatch.toml`: what would its owners hear, when, and what would the message say?
//!
//! A [`Scene`](scene::Scene) is what the configuration is about: a model, a neighbour, replicas, the drift job. An
//! [`Incident`](incident::Incident) is what happens there: releases, and effects on requests, scores, features, targets. Together they make
//! a [`World`](world::World), the series that Prometheus would have scraped, request by request from a small random generator, so that every run
//! makes the same. [`rehearsal`] writes them as a test file for promtool, which evaluates the generated rules, and reads the
//! alerts in its answer. [`notification`] does what Alertmanager does with alerts: routes, groups, inhibition, muted hours. An
//! [`Outcome`](outcome::Outcome) is how that went, and [`table`] prints them.
//!
//! Nothing here starts a program or reads a file: `modelwatch drill` does.

pub mod incident;
pub mod notification;
pub mod outcome;
pub mod rehearsal;
pub mod scene;
mod seconds;
pub mod table;
pub mod world;
