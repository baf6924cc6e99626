//! What a drive tells about the medium beside its table of contents.

use serde::{Deserialize, Serialize};

/// How the medium was made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Recording {
    /// In a factory.
    Pressed,
    /// Written once.
    Recordable,
    /// Written and erased as often as one likes.
    Rewritable,
    /// The drive does not say.
    #[default]
    Unknown,
}

/// State of a disc or of its last session (READ DISC INFORMATION, byte 2; MMC-6 section 6.21.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiscState {
    /// Nothing is written.
    Empty,
    /// More can be appended.
    Appendable,
    /// Closed.
    Complete,
    /// Random access media that know no such thing.
    Other,
}

/// READ DISC INFORMATION.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiscInformation {
    /// Whether something is written.
    pub state: DiscState,
    /// Whether it can be erased.
    pub erasable: bool,
    /// Number of sessions.
    pub sessions: u16,
    /// Number of the first track of the last session and of the last track.
    pub last_tracks: (u16, u16),
}

/// READ TRACK INFORMATION (MMC-6 section 6.27).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackInformation {
    /// Number of the track.
    pub number: u16,
    /// Session it is in.
    pub session: u16,
    /// Nothing is written in it.
    pub blank: bool,
    /// Written in packets.
    pub packet: bool,
    /// Data mode: 1, 2 (also XA), 15 for audio or unknown.
    pub data_mode: u8,
    /// First sector.
    pub start: u64,
    /// Sectors it has room for.
    pub sectors: u64,
    /// Last sector that was written, where the drive knows (LRA valid).
    pub last_recorded: Option<u64>,
}

/// Physical format information (READ DISC STRUCTURE, format 0; MMC-6 section 6.22.3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhysicalStructure {
    /// Layers, 1 to 4.
    pub layers: u8,
    /// Sectors of the data area over all layers.
    pub sectors: u64,
    /// Sectors of the first layer, where there is a second: the layer break.
    pub layer_break: Option<u64>,
}

/// Copy protection that was detected. It is said, and never circumvented.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protection {
    /// Content Scramble System of DVD-Video.
    Css,
    /// Content Protection for Prerecorded Media (DVD-Audio).
    Cppm,
    /// Content Protection for Recordable Media.
    Cprm,
    /// Advanced Access Content System of Blu-ray and HD DVD.
    Aacs,
    /// A table of contents that contradicts itself, as some audio discs have on purpose.
    BrokenToc,
    /// Something else.
    Other,
}

/// A file system that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileSystemKind {
    /// ISO 9660.
    Iso9660,
    /// Joliet names beside ISO 9660.
    Joliet,
    /// Rock Ridge names within ISO 9660.
    RockRidge,
    /// UDF.
    Udf,
    /// Apple HFS.
    Hfs,
    /// Apple HFS+ (or HFSX).
    HfsPlus,
}

/// Texts of one track, or of the whole disc (CD-Text; Red Book, MMC-3 annex J). Cleaned; empty if there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CdTextEntry {
    /// Title.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Performer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub performer: String,
    /// Songwriter.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub songwriter: String,
    /// Composer.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub composer: String,
    /// Arranger.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub arranger: String,
    /// Message to the listener.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub message: String,
    /// UPC/EAN of the disc, ISRC of a track.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub code: String,
}

/// CD-Text of a disc, first language block only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CdText {
    /// Of the whole disc.
    pub disc: CdTextEntry,
    /// Of track 1, 2, … at index 0, 1, …; at most 99.
    pub tracks: Vec<CdTextEntry>,
}

impl CdText {
    /// Performer and title of the disc as one line, for people and file names; empty if it has neither.
    pub fn label(&self) -> String {
        let texts = [self.disc.performer.as_str(), self.disc.title.as_str()];
        let told: Vec<&str> = texts.into_iter().filter(|text| !text.is_empty()).collect();
        super::clean_label(&told.join(" - "))
    }
}

/// Identities of a disc in other people's catalogues.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DiscIds {
    /// MusicBrainz disc id, 28 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub musicbrainz: Option<String>,
    /// Media catalogue number (UPC/EAN) of 13 digits, from the Q sub-channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mcn: Option<String>,
}
