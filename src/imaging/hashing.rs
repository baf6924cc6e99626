//! MD5 and SHA-256 in a thread each, from the buffers that were read.
//!
//! MD5 cannot be computed in parallel and is the slowest part of making an image, so it gets a core for itself; OpenSSL has the
//! fastest one that is kept. SHA-256 comes from `sha2`, which uses the processor's SHA instructions where it finds them.
//! `benches/imaging.rs` compares both with the alternatives.

use super::{
    buffers::{Buffer, Pool},
    interrupt::{Interruption, code},
    protocol::ImageHashes,
    sink::Sink,
};
use openssl::hash::{Hasher, MessageDigest};
use sha2::{Digest as _, Sha256};
use std::{
    fmt::Write as _,
    sync::{
        Arc,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::JoinHandle,
};

enum Job {
    Data(Arc<Buffer>),
    /// Answer with the digest so far and start again.
    Digest(SyncSender<Option<String>>),
}

/// The two hash threads and how many bytes they have been given.
pub struct Hashes {
    lanes: Vec<(SyncSender<Job>, JoinHandle<()>)>,
    position: u64,
}

impl Hashes {
    /// Starts both threads; each can have `depth` buffers waiting.
    ///
    /// # Errors
    /// `hashing_failed` if OpenSSL refuses MD5.
    pub fn start(depth: usize) -> Result<Self, Interruption> {
        let md5 = Hasher::new(MessageDigest::md5()).map_err(|error| unavailable(&error.to_string()))?;
        let lanes = vec![lane("md5", depth, move |jobs| run_md5(md5, &jobs))?, lane("sha256", depth, |jobs| run_sha256(&jobs))?];
        Ok(Self { lanes, position: 0 })
    }

    /// Number of bytes hashed (or queued) so far; the next buffer must begin here.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Takes a buffer if it is the next one in order. Returns whether it was.
    pub fn offer(&mut self, buffer: &Arc<Buffer>) -> bool {
        if buffer.start != self.position {
            return false;
        }
        for (jobs, _) in &self.lanes {
            // A lane that is gone is noticed when the digest is asked for.
            let _ = jobs.send(Job::Data(Arc::clone(buffer)));
        }
        self.position = buffer.end();
        true
    }

    /// The hashes of everything offered, after which hashing starts again at 0.
    ///
    /// # Errors
    /// `hashing_failed` if a thread died.
    pub fn finish(&mut self) -> Result<ImageHashes, Interruption> {
        let bytes = std::mem::take(&mut self.position);
        let mut digests = Vec::new();
        for (jobs, _) in &self.lanes {
            let (answer, result) = sync_channel(1);
            let _ = jobs.send(Job::Digest(answer));
            digests.push(result.recv().ok().flatten().ok_or_else(|| unavailable("a hash thread ended early"))?);
        }
        let sha256 = digests.pop().unwrap_or_default();
        let md5 = digests.pop().unwrap_or_default();
        Ok(ImageHashes { md5, sha256, bytes, more: std::collections::BTreeMap::new() })
    }
}

/// Hashes the stored image from where the hashes stand to `end`. `moved` hears the position after each buffer.
///
/// # Errors
/// What the sink says, or whatever `moved` returns.
pub fn hash_stored(
    (pool, sink): (&Pool, &dyn Sink),
    hashes: &mut Hashes,
    end: u64,
    moved: &mut dyn FnMut(u64) -> Result<(), Interruption>,
) -> Result<(), Interruption> {
    while hashes.position < end {
        let mut buffer = pool.take();
        buffer.start = hashes.position;
        #[allow(clippy::cast_possible_truncation)] // bounded by the size of a buffer
        let count = (end - buffer.start).min(pool.chunk() as u64) as usize;
        sink.read_at(buffer.start, &mut buffer.whole()[..count])?;
        buffer.filled = count;
        hashes.offer(&Arc::new(buffer));
        moved(hashes.position)?;
    }
    Ok(())
}

impl Drop for Hashes {
    fn drop(&mut self) {
        for (jobs, thread) in self.lanes.drain(..) {
            drop(jobs);
            // A panic in the thread was already reported by its missing digest.
            let _ = thread.join();
        }
    }
}

fn lane(
    name: &str,
    depth: usize,
    body: impl FnOnce(Receiver<Job>) + Send + 'static,
) -> Result<(SyncSender<Job>, JoinHandle<()>), Interruption> {
    let (sender, jobs) = sync_channel(depth);
    let thread = std::thread::Builder::new().name(name.to_owned()).spawn(move || body(jobs));
    Ok((sender, thread.map_err(|error| unavailable(&error.to_string()))?))
}

fn run_md5(mut hasher: Hasher, jobs: &Receiver<Job>) {
    let mut sound = true;
    for job in jobs {
        match job {
            Job::Data(buffer) => sound &= hasher.update(buffer.data()).is_ok(),
            // Finishing an OpenSSL hasher also resets it.
            Job::Digest(answer) => {
                let digest = hasher.finish().ok().filter(|_| sound);
                let _ = answer.send(digest.map(|bytes| hex(&bytes)));
            }
        }
    }
}

fn run_sha256(jobs: &Receiver<Job>) {
    let mut hasher = Sha256::new();
    for job in jobs {
        match job {
            Job::Data(buffer) => hasher.update(buffer.data()),
            Job::Digest(answer) => {
                let _ = answer.send(Some(hex(&hasher.finalize_reset())));
            }
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unavailable(problem: &str) -> Interruption {
    Interruption::failed(code::HASHING_FAILED, format!("cannot compute MD5 and SHA-256: {problem}"))
}
