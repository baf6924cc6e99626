//! Hashes of files and of stretches of files.

use super::copy::storage;
use crate::{
    domain::options::HashKind,
    imaging::interrupt::{Interruption, code},
};
use openssl::hash::{Hasher, MessageDigest};
use std::{collections::BTreeMap, fmt::Write as _, fs::File, ops::Range, os::unix::fs::FileExt as _};

/// Bytes read at once.
const CHUNK: usize = 256 << 10;

/// Several hashes over the same bytes.
pub struct Digests(Vec<(HashKind, State)>);

enum State {
    OpenSsl(Hasher),
    Crc32(crc32fast::Hasher),
    Blake3(Box<blake3::Hasher>),
}

impl Digests {
    /// These, each once.
    ///
    /// # Errors
    /// `hashing_failed` if OpenSSL refuses one (FIPS mode).
    pub fn new(kinds: impl IntoIterator<Item = HashKind>) -> Result<Self, Interruption> {
        let mut states: Vec<(HashKind, State)> = Vec::new();
        for kind in kinds {
            if states.iter().all(|(other, _)| *other != kind) {
                let openssl = |digest| Hasher::new(digest).map(State::OpenSsl).map_err(|error| refused(&error));
                let state = match kind {
                    HashKind::Crc32 => State::Crc32(crc32fast::Hasher::new()),
                    HashKind::Md5 => openssl(MessageDigest::md5())?,
                    HashKind::Sha1 => openssl(MessageDigest::sha1())?,
                    HashKind::Sha256 => openssl(MessageDigest::sha256())?,
                    HashKind::Sha512 => openssl(MessageDigest::sha512())?,
                    HashKind::Blake3 => State::Blake3(Box::default()),
                };
                states.push((kind, state));
            }
        }
        Ok(Self(states))
    }

    /// More bytes.
    ///
    /// # Errors
    /// `hashing_failed`.
    pub fn update(&mut self, bytes: &[u8]) -> Result<(), Interruption> {
        for (_, state) in &mut self.0 {
            match state {
                State::OpenSsl(hasher) => hasher.update(bytes).map_err(|error| refused(&error))?,
                State::Crc32(hasher) => hasher.update(bytes),
                State::Blake3(hasher) => _ = hasher.update(bytes),
            }
        }
        Ok(())
    }

    /// The hashes, lower-case hexadecimal.
    ///
    /// # Errors
    /// `hashing_failed`.
    pub fn finish(self) -> Result<BTreeMap<HashKind, String>, Interruption> {
        let text = |state| {
            Ok::<_, Interruption>(match state {
                State::OpenSsl(mut hasher) => hex(&hasher.finish().map_err(|error| refused(&error))?),
                State::Crc32(hasher) => format!("{:08x}", hasher.finalize()),
                State::Blake3(hasher) => hasher.finalize().to_hex().to_string(),
            })
        };
        self.0.into_iter().map(|(kind, state)| Ok((kind, text(state)?))).collect()
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

fn refused(error: &dyn std::fmt::Display) -> Interruption {
    Interruption::failed(code::HASHING_FAILED, format!("cannot compute hashes: {error}"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
