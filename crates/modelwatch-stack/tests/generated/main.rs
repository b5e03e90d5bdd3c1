//! What is generated, judged by the tools that read it.

mod alertmanager;
mod alerts;
mod annotations;
mod answering;
mod any_configuration;
mod changed;
mod end_to_end;
mod inbox;
mod messages;
mod mutations;
mod prometheus;
mod rollout;
mod runbooks;
mod stacks;
mod stories;
mod support;
mod targets;
