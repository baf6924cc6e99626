//! Names for things: jobs, images, drives and sector addresses.

use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};
use uuid::Uuid;

/// Size in bytes of one data sector of any disc we image to `.iso` (CD mode 1 user data, DVD, Blu-ray).
pub const SECTOR: u64 = 2048;

macro_rules! uuid_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.as_hyphenated().fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    };
}

uuid_id!(
    /// A job. UUIDv7, so that ids sort by creation time.
    JobId
);
uuid_id!(
    /// A catalogued image. UUIDv7.
    IsoId
);

uuid_id!(
    /// A batch of discs. UUIDv7.
    BatchId
);

/// A drive's lasting name: its path on the bus (`ID_PATH`), or `virtual-<folder name>`.
///
/// Only `A-Z a-z 0-9 . _ : -`, 1 to 128 bytes, so that it can stand in a URL, a file name and a metric label.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DriveId(String);

impl DriveId {
    /// Makes an id from any text: characters outside the allowed set become `-`.
    pub fn new(text: &str) -> Self {
        let cleaned: String =
            text.chars().take(128).map(|c| if c.is_ascii_alphanumeric() || "._:-".contains(c) { c } else { '-' }).collect();
        Self(if cleaned.is_empty() { "drive".to_owned() } else { cleaned })
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DriveId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Logical block address: the number of a 2048-byte sector, counted from 0 at the start of the disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Lba(pub u64);

impl Lba {
    /// Byte offset of this sector in an image.
    pub fn byte(self) -> u64 {
        self.0 * SECTOR
    }
}

impl fmt::Display for Lba {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
