//! Which windows run, and what is published of them.
