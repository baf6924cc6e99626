//! Drives: settings, statistics, the eject button, hooks, what the doctor says.

mod button;
mod doctor;
mod holders;
mod hook;
mod settings;
mod statistics;
