//! What may be claimed as read: data first, map second.
//!
//! The writer tells the ledger what it has written. A thread of its own makes checkpoints: it takes a copy of what is written,
//! syncs the data, and only then stores that copy as the mapfile. Reading goes on meanwhile, up to a limit.

use super::{
    mapfile::MapHeader,
    sink::{Sink, SinkError},
    tuning::Tuning,
};
use crate::domain::sector_map::{BlockStatus, SectorMap};
use std::{
    ops::Range,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// Shared between the engine, the writer and the checkpoint thread.
pub struct Ledger {
    state: Mutex<State>,
    changed: Condvar,
    tuning: Tuning,
}

struct State {
    /// What is written, or known to be unreadable; not necessarily synced.
    written: SectorMap,
    header: MapHeader,
    /// Bytes written since the copy for the last finished checkpoint was taken.
    unsynced: u64,
    /// Buffers handed to the writer that it has not finished.
    in_flight: usize,
    dirty: bool,
    /// Checkpoints asked for and made.
    wanted: u64,
    made: u64,
    closing: bool,
    /// First failure of writer or checkpoint; nothing is claimed any more after one of the latter.
    failure: Option<SinkError>,
    broken: bool,
}

impl Ledger {
    /// Starts from what the mapfile on disk already claims.
    pub fn new(claimed: SectorMap, header: MapHeader, tuning: Tuning) -> Self {
        let state = State {
            written: claimed,
            header,
            unsynced: 0,
            in_flight: 0,
            dirty: false,
            wanted: 0,
            made: 0,
            closing: false,
            failure: None,
            broken: false,
        };
        Self { state: Mutex::new(state), changed: Condvar::new(), tuning }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, guard: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
        self.changed.wait(guard).unwrap_or_else(PoisonError::into_inner)
    }

    /// A buffer is on its way to the writer.
    pub fn handed_over(&self) {
        self.lock().in_flight += 1;
    }

    /// Another program has written a range of the image; it counts as unsynced like our own. Waits as [`written`](Self::written).
    pub fn claim(&self, range: Range<u64>) {
        let mut state = self.lock();
        state.unsynced += range.end - range.start;
        state.written.set(range, BlockStatus::Finished);
        state.dirty = true;
        self.changed.notify_all();
        while state.unsynced > self.tuning.unsynced_limit && state.failure.is_none() {
            state = self.wait(state);
        }
    }

    /// The writer is done with a buffer. Waits while more is unsynced than a crash may cost.
    pub fn written(&self, range: Range<u64>, result: Result<(), SinkError>) {
        let mut state = self.lock();
        state.in_flight = state.in_flight.saturating_sub(1);
        match result {
            Ok(()) => {
                state.unsynced += range.end - range.start;
                state.written.set(range, BlockStatus::Finished);
                state.dirty = true;
            }
            Err(error) => _ = state.failure.get_or_insert(error),
        }
        self.changed.notify_all();
        while state.unsynced > self.tuning.unsynced_limit && state.failure.is_none() {
            state = self.wait(state);
        }
    }

    /// Notes a status that needs no data: failed, unreadable.
    pub fn mark(&self, range: Range<u64>, status: BlockStatus) {
        let mut state = self.lock();
        state.written.set(range, status);
        state.dirty = true;
    }

    /// Changes what stands above the blocks in the mapfile.
    pub fn set_header(&self, header: MapHeader) {
        let mut state = self.lock();
        state.header = header;
        state.dirty = true;
    }

    /// The first failure, if there was one.
    ///
    /// # Errors
    /// That failure.
    pub fn check(&self) -> Result<(), SinkError> {
        self.lock().failure.clone().map_or(Ok(()), Err)
    }

    /// What is written, synced or not.
    pub fn written_map(&self) -> SectorMap {
        self.lock().written.clone()
    }

    /// Returns when the writer has nothing left to do.
    ///
    /// # Errors
    /// The first failure of the writer or a checkpoint.
    pub fn drain(&self) -> Result<(), SinkError> {
        let mut state = self.lock();
        while state.in_flight > 0 {
            state = self.wait(state);
        }
        state.failure.clone().map_or(Ok(()), Err)
    }

    /// Returns when everything written until now is synced and claimed. Works after a failed *write* too, because what was
    /// written before is worth keeping; not after a failed sync, because then nobody knows what is on disk.
    ///
    /// # Errors
    /// A failure of this or an earlier checkpoint.
    pub fn checkpoint(&self) -> Result<(), SinkError> {
        let mut state = self.lock();
        while state.in_flight > 0 {
            state = self.wait(state);
        }
        state.wanted += 1;
        let mine = state.wanted;
        self.changed.notify_all();
        while state.made < mine && !state.broken {
            state = self.wait(state);
        }
        match (&state.failure, state.broken) {
            (Some(error), true) => Err(error.clone()),
            _ => Ok(()),
        }
    }

    /// Lets the checkpoint thread end after a last checkpoint if anything changed.
    pub fn close(&self) {
        self.lock().closing = true;
        self.changed.notify_all();
    }

    /// Body of the checkpoint thread.
    pub fn run(self: Arc<Self>, sink: &dyn Sink) {
        let _guard = self.guard();
        let mut last = Instant::now();
        loop {
            let mut state = self.lock();
            loop {
                let due = state.unsynced >= self.tuning.checkpoint_bytes
                    || (state.dirty && last.elapsed() >= self.tuning.checkpoint_interval);
                if due || state.wanted > state.made || state.closing || state.broken {
                    break;
                }
                let pause =
                    self.tuning.checkpoint_interval.saturating_sub(last.elapsed()).max(self.tuning.checkpoint_interval / 8);
                state = self.changed.wait_timeout(state, pause).unwrap_or_else(PoisonError::into_inner).0;
            }
            if state.broken || (state.closing && !state.dirty && state.wanted == state.made) {
                return;
            }
            let (copy, header, bytes, wanted) = (state.written.clone(), state.header.clone(), state.unsynced, state.wanted);
            state.dirty = false;
            drop(state);
            let result = sink.sync_data().and_then(|()| sink.write_map(&header.with(&copy)));
            // What is on disk need not stay in memory: a disc of 50 GB would push out everything else, and taking fresh pages
            // for it costs more than using the same ones again.
            sink.drop_cache();
            last = Instant::now();
            self.finish_checkpoint(bytes, wanted, result);
        }
    }

    /// Held by the threads that others wait for: if one panics, the others get an error instead of waiting for ever.
    pub fn guard(&self) -> PanicGuard<'_> {
        PanicGuard(self)
    }

    fn finish_checkpoint(&self, bytes: u64, wanted: u64, result: Result<(), SinkError>) {
        let mut state = self.lock();
        match result {
            Ok(()) => {
                state.unsynced -= bytes;
                state.made = wanted;
            }
            Err(error) => {
                state.broken = true;
                state.failure = Some(error);
            }
        }
        self.changed.notify_all();
    }
}

/// See [`Ledger::guard`].
pub struct PanicGuard<'a>(&'a Ledger);

impl Drop for PanicGuard<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let mut state = self.0.lock();
            let source = std::io::Error::other("a thread of the pipeline panicked");
            state.failure.get_or_insert(SinkError::Io { what: "store", path: "the image".into(), source });
            state.broken = true;
            state.in_flight = 0;
            self.0.changed.notify_all();
        }
    }
}
