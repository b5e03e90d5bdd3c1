//! What is generated, judged by the tools that read it.

mod alertmanager;
mod prometheus;
mod support;
