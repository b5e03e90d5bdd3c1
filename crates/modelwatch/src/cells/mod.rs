//! How a number is counted: without a lock, a locked instruction or a shared cache line where that can be had.
//!
//! [`thread_slot`] gives each thread a small number, [`stripes`] a lane of cells for each such number. [`layout`] says
//! which cell of a [`histogram`] a value belongs to. Nothing here knows the name of a metric.

pub(crate) mod clock;
pub(crate) mod counter;
pub(crate) mod created;
pub(crate) mod exemplar;
pub(crate) mod histogram;
pub(crate) mod layout;
pub(crate) mod striped_arc;
pub(crate) mod stripes;
pub(crate) mod sync;
pub(crate) mod thread_slot;
pub(crate) mod window;
