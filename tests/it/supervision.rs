//! Supervision: actors that really die, block and refuse to stop, on a clock that only the tests move.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod failures;
mod health;
mod kit;
mod pure;
mod stopping;
mod strategies;
