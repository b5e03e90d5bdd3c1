//! Formats a window for people and programs: a table, a page with drawings, JSON.

mod drawing;
mod json;
mod page;
mod table;
mod words;

pub use json::json;
pub use page::page;
