//! Sizes and patience of the reading pipeline in one place, so that tests can make them small.

use std::time::Duration;

/// A crash may cost at most 64 MiB of reading: what is in the buffers plus what is written and not yet synced.
#[derive(Debug, Clone, Copy)]
pub struct Tuning {
    /// Bytes in one buffer, a multiple of 2048. Half a MiB stays in the cache of the core that hashes it.
    pub chunk: usize,
    /// Number of buffers. `chunk * buffers` is the memory that the pipeline uses, whatever happens.
    pub buffers: usize,
    /// A checkpoint is made when so many bytes are written and not synced …
    pub checkpoint_bytes: u64,
    /// … or so long after the last one, if anything changed.
    pub checkpoint_interval: Duration,
    /// Writing waits for the storage when more than this is not synced.
    pub unsynced_limit: u64,
    /// A buffer that is not full goes on after so long, so that slow discs show progress and lose little.
    pub flush_after: Duration,
    /// How long a drive may say "becoming ready" before the run fails; cheap USB drives need 60 s.
    pub ready_patience: Duration,
    /// Pause between two tries on a drive that is not ready.
    pub ready_pause: Duration,
    /// Least time between two progress messages.
    pub progress_interval: Duration,
    /// How long to wait for another process that still writes the same image (a worker that was told to stop).
    pub lock_patience: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            chunk: 512 << 10,
            buffers: 16,
            checkpoint_bytes: 32 << 20,
            checkpoint_interval: Duration::from_secs(5),
            unsynced_limit: 48 << 20,
            flush_after: Duration::from_millis(250),
            ready_patience: Duration::from_secs(90),
            ready_pause: Duration::from_millis(500),
            progress_interval: Duration::from_millis(250),
            lock_patience: Duration::from_secs(20),
        }
    }
}
