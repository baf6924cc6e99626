//! How big a disc is. Several sources claim to know; all of them are kept, one is chosen by a rule.

use super::{MediaProfile, Recording, Toc};
use serde::{Deserialize, Serialize};
use std::ops::Range;

/// Sizes in sectors of 2048 bytes as claimed by each source; `None` when the source gave no answer.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SizeClaims {
    /// READ CAPACITY: last sector + 1.
    pub read_capacity: Option<u64>,
    /// Lead-out of the table of contents.
    pub toc_lead_out: Option<u64>,
    /// ISO 9660 primary volume descriptor: volume space size, up to its end on the disc.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SizeRule {
    /// The medium's own size: READ CAPACITY, or the lead-out where the drive gave no capacity.
    Medium,
    /// The lead-out of a CD, where READ CAPACITY says something else.
    LeadOut,
    /// A CD of several sessions: up to the lead-out of the last one.
    Sessions,
    /// The physical structure of a pressed DVD or Blu-ray disc, where READ CAPACITY says something else.
    Structure,
    /// The last sector that was written on a recordable disc, where READ CAPACITY tells its room.
    Recorded,
    /// A rewritable medium tells its formatted capacity, so the file system decides.
    FileSystem,
    /// The file system is larger than what READ CAPACITY says, and its last sector could be read.
    Proven,
    /// Nobody claimed a size.
    Unknown,
}

impl SizeRule {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Medium,
        Self::LeadOut,
        Self::Sessions,
        Self::Structure,
        Self::Recorded,
        Self::FileSystem,
        Self::Proven,
        Self::Unknown,
    ];

    /// The stable word that is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Medium => "medium",
            Self::LeadOut => "lead_out",
            Self::Sessions => "sessions",
            Self::Structure => "structure",
            Self::Recorded => "recorded",
            Self::FileSystem => "file_system",
            Self::Proven => "proven",
            Self::Unknown => "unknown",
        }
    }

    /// The reason in a sentence, for people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Medium => "The drive's own number; nothing on the disc contradicts it.",
            Self::LeadOut => "A CD ends at the lead-out of its table of contents, whatever the drive gives as its capacity.",
            Self::Sessions => "The disc has several sessions; all of them up to the last lead-out are kept.",
            Self::Structure => "The disc's own description of its layers; drives' capacities of such discs can be wrong.",
            Self::Recorded => "The disc is written up to here; the drive's capacity counts the empty room after it.",
            Self::FileSystem => "The drive's capacity is what the disc was formatted for; the file system says what is written.",
            Self::Proven => "The file system goes on after the drive's capacity, and its last sector could be read.",
            Self::Unknown => "Neither the drive nor the disc says how big the disc is.",
        }
    }
}

/// The claims, the choice and the rule; stored with every image.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SizeRecord {
    /// Who claimed what.
    pub claims: SizeClaims,
    /// Chosen size in sectors; 0 if unknown.
    pub sectors: u64,
    /// Why.
    pub rule: SizeRule,
    /// Sectors between sessions: lead-outs and lead-ins. No drive reads them as data; they are zeros in the image, so that all addresses
    /// stay what they are on the disc, and their absence is no damage. In ascending order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gaps: Vec<Range<u64>>,
    /// Sectors at the ends of sessions but the last (at most two each) that may be unreadable run-out, because the session's own file
    /// system ends before them. They are read like all others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub run_outs: Vec<Range<u64>>,
}

impl SizeClaims {
    /// Largest size that a file system on the disc claims, 0 if none does.
    pub fn file_system(&self) -> u64 {
        self.iso9660.unwrap_or(0).max(self.udf.unwrap_or(0)).max(self.hfs.unwrap_or(0))
    }

    /// Takes the lead-out from a table of contents.
    pub fn with_toc(mut self, toc: Option<&Toc>) -> Self {
        self.toc_lead_out = toc.map(|toc| toc.lead_out);
        self
    }

    /// Chooses. An image is never cut to what a file system claims, except where the medium's own size is known to
    /// say nothing about its contents: too small a claim would lose files (hybrid discs, multi-session discs).
    pub fn reconcile(self, profile: MediaProfile) -> SizeRecord {
        let (sectors, rule) = self.choose(profile);
        SizeRecord { claims: self, sectors, rule, gaps: Vec::new(), run_outs: Vec::new() }
    }

    /// Size that goes into a disc's fingerprint: it must be the same in every drive and on every day, so that only what nearly all drives tell
    /// and what is on the disc has a part in it.
    pub fn identity_sectors(&self, profile: MediaProfile) -> u64 {
        let medium = self.read_capacity.or(self.toc_lead_out).unwrap_or(0);
        let file_system = self.iso9660.unwrap_or(0).max(self.udf.unwrap_or(0));
        if profile.capacity_is_formatted_size() && (1..medium).contains(&file_system) { file_system } else { medium }
    }

    fn choose(&self, profile: MediaProfile) -> (u64, SizeRule) {
        let file_system = self.file_system();
        let medium = self.read_capacity.or(self.toc_lead_out).or(self.structure).unwrap_or(0);
        // A source that says less than the file system is believed less than the medium.
        let fits = |claim: &u64| *claim > 0 && *claim != medium && *claim >= file_system;
        if medium == 0 {
            return (0, SizeRule::Unknown);
        }
        if profile.capacity_is_formatted_size() {
            let decides = (1..medium).contains(&file_system);
            return if decides { (file_system, SizeRule::FileSystem) } else { (medium, SizeRule::Medium) };
        }
        if profile.class() == "cd" {
            // Nothing of a CD is after its lead-out. A lead-out after the capacity needs proof, see `disputed`.
            let lead_out = self.toc_lead_out.filter(fits).filter(|lead_out| *lead_out < medium);
            return lead_out.map_or((medium, SizeRule::Medium), |lead_out| (lead_out, SizeRule::LeadOut));
        }
        if profile.recording() == Recording::Pressed {
            return self.structure.filter(fits).map_or((medium, SizeRule::Medium), |structure| (structure, SizeRule::Structure));
        }
        let recorded = self.track_information.filter(fits).filter(|recorded| *recorded < medium);
        recorded.map_or((medium, SizeRule::Medium), |recorded| (recorded, SizeRule::Recorded))
    }

    /// The end of the disc that somebody claims beyond the chosen one, and that is worth a try to read: of a file system, or of a CD
    /// with a later lead-out.
    pub fn disputed(&self, profile: MediaProfile) -> Option<u64> {
        let (chosen, rule) = self.choose(profile);
        let lead_out = self.toc_lead_out.filter(|_| profile.class() == "cd").unwrap_or(0);
        let claimed = self.file_system().max(lead_out);
        (rule != SizeRule::Unknown && claimed > chosen).then_some(claimed)
    }

    /// Chooses after the sectors up to the [`disputed`](Self::disputed) end were found to be readable: the first one after the chosen end and
    /// the last one.
    pub fn reconcile_proven(self, profile: MediaProfile) -> SizeRecord {
        let record = self.reconcile(profile);
        match self.disputed(profile) {
            Some(end) if self.file_system() < end => SizeRecord { sectors: end, rule: SizeRule::LeadOut, ..record },
            Some(end) => SizeRecord { sectors: end, rule: SizeRule::Proven, ..record },
            None => record,
        }
    }
}

impl SizeRecord {
    /// For a data CD of several sessions: all of them, with the gaps between them. `file_systems` are the ends of the file systems of each session, in
    /// order, where known. Leaves discs of one session as they are.
    pub fn with_sessions(mut self, toc: &Toc, file_systems: &[Option<u64>]) -> Self {
        let gaps = toc.session_gaps();
        // A table of contents that contradicts itself or the chosen size explains nothing.
        let sound = toc.faults().is_empty() && gaps.iter().all(|gap| gap.end < toc.lead_out);
        if gaps.is_empty() || !sound || self.sectors == 0 || self.claims.file_system() > toc.lead_out {
            return self;
        }
        (self.sectors, self.rule) = (toc.lead_out, SizeRule::Sessions);
        self.run_outs = (gaps.iter().zip(file_systems))
            .filter_map(|(gap, end)| Some((gap.start, (*end)?)))
            .map(|(end, file_system)| file_system.max(end.saturating_sub(RUN_OUT))..end)
            .filter(|run_out| !run_out.is_empty())
            .collect();
        self.gaps = gaps;
        self
    }
}

/// Run-out blocks at the end of a track written track-at-once (ddrescue manual, "Optical media").
pub const RUN_OUT: u64 = 2;

#[cfg(test)]
mod tests;
