//! MMC profiles: what the drive says the medium is (GET CONFIGURATION, header bytes 6 and 7; MMC-6 table 91).

use serde::{Deserialize, Serialize};

/// Current profile number of a drive; 0 means no medium.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct MediaProfile(pub u16);

impl MediaProfile {
    /// Pressed CD.
    pub const CD_ROM: Self = Self(0x08);
    /// Pressed DVD.
    pub const DVD_ROM: Self = Self(0x10);
    /// Pressed Blu-ray.
    pub const BD_ROM: Self = Self(0x40);

    /// The family of the medium: `cd`, `dvd`, `bd` or `other`.
    pub fn class(self) -> &'static str {
        match self.0 {
            0x08..=0x0a => "cd",
            0x10..=0x2b => "dvd",
            0x40..=0x43 => "bd",
            _ => "other",
        }
    }

    /// How such a medium was made. Some drives say "pressed" of recordable media, too.
    pub fn recording(self) -> super::Recording {
        use super::Recording::{Pressed, Recordable, Rewritable, Unknown};
        match self.0 {
            0x08 | 0x10 | 0x40 | 0x50 => Pressed,
            0x09 | 0x11 | 0x15 | 0x16 | 0x1b | 0x2b | 0x41 | 0x42 | 0x51 => Recordable,
            0x0a | 0x12..=0x14 | 0x17 | 0x1a | 0x2a | 0x43 | 0x52 => Rewritable,
            _ => Unknown,
        }
    }

    /// Whether READ CAPACITY of such a medium tells its formatted capacity and not what is written
    /// (DVD-RAM, DVD±RW, BD-RE, BD-R formatted for random writing).
    pub fn capacity_is_formatted_size(self) -> bool {
        matches!(self.0, 0x12 | 0x13 | 0x14 | 0x1a | 0x2a | 0x42 | 0x43)
    }

    /// Sectors in one error-correction block: damage comes in such units (1 on CD, 16 on DVD, 32 on Blu-ray).
    pub fn ecc_block(self) -> u64 {
        match self.class() {
            "cd" => 1,
            "bd" => 32,
            _ => 16,
        }
    }
}
