//! Drives: one conformance suite for all of them, and what is special about virtual ones.

mod conformance;
mod discs;
mod faults;
mod hang;
mod hotplug;
mod real;
mod script;
mod speed;
pub mod support;
mod target;
mod tray;
mod trouble;
