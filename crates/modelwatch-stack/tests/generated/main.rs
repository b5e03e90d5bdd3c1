//! What is generated, judged by the tools that read it.

mod prometheus;
mod support;
