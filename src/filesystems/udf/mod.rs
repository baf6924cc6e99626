//! UDF (ECMA-167, OSTA UDF 1.02 to 2.60): volume descriptors; the root folder is in `root`.

mod descriptors;
mod root;

use super::{
    bytes::{field, le32},
    reader::Bounded,
};
use crate::domain::ids::SECTOR;
use descriptors::{sequence, tag};

/// Most sectors of a volume descriptor sequence that are looked at; the standard asks for at least 16.
const MAX_SEQUENCE: u64 = 32;

/// A UDF file system.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Udf {
    /// Logical volume identifier, or the primary volume descriptor's if that is empty; cleaned.
    pub label: String,
    /// First sector after the last partition. An anchor and more may follow: it is less than the disc, never more.
    pub end_sector: u64,
}

/// Looks for the anchor where it may be, reads the volume descriptors and appends the names of the root folder.
pub(super) fn probe(disc: &mut Bounded<'_>, sectors: Option<u64>, session: u64, names: &mut Vec<String>) -> Option<Udf> {
    // The end of a CD may be unreadable by nature (run-out): it is read only on a disc that says it has UDF.
    let announced = is_announced(disc, session);
    let end = |back: u64| sectors.and_then(|sectors| sectors.checked_sub(back)).filter(|lba| announced && *lba > 16);
    let places = [session.checked_add(256), Some(256), end(1), end(257)];
    let mut tried = Vec::new();
    for place in places.into_iter().flatten().filter(|place| sectors.is_none_or(|sectors| *place < sectors)) {
        if tried.contains(&place) {
            continue;
        }
        tried.push(place);
        let Some(anchor) = disc.sector(place).filter(|sector| tag(sector) == Some(2)) else { continue };
        // The main sequence, and the reserve if the main one is of no use.
        for at in [16, 24] {
            let (length, location) = (u64::from(le32(&anchor, at)), u64::from(le32(&anchor, at + 4)));
            let volume = sequence(disc, location, length.div_ceil(SECTOR).min(MAX_SEQUENCE));
            if let Some(udf) = volume.describe() {
                root::names(disc, &volume, names);
                return Some(udf);
            }
        }
    }
    None
}

/// Whether the volume recognition sequence has an NSR descriptor (ECMA-167 3/9.1). On bridge discs it follows ISO 9660.
fn is_announced(disc: &mut Bounded<'_>, session: u64) -> bool {
    for lba in (16..32).filter_map(|index| session.checked_add(index)) {
        match disc.sector(lba).as_deref().map(|sector| field(sector, 1, 5)) {
            Some(b"NSR02" | b"NSR03") => return true,
            Some(b"CD001" | b"BEA01" | b"BOOT2" | b"CDW02") => {}
            _ => return false,
        }
    }
    false
}
