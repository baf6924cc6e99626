//! Sheets: the text files that say which bytes of which file are which track of a CD. Cue sheets (`.cue`) and cdrdao's `.toc`.
//!
//! [`Sheet`] is what both can say. [`Sheet::to_cue`] and [`Sheet::to_toc`] write, [`parse_cue`] and [`parse_toc`] read; sheets are
//! files of strangers, so that reading is bounded and everything unknown is an error and not a guess.

mod cue;
mod text;
mod toc;

#[cfg(test)]
mod tests;

pub use cue::parse_cue;
pub use toc::parse_toc;

use super::CdTextEntry;

/// Longest sheet that is read, in bytes: 99 tracks with all their texts are less than 100 KiB.
pub const MAX_SHEET: usize = 1 << 20;
/// Most tracks of a CD.
const MAX_TRACKS: usize = 99;
/// Most sectors between two points of a sheet: 100 hours, far beyond any CD, and no sum of them overflows.
const MAX_SECTORS: u64 = 100 * 60 * 60 * 75;

/// What the sectors of a track consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TrackMode {
    /// 2352 bytes of samples.
    Audio,
    /// 2048 bytes of user data of mode 1.
    Mode1,
    /// 2352 bytes: whole sectors of mode 1.
    Mode1Raw,
    /// 2336 bytes: sub-header, user data and error correction of mode 2, form 1 and 2 mixed.
    Mode2,
    /// 2352 bytes: whole sectors of mode 2.
    Mode2Raw,
}

impl TrackMode {
    /// Bytes of one sector in the file.
    pub fn sector_bytes(self) -> u64 {
        match self {
            Self::Audio | Self::Mode1Raw | Self::Mode2Raw => 2352,
            Self::Mode1 => 2048,
            Self::Mode2 => 2336,
        }
    }
}

/// Sub-channel data behind each sector in the file.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum SubChannel {
    /// None.
    #[default]
    None,
    /// 96 bytes: packs R to W, corrected and in order (`RW`).
    Packed,
    /// 96 bytes: R to W as they are on the disc (`RW_RAW`).
    Raw,
}

/// How samples are stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum FileFormat {
    /// Bytes as they are; samples little-endian (cue: `BINARY`, cdrdao: `SWAP`).
    #[default]
    Binary,
    /// Samples big-endian, as cdrdao writes them (cue: `MOTOROLA`). Data tracks are bytes as they are.
    Motorola,
    /// A sound file with a header (WAV, FLAC; cue: `WAVE`). Offsets count the samples' bytes, not those of the file.
    Wave,
}

/// One track.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetTrack {
    /// 1 to 99, growing.
    pub number: u8,
    /// From 1, never falling. Cue sheets say it with `REM SESSION`; a `.toc` is for one session, a comment keeps it there.
    pub session: u8,
    /// What its sectors are.
    pub mode: TrackMode,
    /// What lies behind each sector.
    pub sub_channel: SubChannel,
    /// Control bits of the Q sub-channel as in [`super::Track`], without the data bit: 1 pre-emphasis, 2 copying permitted,
    /// 8 four channels.
    pub control: u8,
    /// International Standard Recording Code, 12 characters `A-Z0-9`.
    pub isrc: Option<String>,
    /// Titles. [`CdTextEntry::code`] is said by `.toc` only.
    pub text: CdTextEntry,
    /// Name of the file beside the sheet: no folders, no `"`, no control characters.
    pub file: String,
    /// How samples are stored in it.
    pub format: FileFormat,
    /// First byte of the track (of its stored pre-gap, if there is one) in the file.
    pub offset: u64,
    /// Sectors of pre-gap before index 1 that are **not** in the file: zeros.
    pub gap: u64,
    /// Sectors of pre-gap before index 1 that are in the file, after `gap`.
    pub pregap: u64,
    /// Sectors from index 1 to the track's end; `None`: up to the end of the file.
    pub sectors: Option<u64>,
    /// Sectors after these that are not in the file: zeros.
    pub postgap: u64,
    /// Where index 2, 3, … are, in sectors after index 1, growing.
    pub indices: Vec<u64>,
}

impl SheetTrack {
    /// A track that begins at this byte of a file.
    pub fn new(number: u8, mode: TrackMode, file: &str, offset: u64, sectors: Option<u64>) -> Self {
        Self {
            number,
            session: 1,
            mode,
            sub_channel: SubChannel::None,
            control: 0,
            isrc: None,
            text: CdTextEntry::default(),
            file: file.to_owned(),
            format: FileFormat::Binary,
            offset,
            gap: 0,
            pregap: 0,
            sectors,
            postgap: 0,
            indices: Vec::new(),
        }
    }

    /// Bytes of one sector in the file.
    pub fn sector_bytes(&self) -> u64 {
        self.mode.sector_bytes() + if self.sub_channel == SubChannel::None { 0 } else { 96 }
    }

    /// First byte after the track in its file, if its length is known.
    pub fn end_offset(&self) -> Option<u64> {
        let sectors = self.sectors?.checked_add(self.pregap)?;
        self.offset.checked_add(sectors.checked_mul(self.sector_bytes())?)
    }
}

/// A CD as sheets can say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sheet {
    /// Media catalogue number, 13 digits.
    pub catalog: Option<String>,
    /// Titles of the disc.
    pub text: CdTextEntry,
    /// 1 to 99, in order.
    pub tracks: Vec<SheetTrack>,
}

/// Why a sheet cannot be read or written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SheetError {
    /// Longer than [`MAX_SHEET`].
    #[error("longer than {MAX_SHEET} bytes")]
    TooLong,
    /// Something that is not understood.
    #[error("line {line}: {what}")]
    Line {
        /// Line, from 1.
        line: usize,
        /// What is wrong with it.
        what: &'static str,
    },
    /// The tracks contradict each other or do not fit the format.
    #[error("track {track}: {what}")]
    Track {
        /// Number of the track.
        track: u8,
        /// What is wrong with it.
        what: &'static str,
    },
    /// No track at all.
    #[error("no track")]
    Empty,
}

impl Sheet {
    /// Fills in the lengths that only the files know. `length` tells the bytes of a file (of its samples, where it has a header).
    pub fn with_lengths(mut self, length: impl Fn(&str) -> Option<u64>) -> Self {
        for track in self.tracks.iter_mut().filter(|track| track.sectors.is_none()) {
            let bytes = length(&track.file).and_then(|bytes| bytes.checked_sub(track.offset));
            track.sectors = bytes.and_then(|bytes| (bytes / track.sector_bytes()).checked_sub(track.pregap));
        }
        self
    }

    /// Checks what both formats need.
    fn check(&self) -> Result<(), SheetError> {
        let wrong = |track: &SheetTrack, what| Err(SheetError::Track { track: track.number, what });
        let mut before: Option<&SheetTrack> = None;
        if self.tracks.is_empty() {
            return Err(SheetError::Empty);
        }
        for track in &self.tracks {
            let lengths = [track.gap, track.pregap, track.postgap, track.sectors.unwrap_or(0)];
            if !(1..=99).contains(&track.number) || before.is_some_and(|before| before.number >= track.number) {
                return wrong(track, "numbers of tracks are 1 to 99 and grow");
            }
            if !(1..=99).contains(&track.session) || before.is_some_and(|before| before.session > track.session) {
                return wrong(track, "sessions are 1 to 99 and do not fall");
            }
            if !text::is_plain_name(&track.file) {
                return wrong(track, "not the name of a file beside the sheet");
            }
            if lengths.iter().chain(&track.indices).any(|length| *length > MAX_SECTORS) {
                return wrong(track, "longer than any disc");
            }
            if track.offset / track.sector_bytes() > MAX_SECTORS || track.indices.len() > 98 {
                return wrong(track, "begins beyond any disc");
            }
            let growing = track.indices.windows(2).all(|pair| pair[0] < pair[1]);
            if !growing || track.indices.first() == Some(&0) {
                return wrong(track, "indices do not grow");
            }
            if track.sectors.zip(track.indices.last()).is_some_and(|(sectors, last)| *last >= sectors) {
                return wrong(track, "an index beyond the track's end");
            }
            before = Some(track);
        }
        Ok(())
    }
}
