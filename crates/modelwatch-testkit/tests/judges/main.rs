//! The judges themselves on trial: each takes what is right, refuses what is wrong, and says so when its tool is missing.

mod inbox;
mod missing_tools;
mod prometheus;
mod promtool;
mod protobuf;
mod schemas;
mod text;
