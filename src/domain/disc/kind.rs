//! Kinds of discs, as people would name them.

use serde::{Deserialize, Serialize};

/// What kind of disc lies in the drive. "Cannot read" and "blank" are answers of their own, never guesses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscKind {
    /// Data on a CD.
    DataCd,
    /// Data on a DVD.
    DataDvd,
    /// Data on a Blu-ray disc.
    DataBd,
    /// A DVD with `VIDEO_TS`.
    DvdVideo,
    /// A Blu-ray disc with `BDMV`.
    BdVideo,
    /// Audio tracks only.
    AudioCd,
    /// Data and audio tracks in one session (Yellow Book and Red Book).
    MixedMode,
    /// Audio tracks in the first session, data in the second (Blue Book).
    CdExtra,
    /// A Video CD or Super Video CD: a small file system, and tracks of mode 2 form 2 that no file system reads.
    Vcd,
    /// Recordable and nothing on it.
    Blank,
    /// A medium is there but neither its table of contents nor its first sectors can be read.
    Unreadable,
}

impl DiscKind {
    /// The word used in the API and the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::DataCd => "data_cd",
            Self::DataDvd => "data_dvd",
            Self::DataBd => "data_bd",
            Self::DvdVideo => "dvd_video",
            Self::BdVideo => "bd_video",
            Self::AudioCd => "audio_cd",
            Self::MixedMode => "mixed_mode",
            Self::CdExtra => "cd_extra",
            Self::Vcd => "vcd",
            Self::Blank => "blank",
            Self::Unreadable => "unreadable",
        }
    }

    /// Whether an `.iso` of 2048-byte sectors is an honest image of such a disc.
    pub fn fits_iso(self) -> bool {
        matches!(self, Self::DataCd | Self::DataDvd | Self::DataBd | Self::DvdVideo | Self::BdVideo)
    }
}
