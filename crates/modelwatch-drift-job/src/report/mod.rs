//! A window for people and programs: a table, a page with pictures, JSON.

mod drawing;
mod json;
mod page;
mod table;
mod words;

pub use json::json;
pub use page::page;
