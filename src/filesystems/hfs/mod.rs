//! Apple's HFS and HFS+ (HFSX): alone on a disc, in a partition, beside ISO 9660, or HFS+ in a wrapper of HFS.

mod btree;
mod catalog;
mod partitions;
mod tree;
mod volume;

pub(super) use tree::list;

use super::{MAX_NAMES, reader::Bounded};
use crate::domain::{disc::clean_label, ids::SECTOR};
use btree::BTree;
use catalog::{Entry, mac_roman};
use volume::Volume;

/// Leaves of the catalogue that are read for the label and the names in the root folder, which come first.
const LEAVES: usize = 8;

/// An HFS or HFS+ file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hfs {
    /// Name of the volume, cleaned.
    pub label: String,
    /// HFS+ or HFSX, otherwise HFS.
    pub is_plus: bool,
    /// First sector of 2048 bytes after the volume, counted from the start of the disc.
    pub end_sector: u64,
}

/// Looks for a volume and appends names in its root folder.
pub(super) fn probe(disc: &mut Bounded<'_>, names: &mut Vec<String>) -> Option<Hfs> {
    let volume = Volume::find(disc)?;
    let mut label = mac_roman(&volume.label);
    if let Some(tree) = BTree::open(disc, &volume, &volume.catalog, &volume.catalog.extents) {
        tree.leaves(disc, LEAVES, |record| {
            let entry = if volume.is_plus { Entry::plus(record) } else { Entry::plain(record) };
            match entry {
                Some(entry) if entry.parent == 1 && volume.is_plus => label = entry.name,
                Some(entry) if entry.parent == 2 && names.len() < 3 * MAX_NAMES => names.push(clean_label(&entry.name)),
                _ => {}
            }
            true
        });
    }
    Some(Hfs { label: clean_label(&label), is_plus: volume.is_plus, end_sector: volume.bytes.end.div_ceil(SECTOR) })
}
