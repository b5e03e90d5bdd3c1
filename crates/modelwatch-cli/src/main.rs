//! The command line of modelwatch.

fn main() {}
