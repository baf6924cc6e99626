//! SCSI sense data.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Sense key, additional sense code and its qualifier (SPC-4 table 28; MMC-6 annex F lists those of optical drives).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sense {
    /// Sense key, 0 to 15.
    pub key: u8,
    /// Additional sense code.
    pub asc: u8,
    /// Additional sense code qualifier.
    pub ascq: u8,
}

impl fmt::Display for Sense {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}/{:02x}/{:02x}", self.key, self.asc, self.ascq)
    }
}
