//! A disc's identity, computed from what does not change between drives or insertions.

use super::{MediaProfile, Toc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::fmt;

/// 32 hexadecimal digits (the first 128 bits of a SHA-256).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(pub String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What goes into a fingerprint. Unreadable samples count as empty, so a damaged disc keeps its identity
/// only as long as the same sectors stay (un)readable: sample few sectors, and those at the disc's start.
#[derive(Debug, Clone)]
pub struct FingerprintInput<'a> {
    /// Profile class only (CD, DVD, BD) enters: drives disagree about recordable or not.
    pub profile: MediaProfile,
    /// Table of contents, if the drive gave one.
    pub toc: Option<&'a Toc>,
    /// Size in sectors.
    pub sectors: u64,
    /// Contents of the sampled sectors in ascending order: number and bytes.
    pub samples: &'a [(u64, Vec<u8>)],
}

impl Fingerprint {
    /// Computes the identity.
    pub fn compute(input: &FingerprintInput<'_>) -> Self {
        let mut hash = Sha256::new();
        hash.update(b"disk2iso fingerprint 1\0");
        hash.update(input.profile.class().as_bytes());
        hash.update(input.sectors.to_le_bytes());
        for track in input.toc.map(|toc| toc.tracks.as_slice()).unwrap_or_default() {
            hash.update([track.number, track.session, u8::from(track.data)]);
            hash.update(track.start.to_le_bytes());
        }
        for (lba, bytes) in input.samples {
            hash.update(lba.to_le_bytes());
            hash.update((bytes.len() as u64).to_le_bytes());
            hash.update(bytes);
        }
        let digest = hash.finalize();
        Self(digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect())
    }
}
