//! Making an image of a disc: reading, hashing, storing, comparing, judging.
//!
//! ```text
//! drive ─ reader ─ engine ─ session ─┬─ writer ── sink (.part) ──┐
//!                                    │              ledger ──────┴─ checkpoint thread: sync data, then write the map
//!                                    └─ MD5, SHA-256 (a thread each)
//! ```
//!
//! [`worker`] runs a task from start to its last word, in the `read-worker` process or in `disk2iso image`. [`process`] is the
//! service's side: it starts such a process, hears it and gives up on it. [`protocol`] is what they say to each other.

pub mod buffers;
pub mod engine;
pub mod file_sink;
mod finish;
pub mod hashing;
pub mod interrupt;
pub mod ledger;
pub mod lines;
pub mod mapfile;
pub mod native;
pub mod pipeline;
pub mod prepare;
pub mod process;
pub mod protocol;
pub mod reader;
mod reporter;
pub mod session;
pub mod sink;
pub mod tuning;
mod verify;
pub mod watchdog;
pub mod worker;

pub use engine::Engine;
pub use file_sink::FileSink;
pub use interrupt::{Interruption, code};
pub use native::Native;
pub use reader::StopFlag;
pub use sink::{Existing, Sink, SinkError};
pub use tuning::Tuning;
