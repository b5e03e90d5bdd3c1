//! What the pages say that a program can check: links, commands, licences.

mod commands;
mod licences;
mod links;
