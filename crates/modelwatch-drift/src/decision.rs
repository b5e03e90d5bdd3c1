//! When a distance is called drift.
