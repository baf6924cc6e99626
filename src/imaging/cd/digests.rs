//! Hashes of files and of stretches of files.

use super::copy::storage;
use crate::{
    domain::options::HashKind,
    imaging::{
        hashing::{Lane, hasher, unavailable},
        interrupt::Interruption,
    },
};
use std::{collections::BTreeMap, fs::File, ops::Range, os::unix::fs::FileExt as _};

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// Several hashes over the same bytes.
pub struct Digests(Vec<(HashKind, Box<dyn Lane>)>);

impl Digests {
    /// These, each once.
    ///
    /// # Errors
    /// `hashing_failed` if OpenSSL refuses one (FIPS mode).
    pub fn new(kinds: impl IntoIterator<Item = HashKind>) -> Result<Self, Interruption> {
        let mut lanes: Vec<(HashKind, Box<dyn Lane>)> = Vec::new();
        for kind in kinds {
            if lanes.iter().all(|(other, _)| *other != kind) {
                lanes.push((kind, hasher(kind)?));
            }
        }
        Ok(Self(lanes))
    }

    /// More bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.0.iter_mut().for_each(|(_, lane)| lane.update(bytes));
    }

    /// The hashes, lower-case hexadecimal.
    ///
    /// # Errors
    /// `hashing_failed`.
    pub fn finish(self) -> Result<BTreeMap<HashKind, String>, Interruption> {
        let digest = |(kind, mut lane): (HashKind, Box<dyn Lane>)| {
            let digest = lane.digest().ok_or_else(|| unavailable(&format!("{} failed", kind.as_str())))?;
            Ok((kind, digest))
        };
        self.0.into_iter().map(digest).collect()
    }
}

/// Reads a stretch of a file in pieces.
///
/// # Errors
/// What the file system says, also if the file is shorter, and what `hear` says.
pub fn pieces(
    file: &File,
    range: Range<u64>,
    hear: &mut dyn FnMut(&[u8]) -> Result<(), Interruption>,
) -> Result<(), Interruption> {
    let mut buffer = vec![0; CHUNK];
    let mut at = range.start;
    while at < range.end {
        let count = usize::try_from(range.end - at).unwrap_or(CHUNK).min(CHUNK);
        file.read_exact_at(&mut buffer[..count], at).map_err(|error| storage("read", error))?;
        hear(&buffer[..count])?;
        at += count as u64;
    }
    Ok(())
}
