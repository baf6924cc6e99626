//! Table of contents.

use serde::{Deserialize, Serialize};

/// One track of a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// 1 to 99.
    pub number: u8,
    /// Session, from 1.
    pub session: u8,
    /// Data track (control bit 0x04), otherwise audio.
    pub data: bool,
    /// First sector.
    pub start: u64,
}

/// Tracks and the start of the lead-out of the last session, in sectors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toc {
    /// In order of their number.
    pub tracks: Vec<Track>,
    /// First sector after the last track.
    pub lead_out: u64,
}

impl Toc {
    /// Whether there is at least one data track.
    pub fn has_data(&self) -> bool {
        self.tracks.iter().any(|track| track.data)
    }

    /// Whether there is at least one audio track.
    pub fn has_audio(&self) -> bool {
        self.tracks.iter().any(|track| !track.data)
    }
}
