//! What is written on a disc: labels, sizes and the names in the root folder, from as few sectors as possible.
//!
//! The parsers see a disc only through [`ReadSectors`], so that tests and fuzzers can feed them bytes. Everything on a
//! disc is written by strangers: counts and lengths are bounded here, whatever they claim. [`identify()`] puts the facts
//! together for a disc in a drive.

mod bytes;
mod identify;
mod iso9660;
mod reader;
mod sampler;
mod udf;

pub use identify::{IdentifyFailure, identify};
pub use iso9660::Iso9660;
pub use reader::ReadSectors;
pub use udf::Udf;

use reader::Bounded;

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
    /// Names in the root folders of both, each once, at most 256, cleaned of control characters.
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
        let best = [udf, if cut { iso } else { joliet }, iso].into_iter().find(|label| !label.is_empty());
        best.unwrap_or_default().to_owned()
    }

    /// Whether the root folder has this name (in any case of letters).
    pub fn has_root(&self, name: &str) -> bool {
        self.root_names.iter().any(|root| root.eq_ignore_ascii_case(name))
    }
}

/// Looks for file systems. `sectors` is the disc's size if known, `session` the first sector of the last session with data.
/// Reads at most a few hundred sectors, and stops after a handful of unreadable ones.
pub fn probe(disc: &mut dyn ReadSectors, sectors: Option<u64>, session: u64) -> FileSystems {
    let mut reader = Bounded::new(disc);
    let mut names = Vec::new();
    let mut iso9660 = iso9660::probe(&mut reader, session, &mut names);
    if iso9660.is_none() && session != 0 {
        iso9660 = iso9660::probe(&mut reader, 0, &mut names);
    }
    let udf = udf::probe(&mut reader, sectors, session, &mut names);
    let mut root_names: Vec<String> = Vec::new();
    for name in names {
        if root_names.len() < MAX_NAMES && !name.is_empty() && !root_names.contains(&name) {
            root_names.push(name);
        }
    }
    FileSystems { iso9660, udf, root_names }
}
