//! Baselines from files of every format.
