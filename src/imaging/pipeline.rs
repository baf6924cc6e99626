//! From the reader to writer and hashes, without copying: a filled buffer goes to all of them and returns to the pool.

use super::{
    buffers::{Buffer, Pool},
    hashing::{Hashes, hash_stored},
    interrupt::Interruption,
    ledger::Ledger,
    mapfile::MapHeader,
    protocol::ImageHashes,
    sink::{Sink, SinkError},
    tuning::Tuning,
};
use crate::domain::{
    options::HashKind,
    sector_map::{BlockStatus, SectorMap},
};
use std::{
    ops::Range,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

/// Pool, writer thread, checkpoint thread and hash threads of one image.
pub struct Pipeline {
    pool: Pool,
    sink: Arc<dyn Sink>,
    ledger: Arc<Ledger>,
    hashes: Hashes,
    writer: Option<SyncSender<Arc<Buffer>>>,
    threads: Vec<JoinHandle<()>>,
}

impl Pipeline {
    /// Starts the threads. `claimed` is what the mapfile on disk says; `hashes` are wanted beside MD5 and SHA-256.
    ///
    /// # Errors
    /// `hashing_failed`, or `storage_failed` when the system gives no threads.
    pub fn start(
        sink: Arc<dyn Sink>,
        (claimed, header): (SectorMap, MapHeader),
        hashes: &[HashKind],
        tuning: Tuning,
    ) -> Result<Self, Interruption> {
        let ledger = Arc::new(Ledger::new(claimed, header, tuning));
        let hashes = Hashes::start(tuning.buffers, hashes)?;
        let (writer, filled) = sync_channel(tuning.buffers);
        let threads = vec![
            spawn("writer", {
                let (sink, ledger) = (Arc::clone(&sink), Arc::clone(&ledger));
                move || write_all(&filled, &*sink, &ledger)
            })?,
            spawn("checkpoint", {
                let (sink, ledger) = (Arc::clone(&sink), Arc::clone(&ledger));
                move || ledger.run(&*sink)
            })?,
        ];
        Ok(Self { pool: Pool::new(tuning.chunk, tuning.buffers), sink, ledger, hashes, writer: Some(writer), threads })
    }

    /// A free buffer for bytes from `start` on; waits until there is one.
    ///
    /// # Errors
    /// What went wrong with storing earlier buffers.
    pub fn buffer(&self, start: u64) -> Result<Buffer, Interruption> {
        self.ledger.check()?;
        let mut buffer = self.pool.take();
        buffer.start = start;
        Ok(buffer)
    }

    /// Passes bytes read from the disc on to writer and hashes.
    pub fn store(&mut self, buffer: Buffer) {
        if buffer.filled == 0 {
            return;
        }
        let buffer = Arc::new(buffer);
        self.hashes.offer(&buffer);
        self.ledger.handed_over();
        if let Some(Err(error)) = self.writer.as_ref().map(|writer| writer.send(buffer)) {
            // The writer only ends when told to; without it nothing may be claimed.
            let lost = SinkError::Io {
                what: "hand over to",
                path: "writer thread".into(),
                source: std::io::ErrorKind::BrokenPipe.into(),
            };
            self.ledger.written(error.0.start..error.0.end(), Err(lost));
        }
    }

    /// Sectors overwritten in the image outside of the stream (verify found them wrong).
    ///
    /// # Errors
    /// What the sink says.
    pub fn patch(&self, start: u64, bytes: &[u8]) -> Result<(), Interruption> {
        Ok(self.sink.write_at(start, bytes)?)
    }

    /// Hashes the stored image from where the hashes stand to `end`. `moved` hears the position after each buffer.
    ///
    /// # Errors
    /// What the sink says, or whatever `moved` returns.
    pub fn hash_stored(&mut self, end: u64, mut moved: impl FnMut(u64) -> Result<(), Interruption>) -> Result<(), Interruption> {
        hash_stored((&self.pool, &*self.sink), &mut self.hashes, end, &mut moved)
    }

    /// Number of bytes hashed so far, from the start of the image.
    pub fn hashed(&self) -> u64 {
        self.hashes.position()
    }

    /// The hashes of what was hashed so far; hashing begins again at 0.
    ///
    /// # Errors
    /// `hashing_failed`.
    pub fn finish_hashes(&mut self) -> Result<ImageHashes, Interruption> {
        self.hashes.finish()
    }

    /// What is claimed, and how.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Where the image is stored.
    pub fn sink(&self) -> &dyn Sink {
        &*self.sink
    }

    /// Marks a range as failed or unreadable.
    pub fn mark(&self, range: Range<u64>, status: BlockStatus) {
        self.ledger.mark(range, status);
    }

    /// Waits until everything handed over is written.
    ///
    /// # Errors
    /// What went wrong with storing.
    pub fn drain(&self) -> Result<(), Interruption> {
        Ok(self.ledger.drain()?)
    }

    /// Makes everything stored so far durable and claims it in the map.
    ///
    /// # Errors
    /// What went wrong with storing.
    pub fn checkpoint(&self) -> Result<(), Interruption> {
        self.ledger.drain()?;
        Ok(self.ledger.checkpoint()?)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.writer = None;
        self.ledger.close();
        for thread in self.threads.drain(..) {
            // A panic was printed by its thread; what it had not written is not claimed.
            let _ = thread.join();
        }
    }
}

fn write_all(filled: &Receiver<Arc<Buffer>>, sink: &dyn Sink, ledger: &Ledger) {
    let _guard = ledger.guard();
    for buffer in filled {
        let range = buffer.start..buffer.end();
        // After a failure buffers are still taken, so that nobody waits for ever, but not written.
        let result = ledger.check().and_then(|()| sink.write_at(range.start, buffer.data()));
        drop(buffer);
        ledger.written(range, result);
    }
}

fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>, Interruption> {
    std::thread::Builder::new().name(name.to_owned()).spawn(body).map_err(|error| {
        Interruption::failed(super::interrupt::code::STORAGE_FAILED, format!("cannot start the {name} thread: {error}"))
    })
}
