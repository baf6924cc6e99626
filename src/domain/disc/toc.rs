//! Table of contents: sessions and tracks. Positions are sectors (frames of 1/75 s) from the start of track 1.

use serde::{Deserialize, Serialize};

/// Sectors between the end of a track of one kind and the start of a track of the other kind (2 s; ECMA-130 section 20).
pub const PRE_GAP: u64 = 150;
/// Sectors from the lead-out of session 1 to the first track of session 2: 6750 of lead-out, 4500 of lead-in, 150 of pre-gap.
pub const FIRST_SESSION_GAP: u64 = 11_400;
/// The same between later sessions: 2250 of lead-out, 4500 of lead-in, 150 of pre-gap.
pub const LATER_SESSION_GAP: u64 = 6_900;

/// One track of a disc.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Track {
    /// 1 to 99.
    pub number: u8,
    /// Session, from 1.
    pub session: u8,
    /// Data track (control bit 0x04), otherwise audio.
    pub data: bool,
    /// First sector (index 1).
    pub start: u64,
    /// The four control bits of the Q sub-channel: 1 pre-emphasis, 2 copying permitted, 4 data, 8 four channels.
    #[serde(default)]
    pub control: u8,
}

impl Track {
    /// A data track.
    pub fn data(number: u8, session: u8, start: u64) -> Self {
        Self { number, session, data: true, start, control: 4 }
    }

    /// An audio track.
    pub fn audio(number: u8, session: u8, start: u64) -> Self {
        Self { number, session, data: false, start, control: 0 }
    }
}

/// One session of a disc that says where each of its sessions ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// From 1.
    pub number: u8,
    /// Number of its first track.
    pub first_track: u8,
    /// Number of its last track.
    pub last_track: u8,
    /// First sector after its last track.
    pub lead_out: u64,
}

/// Tracks and the start of the lead-out of the last session, in sectors.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toc {
    /// In order of their number.
    pub tracks: Vec<Track>,
    /// First sector after the last track.
    pub lead_out: u64,
    /// In order of their number; empty where the drive does not tell (READ TOC format 2 refused).
    #[serde(default)]
    pub sessions: Vec<Session>,
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

    /// Number of sessions, at least 1 if there are tracks.
    pub fn session_count(&self) -> u8 {
        self.tracks.iter().map(|track| track.session).max().unwrap_or(0)
    }

    /// First sector that does not belong to this track: the next track of its session, its session's lead-out, or where the
    /// next session's lead-in must begin if nobody tells.
    pub fn track_end(&self, track: &Track) -> u64 {
        let next = self.tracks.iter().filter(|other| other.start > track.start).min_by_key(|other| other.start);
        match next {
            Some(next) if next.session == track.session => next.start,
            Some(next) => {
                let told = self.sessions.iter().find(|session| session.number == track.session).map(|session| session.lead_out);
                let gap = if track.session == 1 { FIRST_SESSION_GAP } else { LATER_SESSION_GAP };
                told.unwrap_or_else(|| next.start.saturating_sub(gap).max(track.start))
            }
            None => self.lead_out,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_track_ends_where_the_next_one_or_its_session_ends() {
        let tracks = vec![Track::audio(1, 1, 0), Track::audio(2, 1, 1000), Track::data(3, 2, 20_000)];
        let mut toc = Toc { tracks, lead_out: 30_000, sessions: Vec::new() };
        let ends = |toc: &Toc| toc.tracks.iter().map(|track| toc.track_end(track)).collect::<Vec<_>>();
        assert_eq!(ends(&toc), [1000, 8_600, 30_000]);
        toc.sessions = vec![Session { number: 1, first_track: 1, last_track: 2, lead_out: 8_000 }];
        assert_eq!(ends(&toc), [1000, 8_000, 30_000]);
    }
}
