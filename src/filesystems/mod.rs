//! What is written on a disc: labels, sizes and the names in the root folder, from as few sectors as possible ([`probe`]); all files
//! and where they are ([`list()`]); which of them unreadable sectors hit ([`damage()`]).
//!
//! The parsers see a disc only through [`ReadSectors`], so that tests and fuzzers can feed them bytes. Everything on a
//! disc is written by strangers: counts and lengths are bounded here, whatever they claim. [`identify()`] puts the facts
//! together for a disc in a drive.

// Files are lists of ranges, and most lists have one.
#![allow(clippy::single_range_in_vec_init)]

mod bytes;
mod damage;
mod hfs;
mod identify;
mod iso9660;
mod listing;
mod reader;
mod sampler;
mod udf;

pub use damage::damage;
pub use hfs::Hfs;
pub use identify::{IdentifyFailure, identify};
pub use iso9660::Iso9660;
pub use listing::{ListedFile, Listing, list};
pub use reader::ReadSectors;
pub use udf::Udf;

use crate::domain::disc::FileSystemKind;
use reader::{Bounded, Patience};

/// Most names of the root folder that are kept.
const MAX_NAMES: usize = 256;
/// Most sectors of one folder that are read.
const MAX_FOLDER_SECTORS: u64 = 32;

/// File systems found on a disc.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FileSystems {
    /// ISO 9660, with or without Joliet.
    pub iso9660: Option<Iso9660>,
    /// UDF.
    pub udf: Option<Udf>,
    /// HFS or HFS+.
    pub hfs: Option<Hfs>,
    /// Names in the root folders of all, each once, at most 256, cleaned of control characters.
    pub root_names: Vec<String>,
}

impl FileSystems {
    /// The best of the labels, cleaned; empty if the disc has none. UDF and Joliet know lower case and other scripts;
    /// Joliet cuts after 16 characters, where ISO 9660 has 32.
    pub fn label(&self) -> String {
        let iso = self.iso9660.as_ref().map(|iso| iso.label.as_str()).unwrap_or_default();
        let joliet = self.iso9660.as_ref().and_then(|iso| iso.joliet_label.as_deref()).unwrap_or_default();
        let cut = joliet.chars().count() >= 16 && iso.to_uppercase().starts_with(&joliet.to_uppercase());
        let udf = self.udf.as_ref().map(|udf| udf.label.as_str()).unwrap_or_default();
        let hfs = self.hfs.as_ref().map(|hfs| hfs.label.as_str()).unwrap_or_default();
        let best = [udf, if cut { iso } else { joliet }, iso, hfs].into_iter().find(|label| !label.is_empty());
        best.unwrap_or_default().to_owned()
    }

    /// Which file systems there are, in the order of the type.
    pub fn kinds(&self) -> Vec<FileSystemKind> {
        let iso = self.iso9660.as_ref();
        let hfs = self.hfs.as_ref();
        let kinds = [
            (iso.is_some(), FileSystemKind::Iso9660),
            (iso.is_some_and(|iso| iso.joliet_label.is_some()), FileSystemKind::Joliet),
            (iso.is_some_and(|iso| iso.rock_ridge), FileSystemKind::RockRidge),
            (self.udf.is_some(), FileSystemKind::Udf),
            (hfs.is_some_and(|hfs| !hfs.is_plus), FileSystemKind::Hfs),
            (hfs.is_some_and(|hfs| hfs.is_plus), FileSystemKind::HfsPlus),
        ];
        kinds.into_iter().filter(|(is_there, _)| *is_there).map(|(_, kind)| kind).collect()
    }

    /// Whether the root folder has this name (in any case of letters).
    pub fn has_root(&self, name: &str) -> bool {
        self.root_names.iter().any(|root| root.eq_ignore_ascii_case(name))
    }
}

/// Looks for file systems. `sectors` is the disc's size if known, `session` the first sector of the last session with data.
/// Reads at most a few hundred sectors, and stops after a handful of unreadable ones.
pub fn probe(disc: &mut dyn ReadSectors, sectors: Option<u64>, session: u64) -> FileSystems {
    let (sectors, session) = plausible(sectors, session);
    let mut reader = Bounded::new(disc, Patience::PROBE);
    let mut names = Vec::new();
    let mut iso9660 = iso9660::probe(&mut reader, sectors, session, &mut names);
    if iso9660.is_none() && session != 0 {
        iso9660 = iso9660::probe(&mut reader, sectors, 0, &mut names);
    }
    let udf = udf::probe(&mut reader, sectors, session, &mut names);
    let hfs = hfs::probe(&mut reader, &mut names);
    let mut root_names: Vec<String> = Vec::new();
    for name in names {
        if root_names.len() < MAX_NAMES && !name.is_empty() && !root_names.contains(&name) {
            root_names.push(name);
        }
    }
    FileSystems { iso9660, udf, hfs, root_names }
}

/// Sectors of discs have 32-bit addresses: a size that is greater is unknown, a session beyond them is the first.
fn plausible(sectors: Option<u64>, session: u64) -> (Option<u64>, u64) {
    let fits = |lba: &u64| *lba <= u64::from(u32::MAX);
    (sectors.filter(fits), Some(session).filter(fits).unwrap_or(0))
}
