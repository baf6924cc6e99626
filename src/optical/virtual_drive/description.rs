//! `NAME.disc.toml`: what a disc is made of, for discs that one file of 2048-byte sectors cannot describe.
//!
//! ```toml
//! profile = 0x08                    # MMC profile; default: CD-ROM with audio or raw tracks, otherwise what fits the size
//! state = "complete"                # or "empty", "appendable", "other"
//! erasable = false                  # default: what the profile says
//! read_capacity = 1000              # what READ CAPACITY says instead of the truth, in sectors
//! catalogue_number = "0123456789012"
//! cd_text_file = "disc.cdt"         # CD-Text packs of 18 bytes; otherwise made of the texts
//! subchannel_file = "disc.sub"      # 96 bytes per sector from sector 0 on, P to W interleaved; otherwise made
//! protection = "css"                # or "cppm", "cprm", "aacs": what the disc declares
//! layers = 2                        # of a DVD or Blu-ray disc
//! layer_break = 500                 # sectors of the first layer
//! structure_sectors = 1000          # what the physical structure says instead of the truth
//! refuse = [0x46]                   # commands that this drive does not know (5/20/00)
//! refuse_toc_formats = [2]          # formats of READ TOC that it does not know (5/24/00)
//! unreadable_toc = false            # READ TOC fails (3/57/00)
//! text = { title = "Album", performer = "Band" }
//!
//! [[track]]                         # in the order of the disc, 1 to 99; none on an empty disc
//! kind = "audio"                    # or "mode1" (also DVD and Blu-ray), "mode2_form1", "mode2_form2"
//! file = "one.raw"                  # beside or below the description; audio: 2352 bytes per sector, little-endian
//! raw = false                       # the file of a data track has frames of 2352 bytes instead of user data
//! sectors = 300                     # default: the whole file; needed without a file (silence, zeros)
//! session = 1
//! pre_gap = 150                     # sectors before index 1; default: 150 after a track of another kind, otherwise 0
//! pre_gap_in_file = false           # the file begins with the pre-gap
//! run_out = 2                       # sectors after the track's end that count and cannot be read (track at once)
//! control = 0                       # bits of the Q sub-channel; default 4 for data, 0 for audio
//! isrc = "DEABC0700001"
//! text = { title = "Song" }
//! ```
//! Between sessions lie 11400 and later 6900 sectors that nobody reads, as on every multi-session CD.

use crate::domain::disc::{CdTextEntry, DiscState, Protection};
use serde::Deserialize;

/// End of a description's file name.
pub(super) const SUFFIX: &str = ".disc.toml";
/// Largest description, in bytes.
pub(super) const MAX_BYTES: u64 = 1 << 20;
/// Most sectors of anything: what an LBA of 32 bits can say.
pub(super) const MAX_SECTORS: u64 = u32::MAX as u64 - 1;

/// A disc.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Description {
    pub(super) profile: Option<u16>,
    pub(super) state: Option<DiscState>,
    pub(super) erasable: Option<bool>,
    pub(super) read_capacity: Option<u32>,
    pub(super) catalogue_number: Option<String>,
    pub(super) cd_text_file: Option<String>,
    pub(super) subchannel_file: Option<String>,
    pub(super) protection: Option<Protection>,
    pub(super) layers: Option<u8>,
    pub(super) layer_break: Option<u32>,
    pub(super) structure_sectors: Option<u32>,
    pub(super) refuse: Vec<u8>,
    pub(super) refuse_toc_formats: Vec<u8>,
    pub(super) unreadable_toc: bool,
    pub(super) text: CdTextEntry,
    pub(super) track: Vec<TrackDescription>,
}

/// What kind of sectors a track has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum TrackKind {
    Audio,
    Mode1,
    Mode2Form1,
    Mode2Form2,
}

impl TrackKind {
    pub(super) fn is_data(self) -> bool {
        self != Self::Audio
    }

    /// Mode 2 with sub-headers.
    pub(super) fn is_xa(self) -> bool {
        matches!(self, Self::Mode2Form1 | Self::Mode2Form2)
    }
}

/// A track.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TrackDescription {
    pub(super) kind: TrackKind,
    pub(super) file: Option<String>,
    #[serde(default)]
    pub(super) raw: bool,
    pub(super) sectors: Option<u64>,
    #[serde(default = "first_session")]
    pub(super) session: u8,
    pub(super) pre_gap: Option<u64>,
    #[serde(default)]
    pub(super) pre_gap_in_file: bool,
    #[serde(default)]
    pub(super) run_out: u64,
    pub(super) control: Option<u8>,
    pub(super) isrc: Option<String>,
    #[serde(default)]
    pub(super) text: CdTextEntry,
}

fn first_session() -> u8 {
    1
}

impl TrackDescription {
    /// Bytes of one sector in the track's file.
    pub(super) fn unit(&self) -> u64 {
        match self.kind {
            _ if self.raw => 2352,
            TrackKind::Audio => 2352,
            TrackKind::Mode1 | TrackKind::Mode2Form1 => 2048,
            TrackKind::Mode2Form2 => 2324,
        }
    }
}

impl Description {
    /// Parses a description and checks what can be checked without its files.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        let description: Self = toml::from_str(text).map_err(|error| error.to_string().replace('\n', " "))?;
        description.check()?;
        Ok(description)
    }

    fn check(&self) -> Result<(), String> {
        if self.track.len() > 99 {
            return Err(format!("{} tracks: allowed are at most 99", self.track.len()));
        }
        if self.track.is_empty() != (self.state == Some(DiscState::Empty)) {
            return Err("a disc has tracks if and only if its state is not \"empty\"".to_owned());
        }
        if self.profile == Some(0) {
            return Err("profile = 0: allowed are whole numbers from 1 to 65535".to_owned());
        }
        if self.layers.is_some_and(|layers| !(1..=4).contains(&layers)) {
            return Err("layers: allowed are 1 to 4".to_owned());
        }
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if self.catalogue_number.as_deref().is_some_and(|number| !digits(number, 13)) {
            return Err("catalogue_number: allowed are 13 digits".to_owned());
        }
        let mut session = 1;
        for (index, track) in self.track.iter().enumerate() {
            let place = format!("track[{index}].");
            if track.session != session && (track.session != session + 1 || index == 0) {
                return Err(format!("{place}session = {}: allowed is {session} or the next", track.session));
            }
            session = track.session;
            if track.control.is_some_and(|control| control > 15 || (control & 4 != 0) != track.kind.is_data()) {
                return Err(format!("{place}control: allowed are 0 to 15, with bit 4 exactly for data"));
            }
            if track.file.is_none() && track.sectors.is_none() {
                return Err(format!("{place}sectors is missing: a track without a file needs it"));
            }
            let long = |sectors: Option<u64>| sectors.is_some_and(|sectors| sectors > MAX_SECTORS);
            if long(track.sectors) || long(track.pre_gap) || track.run_out > 1000 || track.sectors == Some(0) {
                return Err(format!(
                    "{place}sectors, pre_gap: at most {MAX_SECTORS}; run_out: at most 1000; sectors: at least 1"
                ));
            }
            let code = |text: &str| {
                text.len() == 12
                    && text
                        .bytes()
                        .enumerate()
                        .all(|(index, byte)| byte.is_ascii_digit() || index < 5 && byte.is_ascii_uppercase())
            };
            if track.isrc.as_deref().is_some_and(|isrc| !code(isrc)) {
                return Err(format!("{place}isrc: allowed are 5 letters or digits and 7 digits"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        for (text, part) in [
            ("", "if and only if"),
            ("state = 'empty'\n[[track]]\nkind = 'audio'\nsectors = 1", "if and only if"),
            ("profil = 8", "profil"),
            ("[[track]]\nkind = 'vinyl'\nsectors = 1", "mode2_form1"),
            ("[[track]]\nkind = 'audio'", "track[0].sectors is missing"),
            ("[[track]]\nkind = 'audio'\nsectors = 0", "at least 1"),
            ("[[track]]\nkind = 'audio'\nsectors = 5\nsession = 2", "track[0].session = 2"),
            ("[[track]]\nkind = 'audio'\nsectors = 5\ncontrol = 4", "track[0].control"),
            ("[[track]]\nkind = 'audio'\nsectors = 5\nisrc = 'DE-ABC'", "track[0].isrc"),
            ("catalogue_number = '12'\n[[track]]\nkind = 'audio'\nsectors = 5", "13 digits"),
            ("layers = 9\n[[track]]\nkind = 'mode1'\nsectors = 5", "layers"),
        ] {
            let error = Description::parse(text).expect_err(text);
            assert!(error.contains(part) && !error.contains('\n'), "{text:?} gave {error:?}");
        }
    }
}
