//! How big a disc is. Several sources claim to know; all of them are kept, one is chosen by a rule.

use super::{MediaProfile, Toc};
use serde::{Deserialize, Serialize};

/// Sizes in sectors of 2048 bytes as claimed by each source; `None` when the source gave no answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SizeClaims {
    /// READ CAPACITY: last sector + 1.
    pub read_capacity: Option<u64>,
    /// Lead-out of the table of contents.
    pub toc_lead_out: Option<u64>,
    /// ISO 9660 primary volume descriptor: volume space size.
    pub iso9660: Option<u64>,
    /// UDF: end of the last partition.
    pub udf: Option<u64>,
    /// HFS or HFS+: size of the volume, up to its end on the disc.
    pub hfs: Option<u64>,
    /// Linux' size of the block device. The kernel shrinks it after errors near the end, so it never decides.
    pub block_device: Option<u64>,
    /// READ TRACK INFORMATION: end of the last track that is written.
    pub track_information: Option<u64>,
    /// READ DISC STRUCTURE: data area over all layers.
    pub structure: Option<u64>,
}

/// Why a size was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeRule {
    /// The medium's own size: READ CAPACITY, or the lead-out where the drive gave no capacity.
    Medium,
    /// A rewritable medium tells its formatted capacity, so the file system decides.
    FileSystem,
    /// Nobody claimed a size.
    Unknown,
}

/// The claims, the choice and the rule; stored with every image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeRecord {
    /// Who claimed what.
    pub claims: SizeClaims,
    /// Chosen size in sectors; 0 if unknown.
    pub sectors: u64,
    /// Why.
    pub rule: SizeRule,
}

impl SizeClaims {
    /// Largest size that a file system on the disc claims, 0 if none does.
    pub fn file_system(&self) -> u64 {
        self.iso9660.unwrap_or(0).max(self.udf.unwrap_or(0))
    }

    /// Takes the lead-out from a table of contents.
    pub fn with_toc(mut self, toc: Option<&Toc>) -> Self {
        self.toc_lead_out = toc.map(|toc| toc.lead_out);
        self
    }

    /// Chooses. An image is never cut to what a file system claims, except where the medium's own size is known to
    /// say nothing about its contents: too small a claim would lose files (hybrid discs, multi-session discs).
    pub fn reconcile(self, profile: MediaProfile) -> SizeRecord {
        let medium = self.read_capacity.or(self.toc_lead_out).unwrap_or(0);
        let file_system = self.file_system();
        let (sectors, rule) = if profile.capacity_is_formatted_size() && (1..medium).contains(&file_system) {
            (file_system, SizeRule::FileSystem)
        } else if medium > 0 {
            (medium, SizeRule::Medium)
        } else {
            (0, SizeRule::Unknown)
        };
        SizeRecord { claims: self, sectors, rule }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pressed_disc_is_never_cut_to_its_file_system() {
        let claims = SizeClaims { read_capacity: Some(1000), iso9660: Some(800), ..SizeClaims::default() };
        assert_eq!(
            (claims.reconcile(MediaProfile::CD_ROM).sectors, claims.reconcile(MediaProfile::CD_ROM).rule),
            (1000, SizeRule::Medium)
        );
    }

    #[test]
    fn a_rewritable_disc_is_as_big_as_its_file_system() {
        let claims = SizeClaims { read_capacity: Some(2_295_104), udf: Some(5000), iso9660: Some(4000), ..SizeClaims::default() };
        let record = claims.reconcile(MediaProfile(0x1a));
        assert_eq!((record.sectors, record.rule), (5000, SizeRule::FileSystem));
    }

    #[test]
    fn nobody_knowing_is_said() {
        assert_eq!(SizeClaims::default().reconcile(MediaProfile::CD_ROM).rule, SizeRule::Unknown);
    }
}
