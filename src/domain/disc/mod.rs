//! What a disc is: profile, table of contents, kind, sizes, identity. Facts about the medium, no reading.

mod cd_text;
mod classify;
mod facts;
mod fingerprint;
pub mod frame;
mod kind;
mod label;
mod layout;
mod musicbrainz;
mod profile;
pub mod sheet;
mod size;
mod toc;

pub use cd_text::{PACK as CD_TEXT_PACK, encode_cd_text, parse_cd_text, seal_cd_text};
pub use classify::{RootNames, kind, protection, recording};
pub use facts::{
    CdText, CdTextEntry, DiscIds, DiscInformation, DiscState, FileSystemKind, PhysicalStructure, Protection, Recording,
    TrackInformation,
};
pub use fingerprint::{Fingerprint, FingerprintInput};
pub use kind::DiscKind;
pub use label::clean_label;
pub use layout::TocFault;
pub use musicbrainz::musicbrainz_id;
pub use profile::MediaProfile;
pub use size::{RUN_OUT, SizeClaims, SizeRecord, SizeRule};
pub use toc::{FIRST_SESSION_GAP, LATER_SESSION_GAP, PRE_GAP, Session, Toc, Track};

use serde::{Deserialize, Serialize};

/// Everything known about the medium in a drive after it was analysed. Stored with the drive and with each job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Medium {
    /// Volume label, cleaned (see [`clean_label`]); empty if the disc has none.
    pub label: String,
    /// What kind of disc it is.
    pub kind: DiscKind,
    /// The drive's current profile, which says CD, DVD or Blu-ray and pressed or recordable.
    pub profile: MediaProfile,
    /// Identity of this disc; a label is never an identity.
    pub fingerprint: Fingerprint,
    /// All sizes that the disc and the drive claim, the chosen one and the rule.
    pub size: SizeRecord,
    /// Table of contents, if the drive gave one.
    #[serde(default)]
    pub toc: Option<Toc>,
    /// Pressed, recordable or rewritable.
    #[serde(default)]
    pub recording: Recording,
    /// Number of sessions; 1 where nobody tells.
    #[serde(default = "one")]
    pub sessions: u16,
    /// File systems that were found, of the last session with data.
    #[serde(default)]
    pub file_systems: Vec<FileSystemKind>,
    /// Layers and sectors as the disc itself says.
    #[serde(default)]
    pub structure: Option<PhysicalStructure>,
    /// Copy protection, if one was detected.
    #[serde(default)]
    pub protection: Option<Protection>,
    /// Identities in other catalogues.
    #[serde(default)]
    pub ids: DiscIds,
    /// Titles and performers of an audio disc that has CD-Text.
    #[serde(default)]
    pub cd_text: Option<CdText>,
}

fn one() -> u16 {
    1
}

impl Medium {
    /// A medium about which nothing is known but what every medium has.
    pub fn new(label: String, kind: DiscKind, profile: MediaProfile, fingerprint: Fingerprint, size: SizeRecord) -> Self {
        Self {
            label,
            kind,
            profile,
            fingerprint,
            size,
            toc: None,
            recording: profile.recording(),
            sessions: 1,
            file_systems: Vec::new(),
            structure: None,
            protection: None,
            ids: DiscIds::default(),
            cd_text: None,
        }
    }

    /// Whether this may be another insertion (or another copy) of the same disc: equal fingerprints, and no contradiction in what
    /// both drives told about layers and tracks.
    pub fn is_same_disc(&self, other: &Self) -> bool {
        let agree = |a: &Option<PhysicalStructure>, b: &Option<PhysicalStructure>| a.is_none() || b.is_none() || a == b;
        self.fingerprint == other.fingerprint
            && self.profile.class() == other.profile.class()
            && agree(&self.structure, &other.structure)
    }
}
