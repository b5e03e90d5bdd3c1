//! What the pages say that a program can check: links, commands, licences, packages.

mod commands;
mod examples;
mod licences;
mod links;
mod make_check;
mod packages;
