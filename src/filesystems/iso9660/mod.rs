//! ISO 9660 (ECMA-119) with Joliet, Rock Ridge and El Torito. `volume` reads the descriptors, `tree` lists the files.

mod boot;
mod records;
mod susp;
mod tree;
mod volume;

pub(super) use tree::list;

use super::{
    MAX_FOLDER_SECTORS, MAX_NAMES,
    bytes::{latin1, size},
    reader::Bounded,
};
use crate::domain::{disc::clean_label, ids::SECTOR};
use records::records;
use volume::Volume;

/// An ISO 9660 file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Iso9660 {
    /// Volume identifier of the primary volume descriptor, cleaned.
    pub label: String,
    /// Volume identifier of the Joliet descriptor, cleaned; at most 16 characters.
    pub joliet_label: Option<String>,
    /// First sector of 2048 bytes after the volume, counted from the start of the disc: the volume space size, and the start of the
    /// session before it. Hybrid and multi-session discs may hold more than it says.
    pub sectors: u64,
    /// Whether names are (also) those of Rock Ridge.
    pub rock_ridge: bool,
    /// Whether there is a boot record of El Torito.
    pub el_torito: bool,
}

/// Reads the descriptors of the session that starts at `session` and appends the names of the root folder.
pub(super) fn probe(disc: &mut Bounded<'_>, sectors: Option<u64>, session: u64, names: &mut Vec<String>) -> Option<Iso9660> {
    let volume = Volume::read(disc, session)?;
    let root = &volume.primary.root;
    let start = volume.byte_of(root.data_block()) / SECTOR;
    let count = u64::from(root.length).div_ceil(SECTOR).min(MAX_FOLDER_SECTORS);
    for sector in disc.run(start, count).chunks(size(SECTOR)) {
        for record in records(sector).filter(|record| !record.is_dot()) {
            if names.len() < MAX_NAMES {
                names.push(clean_label(&plain_name(&record.name)));
            }
        }
    }
    Some(Iso9660 {
        label: volume.label,
        joliet_label: volume.joliet_label,
        sectors: end(volume.sectors, sectors, session),
        rock_ridge: volume.rock_ridge.is_some(),
        el_torito: volume.boot_catalog.is_some(),
    })
}

/// End of a volume of `size` sectors in the session that starts at `session`. Mastering programs count from the start of the
/// session; a few count from the start of the disc, which shows where the other reading would go beyond the disc.
fn end(size: u64, sectors: Option<u64>, session: u64) -> u64 {
    let relative = session.saturating_add(size);
    match sectors {
        Some(sectors) if relative > sectors && (session..=sectors).contains(&size) => size,
        _ => relative,
    }
}

/// A file's name without version (`;1`) and without the dot of an empty extension.
fn plain_name(name: &[u8]) -> String {
    let name = latin1(name);
    name.split(';').next().unwrap_or_default().trim_end_matches('.').to_owned()
}
