//! What a disc is: profile, table of contents, kind, sizes, identity. Facts about the medium, no reading.

mod fingerprint;
mod kind;
mod label;
mod profile;
mod size;
mod toc;

pub use fingerprint::{Fingerprint, FingerprintInput};
pub use kind::DiscKind;
pub use label::clean_label;
pub use profile::MediaProfile;
pub use size::{SizeClaims, SizeRecord, SizeRule};
pub use toc::{Toc, Track};

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
}
