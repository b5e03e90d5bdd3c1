//! Label values made safe: bounded in number and length, and escaped.
//!
//! Whatever string a caller or a request supplies, a page parses and no series can be forged. A name is looked up in
//! [`names`], which is read without a lock; past its limit the measurement goes to
//! [`OTHER`](crate::contract::reserved::OTHER), and [`overflow`] counts it.

pub(crate) mod budget;
pub(crate) mod label_set;
pub(crate) mod limits;
pub(crate) mod names;
pub(crate) mod open_label;
pub(crate) mod overflow;
pub(crate) mod same;
pub(crate) mod value;
