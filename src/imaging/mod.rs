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
pub mod cd;
pub mod choose;
mod damage;
pub mod ddrescue;
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
mod rescue;
pub mod scan;
pub mod session;
pub mod sink;
mod statistics;
pub mod tuning;
mod verify;
pub mod watchdog;
pub mod worker;

pub use choose::choose_engine;
pub use ddrescue::Ddrescue;
pub use engine::Engine;
pub use file_sink::FileSink;
pub use interrupt::{Interruption, code};
pub use native::Native;
pub use reader::StopFlag;
pub use sink::{Existing, Sink, SinkError};
pub use tuning::Tuning;

pub use protocol::{
    CdTask, Halt, ImageHashes, ImagePaths, ImageResult, ImageTask, Outcome, ReadOptions, ScanTask, VerifyTask, WorkerMessage,
    WorkerProgress, WorkerTask,
};

/// Bytes that an unprivileged user can still write in this folder, or in its nearest existing parent. Blocks.
///
/// # Errors
/// What the file system says.
pub fn free_space(folder: &std::path::Path) -> std::io::Result<u64> {
    let existing = folder.ancestors().find(|path| path.exists()).unwrap_or(folder);
    let stat = nix::sys::statvfs::statvfs(existing)?;
    Ok(stat.blocks_available().saturating_mul(stat.fragment_size()))
}
