//! MD5 and SHA-256 in a thread each, from the buffers that were read.
//!
//! MD5 cannot be computed in parallel and is the slowest part of making an image, so it gets a core for itself; OpenSSL has the
//! fastest one that is kept. SHA-256 comes from `sha2`, which uses the processor's SHA instructions where it finds them.
//! `benches/imaging.rs` compares both with the alternatives. Other hashes get a thread each when they are asked for.

use super::{
    buffers::{Buffer, Pool},
    interrupt::{Interruption, code},
    protocol::ImageHashes,
    sink::Sink,
};
use crate::domain::options::HashKind;
use openssl::hash::{Hasher, MessageDigest};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
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

/// The hash threads and how many bytes they have been given.
pub struct Hashes {
    lanes: Vec<(HashKind, SyncSender<Job>, JoinHandle<()>)>,
    position: u64,
}

/// One hash under way.
pub(super) trait Lane: Send {
    /// More bytes.
    fn update(&mut self, bytes: &[u8]);
    /// The digest so far, lower-case hexadecimal; hashing starts again. `None` if the library failed.
    fn digest(&mut self) -> Option<String>;
}

impl Hashes {
    /// Starts MD5, SHA-256 and those of `more`; each can have `depth` buffers waiting.
    ///
    /// # Errors
    /// `hashing_failed` if OpenSSL refuses MD5.
    pub fn start(depth: usize, more: &[HashKind]) -> Result<Self, Interruption> {
        let wanted = |kind: &HashKind| matches!(kind, HashKind::Md5 | HashKind::Sha256) || more.contains(kind);
        let mut lanes = Vec::new();
        for kind in HashKind::ALL.into_iter().filter(wanted) {
            let hasher = hasher(kind)?;
            let (sender, jobs) = sync_channel(depth);
            let thread = std::thread::Builder::new().name(kind.as_str().to_owned()).spawn(move || run(hasher, &jobs));
            lanes.push((kind, sender, thread.map_err(|error| unavailable(&error.to_string()))?));
        }
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
        for (_, jobs, _) in &self.lanes {
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
        let mut more = BTreeMap::new();
        for (kind, jobs, _) in &self.lanes {
            let (answer, result) = sync_channel(1);
            let _ = jobs.send(Job::Digest(answer));
            more.insert(*kind, result.recv().ok().flatten().ok_or_else(|| unavailable("a hash thread ended early"))?);
        }
        let mut take = |kind| more.remove(&kind).unwrap_or_default();
        Ok(ImageHashes { md5: take(HashKind::Md5), sha256: take(HashKind::Sha256), bytes, more })
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

/// MD5 and SHA-256 of a few bytes.
///
/// # Errors
/// `hashing_failed` if OpenSSL refuses MD5.
pub fn hash_bytes(bytes: &[u8]) -> Result<BTreeMap<HashKind, String>, Interruption> {
    let mut digests = BTreeMap::new();
    for kind in [HashKind::Md5, HashKind::Sha256] {
        let mut hasher = hasher(kind)?;
        hasher.update(bytes);
        digests.insert(kind, hasher.digest().ok_or_else(|| unavailable("a digest is missing"))?);
    }
    Ok(digests)
}

impl Drop for Hashes {
    fn drop(&mut self) {
        for (_, jobs, thread) in self.lanes.drain(..) {
            drop(jobs);
            // A panic in the thread was already reported by its missing digest.
            let _ = thread.join();
        }
    }
}

fn run(mut hasher: Box<dyn Lane>, jobs: &Receiver<Job>) {
    for job in jobs {
        match job {
            Job::Data(buffer) => hasher.update(buffer.data()),
            Job::Digest(answer) => _ = answer.send(hasher.digest()),
        }
    }
}

pub(super) fn hasher(kind: HashKind) -> Result<Box<dyn Lane>, Interruption> {
    let openssl = |digest| {
        let hasher = Hasher::new(digest).map_err(|error| unavailable(&error.to_string()))?;
        Ok(Box::new(OpenSsl { hasher, sound: true }) as Box<dyn Lane>)
    };
    match kind {
        HashKind::Md5 => openssl(MessageDigest::md5()),
        HashKind::Sha1 => openssl(MessageDigest::sha1()),
        HashKind::Sha512 => openssl(MessageDigest::sha512()),
        HashKind::Sha256 => Ok(Box::new(Sha256::new())),
        HashKind::Blake3 => Ok(Box::new(blake3::Hasher::new())),
        HashKind::Crc32 => Ok(Box::new(crc32fast::Hasher::new())),
    }
}

struct OpenSsl {
    hasher: Hasher,
    sound: bool,
}

impl Lane for OpenSsl {
    fn update(&mut self, bytes: &[u8]) {
        self.sound &= self.hasher.update(bytes).is_ok();
    }

    fn digest(&mut self) -> Option<String> {
        // Finishing an OpenSSL hasher also resets it.
        self.hasher.finish().ok().filter(|_| self.sound).map(|bytes| hex(&bytes))
    }
}

impl Lane for Sha256 {
    fn update(&mut self, bytes: &[u8]) {
        sha2::Digest::update(self, bytes);
    }

    fn digest(&mut self) -> Option<String> {
        Some(hex(&self.finalize_reset()))
    }
}

impl Lane for blake3::Hasher {
    fn update(&mut self, bytes: &[u8]) {
        blake3::Hasher::update(self, bytes);
    }

    fn digest(&mut self) -> Option<String> {
        let digest = hex(self.finalize().as_bytes());
        self.reset();
        Some(digest)
    }
}

impl Lane for crc32fast::Hasher {
    fn update(&mut self, bytes: &[u8]) {
        crc32fast::Hasher::update(self, bytes);
    }

    fn digest(&mut self) -> Option<String> {
        Some(hex(&std::mem::take(self).finalize().to_be_bytes()))
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

pub(super) fn unavailable(problem: &str) -> Interruption {
    Interruption::failed(code::HASHING_FAILED, format!("cannot compute the hashes: {problem}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The digests of "abc" that the algorithms' own documents give (RFC 1321, FIPS 180, BLAKE3 specification's test vectors; CRC-32
    /// is that of zlib).
    #[test]
    fn every_hash_is_the_one_it_is_called() {
        let pool = Pool::new(8, 2);
        let mut hashes = Hashes::start(2, &HashKind::ALL).unwrap();
        for _ in 0..2 {
            for (start, text) in [(0, &b"a"[..]), (1, b"bc")] {
                let mut buffer = pool.take();
                buffer.whole()[..text.len()].copy_from_slice(text);
                (buffer.start, buffer.filled) = (start, text.len());
                assert!(hashes.offer(&Arc::new(buffer)));
            }
            let found = hashes.finish().unwrap();
            assert_eq!((found.md5.as_str(), found.bytes), ("900150983cd24fb0d6963f7d28e17f72", 3));
            assert_eq!(found.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
            let more: Vec<_> = found.more.iter().map(|(kind, text)| (*kind, text.as_str())).collect();
            let expected = [
                (HashKind::Crc32, "352441c2"),
                (HashKind::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
                (
                    HashKind::Sha512,
                    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
                ),
                (HashKind::Blake3, "6437b3ac38465133ffb63b75273a8db548c558465d79db03fd359c6cd5bd9d85"),
            ];
            assert_eq!(more, expected);
        }
    }

    #[test]
    fn what_was_not_asked_for_is_not_computed() {
        assert_eq!(Hashes::start(1, &[]).unwrap().lanes.len(), 2);
        assert_eq!(Hashes::start(1, &[HashKind::Md5, HashKind::Crc32]).unwrap().lanes.len(), 3);
    }
}
