//! A fixed number of reusable buffers: the memory that reading costs is decided before it begins.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// The buffers that are free.
pub struct Pool {
    free: Receiver<Vec<u8>>,
    home: SyncSender<Vec<u8>>,
    chunk: usize,
}

/// One buffer with its place in the image. It goes back to the pool when the last holder drops it.
pub struct Buffer {
    bytes: Vec<u8>,
    home: SyncSender<Vec<u8>>,
    /// Byte offset in the image of the first byte.
    pub start: u64,
    /// How many bytes of it are filled.
    pub filled: usize,
}

impl Pool {
    /// `count` buffers of `chunk` bytes each.
    pub fn new(chunk: usize, count: usize) -> Self {
        let (home, free) = sync_channel(count);
        for _ in 0..count {
            // Cannot fail: the channel has room for all of them and its receiver is alive.
            let _ = home.send(vec![0; chunk]);
        }
        Self { free, home, chunk }
    }

    /// Waits for a free buffer.
    pub fn take(&self) -> Buffer {
        // `home` is alive in `self`, so receiving cannot fail.
        let bytes = self.free.recv().unwrap_or_else(|_| vec![0; self.chunk]);
        Buffer { bytes, home: self.home.clone(), start: 0, filled: 0 }
    }

    /// Size of one buffer in bytes.
    pub fn chunk(&self) -> usize {
        self.chunk
    }
}

impl Buffer {
    /// The filled part.
    pub fn data(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// `count` bytes after the filled part, or `None` if so many are not free.
    pub fn room(&mut self, count: usize) -> Option<&mut [u8]> {
        self.bytes.get_mut(self.filled..self.filled + count)
    }

    /// Whether `count` bytes after the filled part are free.
    pub fn has_room(&self, count: usize) -> bool {
        self.filled + count <= self.bytes.len()
    }

    /// First byte offset after the filled part.
    pub fn end(&self) -> u64 {
        self.start + self.filled as u64
    }

    /// All of its memory, filled or not.
    pub fn whole(&mut self) -> &mut [u8] {
        &mut self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        // The pool may be gone already; then the memory is simply freed.
        let _ = self.home.try_send(std::mem::take(&mut self.bytes));
    }
}
