//! What is generated, judged by the tools that read it.

mod alertmanager;
mod end_to_end;
mod prometheus;
mod runbooks;
mod support;
