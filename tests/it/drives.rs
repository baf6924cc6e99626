//! Drives: settings, statistics, quirks, hooks, what the doctor says.

mod settings;
mod statistics;
