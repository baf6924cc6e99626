//! UDF (ECMA-167, OSTA UDF 1.02 to 2.60). `descriptors` says which volume it is, `space` where its blocks are, `entry` what a file is,
//! `tree` lists the files.

mod descriptors;
mod entry;
mod space;
mod tree;

pub(super) use tree::list;

use super::{
    MAX_FOLDER_SECTORS, MAX_NAMES,
    bytes::{field, le32},
    listing::Collector,
    reader::Bounded,
};
use crate::domain::{disc::clean_label, ids::SECTOR};
use descriptors::{Volume, sequence, tag};
use entry::{Entry, content};
use space::Space;

/// Most sectors of a volume descriptor sequence that are looked at; the standard asks for at least 16.
const MAX_SEQUENCE: u64 = 32;

/// A UDF file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Udf {
    /// Logical volume identifier, or the primary volume descriptor's if that is empty; cleaned.
    pub label: String,
    /// First sector after the last partition, or after the virtual allocation table of a disc that has one. An anchor and more may
    /// follow: it is less than the disc, never more.
    pub end_sector: u64,
}

/// A volume and how it was found.
struct Found {
    udf: Udf,
    volume: Volume,
    space: Space,
    /// Sector from which everything is counted.
    origin: u64,
    anchor: u64,
    /// Sectors of the volume recognition sequence.
    announced: Vec<u64>,
}

/// Looks for the anchor where it may be, reads the volume descriptors and appends the names of the root folder.
pub(super) fn probe(disc: &mut Bounded<'_>, sectors: Option<u64>, session: u64, names: &mut Vec<String>) -> Option<Udf> {
    let found = find(disc, sectors, session).ok()?;
    let root = tree::root(disc, &found, &mut Collector::new());
    let lba = root.and_then(|root| Some((found.space.locate(root.map, root.block)?, root.map)));
    if let Some((lba, map)) = lba
        && let Some((entry, _)) = Entry::read(disc, &found.space, lba, map)
    {
        let sector = disc.sector(lba).unwrap_or_default();
        let (folder, _) = content(disc, &found.space, &entry, &sector, (MAX_FOLDER_SECTORS * SECTOR) as usize);
        for identifier in tree::identifiers(&folder) {
            if names.len() >= 2 * MAX_NAMES {
                break;
            }
            names.push(clean_label(&identifier.name));
        }
    }
    Some(found.udf)
}

/// Finds the volume; otherwise says whether there should be one.
fn find(disc: &mut Bounded<'_>, sectors: Option<u64>, session: u64) -> Result<Found, bool> {
    let announced = announced(disc, session);
    let is_announced = !announced.is_empty();
    // The end of a CD may be unreadable by nature (run-out): it is read only on a disc that says it has UDF.
    let end = |back: u64| sectors.and_then(|sectors| sectors.checked_sub(back)).filter(|lba| is_announced && *lba > 16);
    let unclosed = is_announced.then(|| session.checked_add(512)).flatten();
    let places = [session.checked_add(256), Some(256), end(1), end(257), unclosed];
    let mut tried = Vec::new();
    for place in places.into_iter().flatten().filter(|place| sectors.is_none_or(|sectors| *place < sectors)) {
        if tried.contains(&place) {
            continue;
        }
        tried.push(place);
        let Some(anchor) = disc.sector(place).filter(|sector| tag(sector) == Some(2)) else { continue };
        // The main sequence, and the reserve if the main one is of no use. Some recorders count from the start of the session.
        for origin in [0, session] {
            for at in [16, 24] {
                let (length, location) = (u64::from(le32(&anchor, at)), u64::from(le32(&anchor, at + 4)));
                let count = length.div_ceil(SECTOR).min(MAX_SEQUENCE);
                let volume = sequence(disc, location.saturating_add(origin), count);
                if let Some(mut udf) = volume.describe() {
                    let space = Space::open(disc, &volume, origin, sectors);
                    udf.end_sector = space.end_of_virtual.unwrap_or(udf.end_sector.saturating_add(origin));
                    return Ok(Found { udf, volume, space, origin, anchor: place, announced });
                }
            }
            if session == 0 {
                break;
            }
        }
    }
    Err(is_announced)
}

/// Sectors of the volume recognition sequence if it has an NSR descriptor (ECMA-167 3/9.1). On bridge discs it follows ISO 9660.
fn announced(disc: &mut Bounded<'_>, session: u64) -> Vec<u64> {
    let mut sectors = Vec::new();
    for lba in (16..32).filter_map(|index| session.checked_add(index)) {
        match disc.sector(lba).as_deref().map(|sector| field(sector, 1, 5)) {
            Some(b"NSR02" | b"NSR03") => {
                sectors.extend([lba, lba + 1]);
                return sectors;
            }
            Some(b"CD001" | b"BEA01" | b"BOOT2" | b"CDW02") => sectors.push(lba),
            _ => return Vec::new(),
        }
    }
    Vec::new()
}
